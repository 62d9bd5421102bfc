"""Which alert explains which: children are linked to the cause above them, and let go.

A child is evaluated like any other alert while its cause stands; it is told to nobody.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from alerts import lifecycle
from alerts.choices import Step
from alerts.conditions import kinds
from alerts.models import Alert
from alerts.services import stepping

_SET_PARENTS = """
UPDATE alerts_alert a SET parent_id = t.parent_id, changed_at = %(now)s
FROM unnest(%(ids)s::bigint[], %(parents)s::bigint[]) AS t (id, parent_id)
WHERE a.id = t.id
"""


def link(
    *, wanted: Mapping[int, kinds.Subject | None], now: datetime
) -> tuple[frozenset[int], frozenset[int]]:
    """Let each alert be explained by the standing cause of a subject, or by nothing.

    Returns which became a child, or another's child, and which stand by themselves again; the
    caller holds the desk.
    """
    causes = _standing_causes({subject for subject in wanted.values() if subject is not None})
    now_of = {pk: causes.get(subject) if subject else None for pk, subject in wanted.items()}
    before = dict(Alert.objects.filter(pk__in=list(wanted)).values_list("pk", "parent_id"))
    changed = {
        pk: parent
        for pk, parent in now_of.items()
        if parent != before[pk] and parent != pk  # nothing explains itself
    }
    _set_parents(changed, now)
    linked = {pk: {"parent": parent} for pk, parent in changed.items() if parent is not None}
    freed = {pk: {"parent": before[pk]} for pk, parent in changed.items() if parent is None}
    stepping.write(alerts=linked, step=Step.LINKED, now=now)
    stepping.write(alerts=freed, step=Step.UNLINKED, now=now)
    return frozenset(linked), frozenset(freed)


def let_go(*, parents: Collection[int], now: datetime) -> frozenset[int]:
    """Let the open children of alerts that are over stand by themselves; return which."""
    children = Alert.objects.open().filter(parent__in=list(parents)).values_list("pk", flat=True)
    return link(wanted=dict.fromkeys(children), now=now)[1]


def below(parents: Collection[int]) -> list[int]:
    """Return the open alerts that these explain, directly or through others."""
    found: set[int] = set()
    level = set(parents)
    while level:
        children = Alert.objects.open().filter(parent__in=level).values_list("pk", flat=True)
        level = set(children) - found
        found |= level
    return sorted(found)


def _standing_causes(subjects: Collection[kinds.Subject]) -> dict[kinds.Subject, int]:
    keys = {
        (str(kinds.EXPLAINED_BY[subject.on]), subject.key): subject
        for subject in subjects
        if subject.on in kinds.EXPLAINED_BY
    }
    rows = Alert.objects.filter(
        state__in=lifecycle.STANDING,
        kind__in={kind for kind, _ in keys},
        subject__in={key for _, key in keys},
    ).values_list("pk", "kind", "subject")
    return {keys[kind, key]: pk for pk, kind, key in rows if (kind, key) in keys}


def _set_parents(changed: Mapping[int, int | None], now: datetime) -> None:
    if not changed:
        return
    told: dict[str, Any] = {"ids": list(changed), "parents": list(changed.values()), "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_SET_PARENTS, told)
