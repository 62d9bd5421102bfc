"""How the grid and the work stand, asked of the database when Prometheus asks.

What is a state, and not something that happens, is known to the tables alone: no process could
count it, and none has to. The relay serves it; of two relays both say the same, so rules take
the highest. An age is in seconds; what is unknown is left out, never 0.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.db import Error, connection
from django.db.models import Count, Min, Q, QuerySet
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import Letter
from alerts.choices import NoticeState, Severity, State
from alerts.models import Alert, Notice
from billing.choices import RunState
from billing.models import BillRun, Turn
from grid import selectors as grid
from grid.models import Region
from meters.choices import QuarantineState
from meters.models import QuarantinedReading, WindowClock
from segs_site.lib.models import OutboxEvent, ProcessState, ShardState
from tariffs.models import RegionPrice
from workers.models import Shard

FRESH = timedelta(seconds=35)  # processes say every 10 s that they are well
LOOKED_BACK = timedelta(minutes=10)  # for a region's newest minute
SERVICES = ("celery", "relay", "worker")

Row = tuple[list[str], float]
Read = Callable[[datetime], Iterable[Row]]


class Metric:
    """One gauge: its name, what it means, its labels, and how it is read."""

    def __init__(self, name: str, meaning: str, labels: list[str], read: Read) -> None:
        self.name, self.meaning, self.labels, self.read = name, meaning, labels, read

    def family(self, now: datetime) -> GaugeMetricFamily:
        """Ask the database."""
        family = self.empty()
        for values, number in self.read(now):
            family.add_metric(values, number)
        return family

    def empty(self) -> GaugeMetricFamily:
        """Return it without values."""
        return GaugeMetricFamily(self.name, self.meaning, labels=self.labels)


class StateCollector(Collector):
    """Reads every metric of `METRICS` anew; says so when the database cannot be read."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock

    def describe(self) -> list[GaugeMetricFamily]:
        """Return what there is without asking anybody."""
        return [metric.empty() for metric in METRICS]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return what can be read; opens and closes a connection of this thread."""
        now, found = self._clock(), []
        try:
            found = [metric.family(now) for metric in METRICS]
        except Error:
            pass
        finally:
            connection.close()
        yield GaugeMetricFamily(READ, READ_MEANING, value=float(bool(found)))
        yield from found


def _age_s(now: datetime, moment: datetime | None) -> Iterator[Row]:
    if moment is not None:
        yield [], max(0.0, (now - moment).total_seconds())


def _backlog(_now: datetime) -> Iterable[Row]:
    return [([str(each.number)], each.backlog) for each in ShardState.objects.all()]


def _dead_letters(_now: datetime) -> Iterable[Row]:
    return [([str(each.number)], each.dead_letters) for each in ShardState.objects.all()]


def _shard_lag(now: datetime) -> Iterator[Row]:
    for shard in Shard.objects.exclude(consumed_until=None):
        for _, seconds in _age_s(now, shard.consumed_until):
            yield [str(shard.number)], seconds


def _shard_owned(now: datetime) -> Iterator[Row]:
    for shard in Shard.objects.all():
        yield [str(shard.number)], float(bool(shard.leased_until and shard.leased_until > now))


def _window_age(now: datetime) -> Iterator[Row]:
    return _age_s(now, WindowClock.objects.values_list("closed_until", flat=True).first())


def _load(now: datetime) -> Iterator[Row]:
    for region in grid.region_statuses(now=now):
        is_fresh = region.as_of is not None and now - region.as_of < LOOKED_BACK
        if is_fresh and region.load_pct is not None:
            yield [region.code], region.load_pct / 100


def _prices(now: datetime) -> Iterator[Row]:
    for code, price in _in_force(now).values_list("region__code", "price"):
        yield [code], float(price)


def _priced(now: datetime) -> Iterator[Row]:
    priced = set(_in_force(now).values_list("region_id", flat=True))
    for pk, code in Region.objects.values_list("pk", "code"):
        yield [code], float(pk in priced)


def _in_force(now: datetime) -> QuerySet[RegionPrice]:
    return RegionPrice.objects.filter(starts_at__lte=now, ends_at__gt=now)


def _open_alerts(_now: datetime) -> Iterator[Row]:
    standing = Alert.objects.exclude(state=State.RESOLVED).order_by()
    grouped = standing.values_list("kind", "severity", "state").annotate(Count("pk"))
    for kind, severity, state, number in grouped:
        yield [kind, Severity(severity).name.lower(), state], number


def _bill_runs(_now: datetime) -> Iterator[Row]:
    counts = dict(BillRun.objects.order_by().values_list("state").annotate(Count("pk")))
    for state in RunState.values:
        yield [state], counts.get(state, 0)


def _bill_run_age(now: datetime) -> Iterator[Row]:
    due = BillRun.objects.filter(state__in=[RunState.REQUESTED, RunState.RUNNING])
    return _age_s(now, due.aggregate(first=Min("requested_at"))["first"])


def _bill_turns(_now: datetime) -> Iterator[Row]:
    due = BillRun.objects.filter(state__in=[RunState.REQUESTED, RunState.RUNNING])
    turns = Turn.objects.filter(run__in=due).order_by().values_list("state").annotate(Count("pk"))
    for state, number in turns:
        yield [state], number


def _quarantine(_now: datetime) -> Iterator[Row]:
    yield [], QuarantinedReading.objects.filter(state=QuarantineState.OPEN).count()


def _outbox_age(now: datetime) -> Iterator[Row]:
    unnumbered = OutboxEvent.objects.filter(number__isnull=True)
    numbered = OutboxEvent.objects.filter(number__isnull=False, published_at__isnull=True)
    firsts = [rows.aggregate(first=Min("created_at"))["first"] for rows in (unnumbered, numbered)]
    waiting = [first for first in firsts if first is not None]
    return iter([([], 0.0)]) if not waiting else _age_s(now, min(waiting))


def _messages(now: datetime) -> Iterator[Row]:
    due = Notice.objects.filter(state=NoticeState.WAITING, due_at__lte=now)
    yield ["notice"], due.count()
    yield ["mail"], Letter.objects.filter(done_at=None, due_at__lte=now).count()


def _services(now: datetime) -> Iterator[Row]:
    fresh = ProcessState.objects.filter(said_at__gt=now - FRESH, status="ok")
    well = dict(
        fresh.aggregate(
            celery=Count("pk", filter=Q(service="celery")),
            relay=Count("pk", filter=Q(service="relay")),
            worker=Count("pk", filter=~Q(service__in=["celery", "relay"])),
        )
    )
    for service in SERVICES:
        yield [service], float(well[service] > 0)


READ = "segs_state_read"
READ_MEANING = "1 when the database told the state, 0 when not"
METRICS = (
    Metric(
        "segs_stream_backlog_entries", "Entries of a shard not stored yet", ["shard"], _backlog
    ),
    Metric(
        "segs_stream_dead_letters",
        "Entries of a shard that could not be processed",
        ["shard"],
        _dead_letters,
    ),
    Metric(
        "segs_shard_age_seconds", "How old a shard's clock is: its lag", ["shard"], _shard_lag
    ),
    Metric("segs_shard_owned", "1 while a stream worker reads a shard", ["shard"], _shard_owned),
    Metric(
        "segs_window_age_seconds", "Since the end of the newest closed minute", [], _window_age
    ),
    Metric(
        "segs_region_load_ratio", "A region's load, of its capacity; left out if unknown",
        ["region"], _load,
    ),
    Metric("segs_price_per_kwh", "Price in force, in the region's currency", ["region"], _prices),
    Metric("segs_price_in_force", "1 while a region has a price", ["region"], _priced),
    Metric(
        "segs_alerts_open", "Alerts not resolved, those explained by others included",
        ["kind", "severity", "state"], _open_alerts,
    ),
    Metric("segs_bill_runs", "Bill runs, by state", ["state"], _bill_runs),
    Metric(
        "segs_bill_run_age_seconds", "Since the oldest unfinished bill run was asked for", [],
        _bill_run_age,
    ),
    Metric(
        "segs_bill_turns", "Accounts in unfinished bill runs, by state", ["state"], _bill_turns
    ),
    Metric("segs_quarantine_open", "Readings that wait for a decision", [], _quarantine),
    Metric(
        "segs_outbox_age_seconds", "Age of the oldest event not told yet, 0 for none", [],
        _outbox_age,
    ),
    Metric("segs_messages_due", "Mails and notices that could have gone", ["kind"], _messages),
    Metric(
        "service_health", "1 while some process of the kind says that it is well", ["service"],
        _services,
    ),
)  # fmt: skip
