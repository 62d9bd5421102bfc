"""Asks a sample of meters through their head-ends when an outage is proposed and when it ends."""

from collections.abc import Iterable
from datetime import datetime

from alerts.conditions.findings import Found
from alerts.conditions.kinds import Kind, On, Subject
from alerts.conditions.nodes import KINDS
from meters.models import Meter
from meters.services import requests

SAMPLE = 5  # enough to tell a dark street from a broken gateway; no load on a head-end
NODES = {
    On.TRANSFORMER: "installations__service_point__transformer_id",
    On.FEEDER: "installations__service_point__transformer__feeder_id",
    On.REGION: "installations__service_point__region_id",
}


def ask(*, found: Found, now: datetime) -> int:
    """Ping a sample below each node that went out, by itself, or is back; return how many."""
    begun = {one.subject for one in found.raised if one.parent is None and _is_node(one.kind)}
    over = {matter.subject for matter in found.cleared if _is_node(matter.kind)}
    asked = _ask(begun, "an outage is proposed", now)
    return asked + _ask(over - begun, "an outage is over", now)


def _is_node(kind: Kind) -> bool:
    return kind in KINDS.values()


def _ask(subjects: Iterable[Subject], reason: str, now: datetime) -> int:
    asked = 0
    for subject in sorted(subjects):
        below = Meter.objects.filter(
            **{NODES[subject.on]: subject.id}, installations__during__contains=now
        )
        sample = list(below.order_by("?")[:SAMPLE])
        asked += requests.ping(meters=sample, reason=reason, now=now)
    return asked
