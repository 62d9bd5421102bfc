"""Reads what was used, as columns: quarter-hours of many meters in one binary COPY."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from django.db import connection
from psycopg import sql

from billing.selectors.supplies import Part
from segs_site.lib import pgcopy
from segs_site.lib.periods import MINUTE, QUARTER

_INSTANT = timedelta(microseconds=1)
_TYPES = (">i4", ">i8", ">i8", ">i8", ">i2")
_WINDOWS = sql.SQL(
    """
    COPY (
        SELECT s.place, w.start, w.energy_mwh, w.estimated_mwh, w.quality
        FROM unnest({places}::int[], {meters}::int[], {starts}::timestamptz[],
                    {ends}::timestamptz[]) AS s (place, meter_id, start, until)
        JOIN {table} w ON w.meter_id = s.meter_id AND w.start >= s.start AND w.start < s.until
        WHERE w.start >= {first} AND w.start < {last}
    ) TO STDOUT (FORMAT BINARY)
    """
)

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
    place, start, *rest = _read(table, spans)
    order = np.lexsort((start, place))
    place = place[order]
    columns = [start[order], *(column[order] for column in rest)]
    edges = np.searchsorted(place, np.arange(len(parts) + 1))
    return [
        _merged(*(column[first:last] for column in columns)) for first, last in pairwise(edges)
    ]


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


def _read(table: str, spans: Sequence[tuple[int, int, datetime, datetime]]) -> list[Whole]:
    if not spans:
        return [np.empty(0, np.int64) for _ in _TYPES]
    places, meters, starts, ends = (list(column) for column in zip(*spans, strict=True))
    query = _WINDOWS.format(
        table=sql.Identifier(table),
        places=places,
        meters=meters,
        starts=starts,
        ends=ends,
        first=min(starts),
        last=max(ends),
    )
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        body = b"".join(copy)
    columns = [column.astype(np.int64) for column in pgcopy.read(body, _TYPES)]
    columns[1] += pgcopy.POSTGRES_EPOCH_US
    return columns
