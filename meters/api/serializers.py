"""Shapes of what doors of meters answer. Measured kW, kWh and V are numbers, unknown is null."""

from typing import Any

from rest_framework import serializers

from meters.api.exchange import ExchangeSerializer
from meters.choices import Flow, Quarantine, QuarantineState, Reporting
from segs_site.lib.choices import Quality

QUALITIES = [quality.name.lower() for quality in Quality]


class Known(serializers.FloatField):
    """A measured number, null where it is not known."""

    def __init__(self, help_text: str = "", **options: Any) -> None:
        words = f"{help_text}; null where it is not known".removeprefix("; ")
        super().__init__(allow_null=True, help_text=words, **options)


class KwhByQualitySerializer(serializers.Serializer[Any]):
    """The energy of quarter-hours of each quality; together all of it."""

    actual = serializers.FloatField()
    edited = serializers.FloatField()
    calculated = serializers.FloatField()
    estimated = serializers.FloatField()
    suspect = serializers.FloatField()


class FiguresSerializer(serializers.Serializer[Any]):
    """What was used, what that is made of, and how much of the time is known."""

    kwh = Known("energy of the intervals found: what was drawn less what was fed in")
    import_kwh = Known("what was drawn, whatever was fed in")
    export_kwh = Known("what was fed in")
    kwh_by_quality = KwhByQualitySerializer(allow_null=True)
    estimated_kwh = Known("the part that no reading covered")
    intervals_expected = serializers.IntegerField(help_text="quarter-hours that are over")
    intervals_found = serializers.IntegerField()
    mean_kw = Known()
    lowest_kw = Known()
    peak_kw = Known()


class BucketSerializer(FiguresSerializer):
    """The figures of one stretch of time."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="the next begins here")


class SeriesSerializer(serializers.Serializer[Any]):
    """A period cut into stretches of time."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    granularity = serializers.CharField()
    zone = serializers.CharField(help_text="whose days and months these are")
    intervals = BucketSerializer(many=True)


class PointFiguresSerializer(FiguresSerializer):
    """The figures of one service point."""

    service_point = serializers.CharField()


class SummarySerializer(serializers.Serializer[Any]):
    """A period as one sum, and by service point."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    total = FiguresSerializer()
    service_points = PointFiguresSerializer(many=True)


class StatsSerializer(FiguresSerializer):
    """The figures of a period, with the voltage."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    mean_v = Known()


class OwnMeterSerializer(serializers.Serializer[Any]):
    """A meter that counts, or counted, for oneself."""

    serial = serializers.CharField()
    service_point = serializers.CharField()
    address = serializers.CharField()
    region = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text="null while it counts")
    state = serializers.ChoiceField(choices=Reporting.choices, allow_null=True)
    last_reading_at = serializers.DateTimeField(allow_null=True)
    power_kw = Known("of the newest reading")
    voltage_v = Known("of the newest reading")


class OwnMetersSerializer(serializers.Serializer[Any]):
    """One's own meters."""

    meters = OwnMeterSerializer(many=True)


class HistoryRowSerializer(serializers.Serializer[Any]):
    """A reading (its stamp, power, energy, register) or a window (its start and sums).

    Fields that the resolution does not have are left out.
    """

    at = serializers.DateTimeField(help_text="a reading's stamp, a window's start")
    power_kw = serializers.FloatField(required=False)
    energy_kwh = Known(required=False)
    register_kwh = Known(required=False)
    voltage_v = Known(required=False)
    seq = serializers.IntegerField(allow_null=True, required=False)
    reading_id = serializers.UUIDField(allow_null=True, required=False)
    received_at = serializers.DateTimeField(required=False)
    mean_kw = serializers.FloatField(required=False)
    lowest_kw = serializers.FloatField(required=False)
    peak_kw = serializers.FloatField(required=False)
    estimated_kwh = serializers.FloatField(required=False)
    count = serializers.IntegerField(required=False)
    expected = serializers.IntegerField(required=False)
    quality = serializers.ChoiceField(choices=QUALITIES, required=False)
    revised_at = serializers.DateTimeField(required=False)


class HistorySerializer(serializers.Serializer[Any]):
    """A page of rows, oldest first."""

    next = serializers.URLField(allow_null=True)
    results = HistoryRowSerializer(many=True)


class MeterSerializer(serializers.Serializer[Any]):
    """A meter, where it hangs now, and what it said last."""

    id = serializers.IntegerField()
    serial = serializers.CharField()
    flow = serializers.ChoiceField(choices=Flow.choices)
    limit_kw = serializers.FloatField()
    reading_interval_s = serializers.IntegerField()
    auto_registered = serializers.BooleanField()
    registered_at = serializers.DateTimeField()
    region = serializers.CharField(allow_null=True)
    service_point = serializers.CharField(allow_null=True)
    address = serializers.CharField(allow_null=True)
    transformer = serializers.CharField(allow_null=True)
    feeder = serializers.CharField(allow_null=True)
    state = serializers.ChoiceField(choices=Reporting.choices)
    last_reading_at = serializers.DateTimeField(allow_null=True)
    last_received_at = serializers.DateTimeField(allow_null=True)
    power_kw = Known("of the newest reading")
    voltage_v = Known("of the newest reading")


