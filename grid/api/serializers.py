"""Shapes of the grid's answers. Measured kW and % are numbers, prices decimal strings."""

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from segs_site.lib.moments import PeriodQuerySerializer

UNKNOWN = "null where it is not known"


class RegionStatusSerializer(serializers.Serializer[Any]):
    """A region's newest closed minute."""

    code = serializers.CharField()
    name = serializers.CharField()
    load_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    capacity_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    load_pct = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    coverage_pct = serializers.FloatField(
        allow_null=True, help_text="meters reporting in % of meters expected"
    )
    meters_reporting = serializers.IntegerField(allow_null=True)
    meters_expected = serializers.IntegerField(allow_null=True)
    price = serializers.DecimalField(
        max_digits=12,
        decimal_places=6,
        allow_null=True,
        default=None,
        help_text="price per kWh in force; null while the region has none",
    )
    price_until = serializers.DateTimeField(allow_null=True, default=None)
    as_of = serializers.DateTimeField(
        allow_null=True, help_text="end of the minute that the values are of"
    )


class GridStatusSerializer(serializers.Serializer[Any]):
    """The state of every region."""

    regions = RegionStatusSerializer(many=True)


class LoadQuerySerializer(serializers.Serializer[Any]):
    """How far to look back."""

    minutes = serializers.IntegerField(min_value=1, max_value=1440, default=60)


class LoadHistorySerializer(serializers.Serializer[Any]):
    """Load by region (rows) and minute (columns, by their start)."""

    regions = serializers.ListField(child=serializers.CharField())
    minutes = serializers.ListField(child=serializers.DateTimeField())
    load_kw = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True))
    )
    capacity_kw = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="in force in each minute",
    )


class TopologyRegionSerializer(serializers.Serializer[Any]):
    """A region and its outline."""

    code = serializers.CharField()
    name = serializers.CharField()
    outline = serializers.JSONField(help_text="GeoJSON geometry, WGS 84; {} when not drawn")


class TopologyMetersSerializer(serializers.Serializer[Any]):
    """Lists of equal length, one place a meter, in the order of the map frames."""

    serial = serializers.ListField(child=serializers.CharField())
    longitude = serializers.ListField(child=serializers.FloatField(allow_null=True))
    latitude = serializers.ListField(child=serializers.FloatField(allow_null=True))
    region = serializers.ListField(
        child=serializers.IntegerField(), help_text="index into regions"
    )
    transformer = serializers.ListField(child=serializers.CharField(allow_null=True))


class TopologySerializer(serializers.Serializer[Any]):
    """Where everything is."""

    version = serializers.IntegerField(help_text="what map frames name; 32 bits")
    regions = TopologyRegionSerializer(many=True)
    meters = TopologyMetersSerializer()


class StatsQuerySerializer(PeriodQuerySerializer):
    """Over which period; the day behind us unless said."""


class RegionStatsSerializer(serializers.Serializer[Any]):
    """A region over a period; loads only from quarter-hours that are known."""

    code = serializers.CharField()
    name = serializers.CharField()
    energy_kwh = serializers.FloatField(allow_null=True, help_text="of meters that reported")
    mean_load_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    lowest_load_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    peak_load_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    peak_at = serializers.DateTimeField(allow_null=True, help_text="start of that quarter-hour")
    peak_load_pct = serializers.FloatField(
        allow_null=True, help_text="of the capacity in force then"
    )
    coverage_pct = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    quarters_expected = serializers.IntegerField()
    quarters_closed = serializers.IntegerField()
    quarters_known = serializers.IntegerField()


class RegionStatsListSerializer(serializers.Serializer[Any]):
    """Every region over a period of whole quarter-hours."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    regions = RegionStatsSerializer(many=True)


class CapacitySerializer(serializers.Serializer[Any]):
    """What a region can carry from a moment on."""

    capacity_kw = serializers.DecimalField(
        max_digits=12, decimal_places=3, min_value=Decimal("0.001")
    )
    effective_from = serializers.DateTimeField(required=False, help_text="now without")


class CapacitiesSerializer(serializers.Serializer[Any]):
    """Capacities, newest first."""

    capacities = CapacitySerializer(many=True)
