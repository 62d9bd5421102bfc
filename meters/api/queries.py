"""What may be asked of meters: stretches of time, how finely, and which rows."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from meters.choices import Quarantine, QuarantineState, Reporting
from meters.intervals import Granularity
from meters.selectors.histories import Resolution
from segs_site.lib.moments import MomentField, PeriodQuerySerializer
from segs_site.lib.paging import PageQuerySerializer

LONGEST = {
    Granularity.QUARTER: timedelta(days=35),
    Granularity.HOUR: timedelta(days=100),
    Granularity.DAY: timedelta(days=3 * 366),
    Granularity.MONTH: timedelta(days=10 * 366),
}
USUAL = {
    Granularity.QUARTER: timedelta(days=1),
    Granularity.HOUR: timedelta(days=1),
    Granularity.DAY: timedelta(days=31),
    Granularity.MONTH: timedelta(days=366),
}
LONGEST_HISTORY = {
    Resolution.RAW: timedelta(days=7),
    Resolution.MINUTE: timedelta(days=31),
    Resolution.QUARTER: timedelta(days=366),
}
SERIAL = "serial of the meter"
POINT = "code of the service point"


class SumQuerySerializer(PeriodQuerySerializer):
    """A period as one sum, of all service points or one."""

    usual = timedelta(days=31)

    service_point = serializers.CharField(required=False, max_length=80, help_text=POINT)


class SeriesQuerySerializer(SumQuerySerializer):
    """A period cut into quarter-hours, hours, days or months; the finer, the shorter it may be."""

    granularity = serializers.ChoiceField(
        choices=[(each.value, each.value) for each in Granularity], default=Granularity.HOUR.value
    )

    def longest_of(self, attrs: dict[str, Any]) -> timedelta:
        """See `PeriodQuerySerializer`."""
        return LONGEST[Granularity(attrs["granularity"])]

    def usual_of(self, attrs: dict[str, Any]) -> timedelta:
        """See `PeriodQuerySerializer`."""
        return USUAL[Granularity(attrs["granularity"])]


class MeterSumQuerySerializer(PeriodQuerySerializer):
    """A period of one meter, or of all that are one's own."""

    usual = timedelta(days=31)

    meter = serializers.CharField(required=False, max_length=64, help_text=SERIAL)


class DailyQuerySerializer(MeterSumQuerySerializer):
    """Days."""

    longest, usual = LONGEST[Granularity.DAY], USUAL[Granularity.DAY]


class MonthlyQuerySerializer(MeterSumQuerySerializer):
    """Months."""

    longest, usual = LONGEST[Granularity.MONTH], USUAL[Granularity.MONTH]


class ResolvedQuerySerializer(PeriodQuerySerializer):
    """A period, row by row; the finer, the shorter it may be."""

    resolution = serializers.ChoiceField(
        choices=[(each.value, each.value) for each in Resolution],
        default=Resolution.QUARTER.value,
    )

    def longest_of(self, attrs: dict[str, Any]) -> timedelta:
        """See `PeriodQuerySerializer`."""
        return LONGEST_HISTORY[Resolution(attrs["resolution"])]


class HistoryQuerySerializer(PageQuerySerializer, ResolvedQuerySerializer):
    """A page of a meter's rows."""


class OwnExportQuerySerializer(ResolvedQuerySerializer):
    """The rows of one's own meter."""

    meter = serializers.CharField(max_length=64, help_text=SERIAL)


class OwnXmlQuerySerializer(ResolvedQuerySerializer):
    """What was counted in windows, of one meter or of all that are one's own."""

    meter = serializers.CharField(required=False, max_length=64, help_text=SERIAL)
    resolution = serializers.ChoiceField(
        choices=[Resolution.MINUTE.value, Resolution.QUARTER.value],
        default=Resolution.QUARTER.value,
    )


class OwnHistoryQuerySerializer(HistoryQuerySerializer):
    """A page of the rows of one's own meter."""

    meter = serializers.CharField(max_length=64, help_text=SERIAL)


class MeterFilterSerializer(serializers.Serializer[Any]):
    """Which meters, and in which order."""

    search = serializers.CharField(
        required=False,
        max_length=80,
        default="",
        help_text="part of a serial, service point, transformer or feeder",
    )
    region = serializers.CharField(required=False, max_length=64, default="")
    feeder = serializers.CharField(required=False, max_length=64, default="")
    transformer = serializers.CharField(required=False, max_length=64, default="")
    state = serializers.ChoiceField(choices=Reporting.choices, required=False, default="")
    seen_since = MomentField(required=False, default=None)
    seen_before = MomentField(required=False, default=None)
    ordering = serializers.ChoiceField(
        choices=["serial", "-serial", "seen_at", "-seen_at", "limit_kw", "-limit_kw"],
        default="serial",
    )


class MeterListQuerySerializer(PageQuerySerializer, MeterFilterSerializer):
    """A page of meters."""


class TopQuerySerializer(PeriodQuerySerializer):
    """Who used most."""

    longest, usual = timedelta(days=31), timedelta(days=1)

    region = serializers.CharField(required=False, max_length=64, default="")
    limit = serializers.IntegerField(min_value=1, max_value=100, default=10)


class QuarantineQuerySerializer(PageQuerySerializer):
    """Which quarantined readings; newest first."""

    state = serializers.ChoiceField(
        choices=QuarantineState.choices, default=QuarantineState.OPEN.value
    )
    reason = serializers.ChoiceField(choices=Quarantine.choices, required=False, default="")
    meter = serializers.CharField(required=False, max_length=64, default="", help_text=SERIAL)
    received_since = MomentField(required=False, default=None)
    received_before = MomentField(required=False, default=None)


class DecisionSerializer(serializers.Serializer[Any]):
    """Why it is decided so."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=500, default="")


class BulkDecisionSerializer(DecisionSerializer):
    """One decision on many readings; each is taken or refused by itself."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        min_length=1,
        max_length=500,
    )
    decision = serializers.ChoiceField(choices=["adopt", "confirm", "discard"])
