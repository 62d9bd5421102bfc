"""Streets for tests of detection: feeders with transformers, meters, head-ends; and their life."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

from alerts.conditions.findings import Found
from alerts.services.sweeping import Sweeper
from grid.models import Feeder, Region, Substation, Transformer
from meters.models import Gateway, Meter, MeterInstallation, ServicePoint
from tests import worlds

INTERVAL_S = 10
SHARDS = 2
SWEEP = timedelta(seconds=2)


@dataclass
class Street:
    """Meters in order, by serial; which feeder, transformer and head-end each hangs on."""

    region: Region
    feeders: list[Feeder]
    transformers: list[Transformer]
    gateways: list[Gateway]
    meters: list[Meter]

    def below(self, node: Feeder | Transformer) -> set[int]:
        """Return the ids of the meters below a node."""
        points = ServicePoint.objects.filter(
            **{"transformer" if isinstance(node, Transformer) else "transformer__feeder": node}
        )
        return set(
            MeterInstallation.objects.filter(service_point__in=points).values_list(
                "meter_id", flat=True
            )
        )


def lay(
    code: str, *, since: datetime, feeders: int, transformers: int, meters: int, gateways: int = 0
) -> Street:
    """Lay a region: so many transformers a feeder, meters a transformer, head-ends in turn."""
    region = worlds.region(code, capacity_kw=1000, since=since)
    substation = Substation.objects.create(
        region=region, code=f"S-{code}", name=code, latitude=50.0, longitude=4.0
    )
    lines = [
        Feeder.objects.create(substation=substation, code=f"{code}-F{place}", rating_kw=900)
        for place in range(feeders)
    ]
    nodes = [
        Transformer.objects.create(
            feeder=line, code=f"{line.code}-T{place}", rating_kva=400, latitude=50.0, longitude=4.0
        )
        for line in lines
        for place in range(transformers)
    ]
    heads = [Gateway.objects.create(code=f"{code}-G{place}") for place in range(gateways)]
    devices = Meter.objects.bulk_create(
        Meter(
            serial=f"{code}-{place:05d}",
            shard=place % SHARDS,
            limit_kw=43.5,
            reading_interval_s=INTERVAL_S,
            registered_at=since,
            gateway=heads[place % gateways] if heads else None,
        )
        for place in range(len(nodes) * meters)
    )
    points = ServicePoint.objects.bulk_create(
        ServicePoint(code=f"SP-{meter.serial}", region=region, transformer=nodes[place // meters])
        for place, meter in enumerate(devices)
    )
    MeterInstallation.objects.bulk_create(
        MeterInstallation(meter=meter, service_point=point, during=(since, None))
        for meter, point in zip(devices, points, strict=True)
    )
    return Street(region, lines, nodes, heads, devices)


@dataclass
class Life:
    """Lets meters report, shards be read and sweeps look, second by second."""

    meters: list[Meter]
    now: datetime
    sweeper: Sweeper = field(default_factory=Sweeper)
    is_read: bool = True
    clock: datetime | None = None

    def run(self, seconds: int, *, without: Collection[int] = ()) -> list[Found]:
        """Let time pass; meters with these ids send nothing."""
        found = []
        for _ in range(0, seconds, 2):
            self.now += SWEEP
            if self.is_read:
                self.report(without=without)
                self.clock = self.now
            found.append(self.sweep())
        return found

    def report(self, *, without: Collection[int] = (), kw: float = 0.5) -> None:
        """Let those send whose turn it is: each meter has its second in every interval."""
        turn = self.now.second % INTERVAL_S // 2
        self.say(
            [
                m.pk
                for m in self.meters
                if m.pk % (INTERVAL_S // 2) == turn and m.pk not in without
            ],
            kw=kw,
        )

    def say(self, ids: Iterable[int], *, kw: float, at: datetime | None = None) -> None:
        """Store what meters say last, as the stream worker does."""
        moment = at or self.now
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO meters_latestreading AS l (meter_id, ts, power_mw, received_at)"
                " SELECT m, %s, %s, %s FROM unnest(%s::int[]) AS m ON CONFLICT (meter_id)"
                " DO UPDATE SET ts = excluded.ts, power_mw = excluded.power_mw,"
                " received_at = excluded.received_at WHERE l.ts < excluded.ts",
                [moment, round(kw * 1e6), moment, sorted(ids)],
            )

    def sweep(self) -> Found:
        """Look once."""
        clock = self.clock or self.now
        found = self.sweeper.sweep(clocks=dict.fromkeys(range(SHARDS), clock), now=self.now)
        assert found is not None
        return found
