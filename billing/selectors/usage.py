"""Reads what was used, as columns: windows of many meters in one question."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import connection

from billing.selectors.supplies import Part
from segs_site.lib.periods import MINUTE, QUARTER
from segs_site.lib.pgcopy import POSTGRES_EPOCH_US

_INSTANT = timedelta(microseconds=1)
# One row a part: arrays in the database's binary form, for a row a window costs Python ten
# microseconds before anything is done with it.
_WINDOWS = """
SELECT s.place, array_send(array_agg(w.start)), array_send(array_agg(w.energy_mwh)),
       array_send(array_agg(w.estimated_mwh)), array_send(array_agg(w.quality::bigint))
FROM unnest(%s::int[], %s::int[], %s::timestamptz[], %s::timestamptz[])
     AS s (place, meter_id, start, until)
JOIN {table} w ON w.meter_id = s.meter_id AND w.start >= s.start AND w.start < s.until
WHERE w.start >= %s AND w.start < %s
GROUP BY s.place
"""
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">i8")])
_HEADER = 20  # bytes: dimensions, nulls, type of elements; then length and bound of the dimension

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a part in order of their distinct starts, in columns; milliwatt-hours, net.

    At a meter exchange the window of both meters is one, of the lower quality.
    """

    starts: Whole
    energy: Whole
    estimated: Whole
    quality: Whole

    def __len__(self) -> int:
        return len(self.starts)


NONE = Windows(*(np.empty(0, np.int64) for _ in range(4)))


def quarters(parts: Sequence[Part]) -> list[Windows]:
    """Return the quarter-hours of each part: those that start in it, of the meters it had."""
    return _windows("meters_quarter", QUARTER, parts)


def minutes(parts: Sequence[Part]) -> list[Windows]:
    """Return the minutes of each part that are still kept."""
    return _windows("meters_minute", MINUTE, parts)


def _windows(table: str, length: timedelta, parts: Sequence[Part]) -> list[Windows]:
    spans = [
        (place, meter.meter_id, *_bounds(part, meter.period.start, meter.period.end, length))
        for place, part in enumerate(parts)
        for meter in part.meters
    ]
    found = {place: _in_order(*columns) for place, *columns in _read(table, spans)}
    return [found.get(place, NONE) for place in range(len(parts))]


def _in_order(starts: Whole, energy: Whole, estimated: Whole, quality: Whole) -> Windows:
    order = np.argsort(starts, kind="stable")
    return _merged(starts[order], energy[order], estimated[order], quality[order])


def _merged(starts: Whole, energy: Whole, estimated: Whole, quality: Whole) -> Windows:
    is_first = np.diff(starts, prepend=-1) != 0
    if is_first.all():
        return Windows(starts, energy, estimated, quality)
    at = np.flatnonzero(is_first)
    return Windows(
        starts[at],
        np.add.reduceat(energy, at),
        np.add.reduceat(estimated, at),
        np.minimum.reduceat(quality, at),
    )


def _bounds(
    part: Part, installed: datetime, removed: datetime, length: timedelta
) -> tuple[datetime, datetime]:
    """Return the starts that count: also of a window in whose middle its meter was hung."""
    return (
        max(part.period.start, installed - length + _INSTANT),
        min(part.period.end, removed),
    )


def _read(
    table: str, spans: Sequence[tuple[int, int, datetime, datetime]]
) -> Iterator[tuple[int, Whole, Whole, Whole, Whole]]:
    if not spans:
        return
    places, meters, starts, ends = (list(column) for column in zip(*spans, strict=True))
    query = _WINDOWS.format(table=connection.ops.quote_name(table))
    with connection.cursor() as cursor:
        cursor.execute(query, [places, meters, starts, ends, min(starts), max(ends)])
        for place, *sent in cursor.fetchall():
            start, energy, estimated, quality = (_elements(bytes(column)) for column in sent)
            yield place, start + POSTGRES_EPOCH_US, energy, estimated, quality


def _elements(sent: bytes) -> Whole:
    """Return the elements of an array of int8 or timestamptz without NULL, as it is sent."""
    found = np.frombuffer(sent, _ELEMENT, offset=_HEADER)
    return found["value"].astype(np.int64)
