"""Shapes of the grid's answers. Measured kW and % are numbers, prices decimal strings."""

from typing import Any

from rest_framework import serializers

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
