"""Where the subjects of alerts are, who is touched there, and what people call them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from alerts.conditions.kinds import On, Subject


@dataclass(frozen=True, slots=True)
class Place:
    """Keys of a subject's place, None where unknown; `region` is the region's code.

    `customers` take service there now, None where that says nothing.
    """

    name: str = ""
    region: str = ""
    region_id: int | None = None
    feeder_id: int | None = None
    transformer_id: int | None = None
    meter_id: int | None = None
    customers: int | None = None


NOWHERE = Place()

_METERS = """
SELECT m.id, m.serial, r.code, p.region_id, t.feeder_id, p.transformer_id, m.id,
       (SELECT count(*) FROM accounts_serviceagreement a
        WHERE a.service_point_id = p.id AND a.during @> %(now)s)
FROM meters_meter m
LEFT JOIN meters_meterinstallation i ON i.meter_id = m.id AND i.during @> %(now)s
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
LEFT JOIN grid_region r ON r.id = p.region_id
LEFT JOIN grid_transformer t ON t.id = p.transformer_id
WHERE m.id = ANY(%(ids)s)
"""
_TRANSFORMERS = """
SELECT t.id, t.code, r.code, s.region_id, t.feeder_id, t.id, NULL,
       (SELECT count(DISTINCT n.customer_id)
        FROM meters_servicepoint p
        JOIN accounts_serviceagreement a ON a.service_point_id = p.id AND a.during @> %(now)s
        JOIN accounts_customeraccount n ON n.id = a.account_id
        WHERE p.transformer_id = t.id)
FROM grid_transformer t
JOIN grid_feeder f ON f.id = t.feeder_id
JOIN grid_substation s ON s.id = f.substation_id
JOIN grid_region r ON r.id = s.region_id
WHERE t.id = ANY(%(ids)s)
"""
_FEEDERS = """
SELECT f.id, f.code, r.code, s.region_id, f.id, NULL, NULL,
       (SELECT count(DISTINCT n.customer_id)
        FROM grid_transformer t
        JOIN meters_servicepoint p ON p.transformer_id = t.id
        JOIN accounts_serviceagreement a ON a.service_point_id = p.id AND a.during @> %(now)s
        JOIN accounts_customeraccount n ON n.id = a.account_id
        WHERE t.feeder_id = f.id)
FROM grid_feeder f
JOIN grid_substation s ON s.id = f.substation_id
JOIN grid_region r ON r.id = s.region_id
WHERE f.id = ANY(%(ids)s)
"""
_REGIONS = """
SELECT r.id, r.name, r.code, r.id, NULL, NULL, NULL,
       (SELECT count(DISTINCT n.customer_id)
        FROM meters_servicepoint p
        JOIN accounts_serviceagreement a ON a.service_point_id = p.id AND a.during @> %(now)s
        JOIN accounts_customeraccount n ON n.id = a.account_id
        WHERE p.region_id = r.id)
FROM grid_region r WHERE r.id = ANY(%(ids)s)
"""
_QUESTIONS = {
    On.METER: _METERS,
    On.TRANSFORMER: _TRANSFORMERS,
    On.FEEDER: _FEEDERS,
    On.REGION: _REGIONS,
}


def places(subjects: Iterable[Subject], *, now: datetime) -> dict[Subject, Place]:
    """Return where subjects are: one query for each sort; what is nowhere is absent."""
    by_sort: dict[On, list[int]] = {}
    for subject in subjects:
        by_sort.setdefault(subject.on, []).append(subject.id)
    found: dict[Subject, Place] = {}
    for on, ids in by_sort.items():
        if on in _QUESTIONS:
            found |= _ask(on, ids, now)
    return found


def _ask(on: On, ids: list[int], now: datetime) -> dict[Subject, Place]:
    with connection.cursor() as cursor:
        cursor.execute(_QUESTIONS[on], {"ids": ids, "now": now})
        rows = cursor.fetchall()
    return {Subject(on, row[0]): _place(*row[1:]) for row in rows}


def _place(name: str, region: str | None, *rest: Any) -> Place:
    return Place(name, region or "", *rest)
