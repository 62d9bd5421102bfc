"""How the desk did in a period, from its journal."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from alerts import performance
from alerts.choices import Step
from alerts.conditions.kinds import Severity
from alerts.models import Alert, AlertEvent
from segs_site.lib.periods import Period

Source = tuple[str, str]  # kind and subject: it stays when one alert ends and the next begins

FREEDOMS = frozenset({Step.UNLINKED, Step.UNSUPPRESSED})
CALLS = frozenset({Step.RAISED, Step.RETURNED}) | FREEDOMS
EXPLANATIONS = frozenset({Step.LINKED, Step.SUPPRESSED})
TRANSITIONS = frozenset({Step.RAISED, Step.RETURNED, Step.CLEARED})
ANSWERS = frozenset({Step.ACKNOWLEDGED, Step.RESOLVED})
READ = CALLS | EXPLANATIONS | TRANSITIONS | ANSWERS
FOUND_SOON = timedelta(seconds=15)  # an explanation found by then came before anybody was told


@dataclass(frozen=True, slots=True)
class Call:
    """An alert that asked for an operator."""

    at: datetime
    source: Source
    severity: Severity
    alert_id: int


@dataclass(frozen=True, slots=True)
class Happened:
    """A row of the journal."""

    at: datetime
    step: Step
    alert_id: int
    source: Source
    severity: Severity
    by: str


@dataclass(frozen=True, slots=True)
class Named:
    """A source as people know it, by its newest alert."""

    kind: str
    message: str
    alert_id: int


@dataclass(frozen=True, slots=True)
class Report:
    """How the desk did; rates are per operator."""

    period: Period
    operators: int
    count: int
    rate: performance.Rate
    floods: list[performance.Flood]
    top: list[performance.Frequent[Named]]
    chattering: list[performance.Chattering[Named]]
    stale: list[Alert]
    waits: performance.Waits
    waiting: int
    mix: list[performance.Share]

    @property
    def top_pct(self) -> float:
        """The share of all alarms that the most frequent sources gave."""
        return sum(each.share_pct for each in self.top)


def calls(period: Period) -> list[Call]:
    """Return what asked for an operator in a period, oldest first."""
    return _calls(_happened(period), period)


def report(*, period: Period, operators: int, now: datetime) -> Report:
    """Return the figures of a period that so many operators shared; a handful of queries."""
    happened = _happened(period)
    asked = _calls(happened, period)
    moments = [call.at for call in asked]
    top = performance.top_sources(call.source for call in asked)
    chattering = performance.chattering(_transitions(happened, period))
    names = _names({each.source for each in top} | {each.source for each in chattering})
    waits, waiting = _waits(happened, asked)
    return Report(
        period=period,
        operators=operators,
        count=len(asked),
        rate=performance.rate(moments, period=period, operators=operators),
        floods=performance.floods(moments, until=min(period.end, now), operators=operators),
        top=[performance.Frequent(names[e.source], e.count, e.share_pct) for e in top],
        chattering=[performance.Chattering(names[e.source], e.worst) for e in chattering],
        stale=stale(at=min(period.end, now)),
        waits=waits,
        waiting=waiting,
        mix=performance.mix(call.severity for call in asked),
    )


def stale(*, at: datetime) -> list[Alert]:
    """Return the causes that had stood for more than a day at a moment, the oldest first."""
    before = at - performance.STALE_AFTER
    held = Q(cleared_at=None) | Q(cleared_at__gt=at)
    was_open = Q(resolved_at=None) | Q(resolved_at__gt=at)
    found = Alert.objects.causes().filter(held, was_open, raised_at__lt=before)
    return list(found.select_related("region").order_by("raised_at", "pk"))


def _happened(period: Period) -> list[Happened]:
    """Read the journal, and a little more behind the end, where explanations may lie."""
    rows = AlertEvent.objects.filter(
        at__gte=period.start, at__lt=period.end + FOUND_SOON, step__in=READ
    )
    found = rows.order_by("at", "id").values_list(
        "at", "step", "alert_id", "alert__kind", "alert__subject", "alert__severity", "by"
    )
    return [
        Happened(at, Step(step), alert, (kind, subject), Severity(severity), by)
        for at, step, alert, kind, subject, severity, by in found.iterator(chunk_size=5000)
    ]


def _calls(happened: Iterable[Happened], period: Period) -> list[Call]:
    """Leave out what was explained, or was before an operator heard of it."""
    places: dict[int, int] = {}  # of the newest call of each alert
    explained: set[int] = set()
    found: list[Happened] = []
    unheard: set[int] = set()
    for each in happened:
        if each.step in EXPLANATIONS:
            explained.add(each.alert_id)
            place = places.pop(each.alert_id, None)
            if place is not None and each.at - found[place].at <= FOUND_SOON:
                unheard.add(place)
        elif each.step in CALLS and each.at < period.end:
            if each.step in FREEDOMS:
                explained.discard(each.alert_id)
            if each.alert_id not in explained:
                places[each.alert_id] = len(found)
                found.append(each)
    heard = (each for place, each in enumerate(found) if place not in unheard)
    return [Call(each.at, each.source, each.severity, each.alert_id) for each in heard]


def _transitions(happened: Iterable[Happened], period: Period) -> dict[Source, list[datetime]]:
    found: dict[Source, list[datetime]] = defaultdict(list)
    for each in happened:
        if each.step in TRANSITIONS and each.at < period.end:
            found[each.source].append(each.at)
    return found


def _waits(happened: Iterable[Happened], asked: Iterable[Call]) -> tuple[performance.Waits, int]:
    """Return how long calls waited for the first answer of a person, and how many still do."""
    called = {call.alert_id: call.at for call in reversed(list(asked))}
    durations: list[timedelta] = []
    for each in happened:
        if each.step in ANSWERS and each.alert_id in called:
            since = called.pop(each.alert_id)
            if each.by:
                durations.append(each.at - since)
    return performance.waits(durations), len(called)


def _names(sources: Iterable[Source]) -> dict[Source, Named]:
    wanted = list(sources)
    if not wanted:
        return {}
    kinds, subjects = zip(*wanted, strict=True)
    newest = (
        Alert.objects.filter(kind__in=kinds, subject__in=subjects)
        .order_by("kind", "subject", "-raised_at", "-pk")
        .distinct("kind", "subject")
    )
    return {
        (each.kind, each.subject): Named(each.get_kind_display(), each.message, each.pk)
        for each in newest
    }