class MeterListSerializer(serializers.Serializer[Any]):
    """A page of meters."""

    next = serializers.URLField(allow_null=True)
    results = MeterSerializer(many=True)


class InstallationSerializer(serializers.Serializer[Any]):
    """Where a meter hung, and when."""

    service_point = serializers.CharField()
    region = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    multiplier = serializers.CharField(help_text="ratio of its transformers, a decimal")


class MeterDetailSerializer(MeterSerializer):
    """A meter, every place it hung at, and the exchanges it had a part in."""

    installations = InstallationSerializer(many=True)
    exchanges = ExchangeSerializer(many=True)


class ConsumerSerializer(serializers.Serializer[Any]):
    """A meter by what it used."""

    serial = serializers.CharField()
    service_point = serializers.CharField(allow_null=True)
    region = serializers.CharField(allow_null=True, help_text="where it hangs now")
    kwh = serializers.FloatField()
    estimated_kwh = serializers.FloatField()
    peak_kw = serializers.FloatField()
    intervals_found = serializers.IntegerField()


class TopConsumersSerializer(serializers.Serializer[Any]):
    """Who used most, most first; kept for a minute."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    as_of = serializers.DateTimeField()
    intervals_expected = serializers.IntegerField(help_text="quarter-hours of the period")
    consumers = ConsumerSerializer(many=True)


class QuarantinedSerializer(serializers.Serializer[Any]):
    """A reading that waits, or waited, for a decision."""

    id = serializers.IntegerField()
    meter = serializers.CharField(help_text="serial as it was sent")
    at = serializers.DateTimeField(allow_null=True)
    reading_id = serializers.CharField(allow_blank=True)
    reason = serializers.ChoiceField(choices=Quarantine.choices)
    message = serializers.CharField()
    raw = serializers.CharField(help_text="the item as it came, JSON")
    received_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=QuarantineState.choices)
    decided_by = serializers.CharField(allow_blank=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    appended_at = serializers.DateTimeField(
        allow_null=True, help_text="when an adopted reading went into the stream again"
    )


class QuarantineListSerializer(serializers.Serializer[Any]):
    """A page of quarantined readings, newest first."""

    next = serializers.URLField(allow_null=True)
    results = QuarantinedSerializer(many=True)


class RefusedSerializer(serializers.Serializer[Any]):
    """One that could not be decided so."""

    id = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()


class BulkOutcomeSerializer(serializers.Serializer[Any]):
    """What became of each."""

    decided = serializers.ListField(child=serializers.IntegerField())
    refused = RefusedSerializer(many=True)


class DeadLetterSerializer(serializers.Serializer[Any]):
    """An entry of the stream that could not be processed."""

    id = serializers.IntegerField()
    shard = serializers.IntegerField()
    letter = serializers.CharField()
    origin = serializers.CharField()
    reason = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    replay_asked_at = serializers.DateTimeField(allow_null=True)
    replay_asked_by = serializers.CharField(allow_blank=True)


class DeadLetterListSerializer(serializers.Serializer[Any]):
    """A page of dead letters, oldest first, as workers last saw them."""

    next = serializers.URLField(allow_null=True)
    results = DeadLetterSerializer(many=True)


class ShardSerializer(serializers.Serializer[Any]):
    """One lane of the stream."""

    number = serializers.IntegerField()
    owner = serializers.CharField(allow_blank=True)
    consumed_until = serializers.DateTimeField(allow_null=True)
    backlog = serializers.IntegerField(help_text="entries not stored yet")
    dead_letters = serializers.IntegerField()


class ProcessSerializer(serializers.Serializer[Any]):
    """What a process last said."""

    service = serializers.CharField()
    status = serializers.CharField()
    detail = serializers.CharField(allow_blank=True)
    said_at = serializers.DateTimeField()
    alive = serializers.BooleanField(help_text="it spoke within the last 35 s")


class VitalsSerializer(serializers.Serializer[Any]):
    """How the way of a reading does."""

    readings_last_minute = serializers.IntegerField(allow_null=True)
    readings_last_hour = serializers.IntegerField(allow_null=True)
    minutes_closed_until = serializers.DateTimeField(allow_null=True)
    marks_waiting = serializers.IntegerField(help_text="minutes that are to be summed anew")
    lag_s = Known("of the slowest shard")
    looked_at = serializers.DateTimeField(allow_null=True, help_text="age of the shards' figures")
    shards = ShardSerializer(many=True)
    processes = ProcessSerializer(many=True)
    quarantine_open = serializers.IntegerField()
    dead_letters = serializers.IntegerField()
