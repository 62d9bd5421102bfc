"""Reads what was used, as columns: windows of many meters at once."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from billing.rating.usage import Usage, of_net
from billing.selectors.supplies import Part
from segs_site.lib.periods import MINUTE, QUARTER
from segs_site.lib.pgcopy import POSTGRES_EPOCH_US
from segs_site.lib.quantities import Quality

_INSTANT = timedelta(microseconds=1)
_SECOND_US = 1_000_000
# One row a meter: arrays in the database's binary form, for a row a window costs Python ten
# microseconds before anything is done with it. Nearly all windows are measured as a whole, and
# energy flowed one way: only of the others there is a line of an array of four columns, when they
# began, how much is estimated, of what quality they are, and how much was fed in.
_WINDOWS = """
SELECT w.meter_id, array_send(array_agg(w.start)), array_send(array_agg(w.energy_mwh)),
       array_send(array_agg(ARRAY[date_part('epoch', w.start)::bigint, w.estimated_mwh,
                                  w.quality::bigint, greatest(w.export_mwh, -w.energy_mwh, 0)])
           FILTER (WHERE w.estimated_mwh <> 0 OR w.quality <> %s
                      OR w.export_mwh > greatest(-w.energy_mwh, 0)))
FROM {table} w WHERE w.meter_id = ANY(%s) AND w.start >= %s AND w.start < %s
GROUP BY w.meter_id
"""
# The windows of many meters lie side by side, as they came by time: page by page they are read in
# half the time that it takes to fetch each by its key. The planner takes them for scattered.
_BY_PAGE = "SET LOCAL enable_indexscan = off; SET LOCAL max_parallel_workers_per_gather = 0"
_AS_USUAL = (
    "SET LOCAL enable_indexscan TO DEFAULT; SET LOCAL max_parallel_workers_per_gather TO DEFAULT"
)
_MANY = 20  # meters
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">i8")])
_HEADER, _DIMENSION = 12, 8  # bytes: dimensions, nulls, type of elements; length and bound of each
_NOTED = 4  # columns of what is said of some windows

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Windows:
    """Windows of a part in order of their distinct starts, in columns; milliwatt-hours.

    `energy` is net: what was drawn less what was fed in, which `fed` is. Where only the net is
    known, it is taken for all that flowed. At a meter exchange the window of both meters is one,
    of the lower quality.
    """

    starts: Whole
    energy: Whole
    fed: Whole
    estimated: Whole
    quality: Whole

    def __len__(self) -> int:
        return len(self.starts)

    def usage(self, length: timedelta) -> Usage:
        """Return them, which are of a length, as what is rated."""
        return of_net(length, self.starts, self.energy, self.fed)


NONE = Windows(*(np.empty(0, np.int64) for _ in range(5)))


def quarters(parts: Sequence[Part]) -> list[Windows]:
    """Return the quarter-hours of each part: those that start in it, of the meters it had."""
    return _windows("meters_quarter", QUARTER, parts)


def minutes(parts: Sequence[Part]) -> list[Windows]:
    """Return the minutes of each part that are still kept."""
    return _windows("meters_minute", MINUTE, parts)


def _windows(table: str, length: timedelta, parts: Sequence[Part]) -> list[Windows]:
    """Ask once for each stretch of time: nearly all parts of a run share theirs."""
    places: dict[tuple[datetime, datetime], list[tuple[int, int]]] = {}
    for place, part in enumerate(parts):
        for meter in part.meters:
            bounds = _bounds(part, meter.period.start, meter.period.end, length)
            places.setdefault(bounds, []).append((place, meter.meter_id))
    found: dict[int, list[Windows]] = {}
    for (start, end), there in places.items():
        read = _read(table, [meter_id for _, meter_id in there], start, end)
        for place, meter_id in there:
            found.setdefault(place, []).append(read.get(meter_id, NONE))
    return [_joined(found.get(place, [])) for place in range(len(parts))]


def _joined(of_meters: Sequence[Windows]) -> Windows:
    """Return the windows of the meters of a part as those of one."""
    if len(of_meters) <= 1:
        return of_meters[0] if of_meters else NONE
    return _merged(together(of_meters))


def together(several: Sequence[Windows]) -> Windows:
    """Return all windows of some, in order of time."""
    starts = np.concatenate([each.starts for each in several])
    order = np.argsort(starts, kind="stable")
    return Windows(
        starts[order],
        np.concatenate([each.energy for each in several])[order],
        np.concatenate([each.fed for each in several])[order],
        np.concatenate([each.estimated for each in several])[order],
        np.concatenate([each.quality for each in several])[order],
    )


def _merged(found: Windows) -> Windows:
    is_first = np.diff(found.starts, prepend=-1) != 0
    if is_first.all():
        return found
    at = np.flatnonzero(is_first)
    return Windows(
        found.starts[at],
        np.add.reduceat(found.energy, at),
        np.add.reduceat(found.fed, at),
        np.add.reduceat(found.estimated, at),
        np.minimum.reduceat(found.quality, at),
    )


def _bounds(
    part: Part, installed: datetime, removed: datetime, length: timedelta
) -> tuple[datetime, datetime]:
    """Return the starts that count: also of a window in whose middle its meter was hung."""
    return (
        max(part.period.start, installed - length + _INSTANT),
        min(part.period.end, removed),
    )


def _read(table: str, meters: Sequence[int], start: datetime, end: datetime) -> dict[int, Windows]:
    """Return the windows of each meter that start in `[start, end)`, where it has any."""
    query = _WINDOWS.format(table=connection.ops.quote_name(table))
    with _way(meters), connection.cursor() as cursor:
        cursor.execute(query, [int(Quality.ACTUAL), list(meters), start, end])
        return {meter: _of_meter(*map(_elements, sent)) for meter, *sent in cursor.fetchall()}


@contextmanager
def _way(meters: Sequence[int]) -> Iterator[None]:
    """Let the windows of many meters be read page by page."""
    if len(meters) < _MANY:
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_BY_PAGE)
        yield
        cursor.execute(_AS_USUAL)


def _of_meter(starts: Whole, energy: Whole, noted: Whole) -> Windows:
    """Put in order what was read of a meter, and say of every window what was noted of some."""
    order = np.argsort(starts, kind="stable")
    starts, energy = starts[order] + POSTGRES_EPOCH_US, energy[order]
    fed, estimated = np.maximum(-energy, 0), np.zeros(len(starts), np.int64)
    quality = np.full(len(starts), int(Quality.ACTUAL), np.int64)
    if len(noted):
        begun_s, *said = noted.reshape(-1, _NOTED).T
        at = np.searchsorted(starts, begun_s * _SECOND_US)
        estimated[at], quality[at], fed[at] = said
    return Windows(starts, energy, fed, estimated, quality)


def _elements(sent: bytes | None) -> Whole:
    """Return the elements of an array of int8 or timestamptz without NULL, as it is sent."""
    if sent is None:
        return np.empty(0, np.int64)
    dimensions = int.from_bytes(sent[:4])
    found = np.frombuffer(sent, _ELEMENT, offset=_HEADER + dimensions * _DIMENSION)
    return found["value"].astype(np.int64)
