"""From what is found to hold, to alerts: one open for each cause, however often it is found.

Everything here takes thousands at a time in a few statements, and holds the desk meanwhile.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from alerts import lifecycle
from alerts.choices import State, Step
from alerts.conditions import kinds, wording
from alerts.conditions.kinds import Matter, Trigger
from alerts.models import Alert
from alerts.selectors import places
from alerts.selectors.matters import OpenAlert, open_among, open_matters
from alerts.services import linking, planning, stepping
from tariffs.selectors import prices

__all__ = ["OpenAlert", "clear_all", "open_matters", "raise_all", "refresh_all"]

_RENEW = """
UPDATE alerts_alert a SET
    state = CASE WHEN %(counts)s AND a.state = 'cleared' THEN 'active' ELSE a.state END,
    cleared_at = CASE WHEN %(counts)s THEN NULL ELSE a.cleared_at END,
    first_at = CASE WHEN a.state = 'cleared' THEN t.since ELSE least(a.first_at, t.since) END,
    last_at = greatest(a.last_at, %(now)s::timestamptz),
    changed_at = %(now)s,
    occurrences = a.occurrences + t.count,
    severity = CASE WHEN %(counts)s THEN greatest(a.severity, t.severity) ELSE t.severity END,
    message = t.message, value = t.value, "limit" = t."limit", baseline = t.baseline,
    facts = t.facts
FROM unnest(
    %(ids)s::bigint[], %(count)s::int[], %(since)s::timestamptz[], %(severity)s::smallint[],
    %(message)s::text[], %(value)s::float8[], %(limit)s::float8[], %(baseline)s::float8[],
    %(facts)s::jsonb[]
) AS t (id, count, since, severity, message, value, "limit", baseline, facts)
WHERE a.id = t.id
"""


@dataclass(frozen=True, slots=True)
class _Found:
    """What one call found of one matter: its worst trigger, and how many there were."""

    trigger: Trigger
    count: int
    place: places.Place

    @property
    def message(self) -> str:
        return wording.message(self.trigger, name=self.place.name)


@transaction.atomic
def raise_all(*, triggers: Sequence[Trigger], now: datetime) -> list[Alert]:
    """Open an alert for each matter that has none, and count the others on the open one.

    A cleared one returns, a worse severity is kept. A trigger's `parent` says what explains it
    now: parents may come in the same call. Returns, with their places, what is new or came back.
    """
    if not triggers:
        return []
    stepping.hold_desk()
    found = _fold(triggers, now)
    known = open_among(found)
    made = _open_new({m: found[m] for m in found if m not in known}, now)
    _renew(known, found, counts=True, now=now)
    returned = _write_changes(known, found, counts=True, now=now)
    _write_raised(made, now)
    ids = {m: made[m] if m in made else known[m].id for m in found}
    planning.apply(ids=[*made.values(), *returned], now=now)
    moved = _link(ids, found, now)
    _tell(ids.values(), also=moved - set(made.values()), now=now)
    news = list(stepping.fetch([*made.values(), *returned]))
    stepping.tell_customers([each for each in news if each.meter_id], now=now)
    return news


@transaction.atomic
def refresh_all(*, triggers: Sequence[Trigger], now: datetime) -> None:
    """Bring open alerts that hold up to what is known now, counting no occurrence.

    The severity becomes the trigger's, up or down; what is not open, or cleared, is left alone.
    """
    if not triggers:
        return
    stepping.hold_desk()
    found = _fold(triggers, now)
    known = {m: alert for m, alert in open_among(found).items() if alert.holds}
    _renew(known, found, counts=False, now=now)
    _write_changes(known, found, counts=False, now=now)
    ids = {m: alert.id for m, alert in known.items()}
    moved = _link(ids, found, now)
    _tell(ids.values(), also=moved, now=now)


@transaction.atomic
def clear_all(*, matters: Iterable[Matter], now: datetime) -> int:
    """Say that conditions hold no more; return how many alerts held till now.

    What was acknowledged, or explained by something else, is over; what nobody acknowledged
    stays as cleared. Children that still hold stand by themselves from now on.
    """
    stepping.hold_desk()
    holding = [alert for alert in open_among(matters).values() if alert.holds]
    quietly = [alert.id for alert in holding if alert.is_suppressed]
    openly = [alert.id for alert in holding if not alert.is_suppressed]
    ways = lifecycle.ways(lifecycle.Step.CLEARED, is_suppressed=True)
    over = stepping.lead(ids=quietly, step=Step.CLEARED, ways=ways, now=now)
    over |= stepping.take(ids=openly, step=Step.CLEARED, now=now)
    freed = linking.let_go(parents=over, now=now)
    stepping.tell_desk(freed, now=now)
    return len(over)


def _fold(triggers: Sequence[Trigger], now: datetime) -> dict[Matter, _Found]:
    """Return each matter once, in order."""
    by_matter: dict[Matter, list[Trigger]] = {}
    for trigger in triggers:
        by_matter.setdefault(Matter(trigger.kind, trigger.subject), []).append(trigger)
    where = places.places({matter.subject for matter in by_matter}, now=now)
    return {
        matter: _Found(
            trigger=max(same, key=lambda each: each.severity),
            count=len(same),
            place=where.get(matter.subject, places.NOWHERE),
        )
        for matter, same in sorted(by_matter.items())
    }


def _open_new(fresh: Mapping[Matter, _Found], now: datetime) -> dict[Matter, int]:
    if not fresh:
        return {}
    resolved = _resolved_at(fresh)
    in_force = {code: each.price_per_kwh for code, each in prices.current(now=now).items()}
    made = Alert.objects.bulk_create(
        _new(found, in_force.get(found.place.region), resolved.get(matter), now)
        for matter, found in fresh.items()
    )
    return {matter: alert.pk for matter, alert in zip(fresh, made, strict=True)}


def _new(
    found: _Found, price: Decimal | None, resolved_at: datetime | None, now: datetime
) -> Alert:
    trigger, place = found.trigger, found.place
    return Alert(
        kind=trigger.kind,
        subject=trigger.subject.key,
        severity=trigger.severity,
        message=found.message,
        region_id=place.region_id,
        feeder_id=place.feeder_id,
        transformer_id=place.transformer_id,
        meter_id=place.meter_id,
        value=trigger.value,
        limit=trigger.limit,
        baseline=trigger.baseline,
        customers=place.customers,
        price=price,
        facts=dict(trigger.facts),
        first_at=trigger.since,
        raised_at=now,
        last_at=now,
        occurrences=found.count,
        is_quiet=lifecycle.is_quiet(resolved_at=resolved_at, raised_at=now),
        changed_at=now,
    )


def _resolved_at(fresh: Collection[Matter]) -> dict[Matter, datetime]:
    """Return when alerts of the same matters were last resolved."""
    rows = (
        Alert.objects.filter(
            state=State.RESOLVED,
            kind__in={matter.kind for matter in fresh},
            subject__in={matter.subject.key for matter in fresh},
        )
        .values_list("kind", "subject")
        .annotate(newest=Max("resolved_at"))
        .order_by()
    )
    return {
        Matter(kinds.Kind(kind), kinds.Subject.read(key)): newest for kind, key, newest in rows
    }


def _renew(
    known: Mapping[Matter, OpenAlert],
    found: Mapping[Matter, _Found],
    *,
    counts: bool,
    now: datetime,
) -> None:
    if not known:
        return
    again = [found[matter] for matter in known]
    triggers = [each.trigger for each in again]
    told: dict[str, Any] = {
        "counts": counts,
        "now": now,
        "ids": [alert.id for alert in known.values()],
        "count": [each.count if counts else 0 for each in again],
        "message": [each.message for each in again],
        "since": [each.since for each in triggers],
        "severity": [int(each.severity) for each in triggers],
        "value": [each.value for each in triggers],
        "limit": [each.limit for each in triggers],
        "baseline": [each.baseline for each in triggers],
        "facts": [json.dumps(dict(each.facts)) for each in triggers],
    }
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, told)


def _write_changes(
    known: Mapping[Matter, OpenAlert],
    found: Mapping[Matter, _Found],
    *,
    counts: bool,
    now: datetime,
) -> list[int]:
    """Put what came back or got worse into the journal; return what came back."""
    returned = [alert.id for alert in known.values() if counts and not alert.holds]
    worse = {
        alert.id: {"before": int(alert.severity), "severity": int(found[m].trigger.severity)}
        for m, alert in known.items()
        if found[m].trigger.severity > alert.severity
    }
    back = {pk: {"status": State.ACTIVE} for pk in returned}
    stepping.write(alerts=back, step=Step.RETURNED, now=now)
    stepping.write(alerts=worse, step=Step.WORSENED, now=now)
    return returned


def _write_raised(made: Mapping[Matter, int], now: datetime) -> None:
    """Begin the journal of new alerts; the event that tells of them is the alert itself."""
    begun = {pk: {"status": State.ACTIVE} for pk in made.values()}
    stepping.journal(alerts=begun, step=Step.RAISED, now=now)


def _link(ids: Mapping[Matter, int], found: Mapping[Matter, _Found], now: datetime) -> set[int]:
    """Let what explains each alert be what its trigger says; return which moved."""
    wanted = {pk: found[matter].trigger.parent for matter, pk in ids.items()}
    linked, freed = linking.link(wanted=wanted, now=now)
    return {*linked, *freed}


def _tell(ids: Collection[int], *, also: Collection[int], now: datetime) -> None:
    """Tell the desk of what stands by itself, and of what has just ceased to."""
    causes = Alert.objects.causes().filter(pk__in=list(ids)).values_list("pk", flat=True)
    stepping.tell_desk({*causes, *also}, now=now)
