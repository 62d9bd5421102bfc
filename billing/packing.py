"""Intervals of one line and day as bytes: which, how much, of what quality, in which component.

The layout is fixed for as long as invoices are kept: version 1, little-endian rows.
"""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from segs_site.lib.periods import microseconds

VERSION = 1
_ROW = np.dtype([("offset_s", "<u4"), ("component", "<u2"), ("quality", "u1"), ("energy", "<i8")])
_HEAD = bytes([VERSION])


@dataclass(frozen=True, slots=True)
class Billed:
    """Parts of intervals in columns of one length: start in microseconds since 1970, mWh."""

    start: npt.NDArray[np.int64]
    component: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int64]
    energy: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.start)

    def take(self, rows: npt.NDArray[np.intp] | slice) -> "Billed":
        """Keep some of the rows, in an order."""
        return Billed(
            self.start[rows], self.component[rows], self.quality[rows], self.energy[rows]
        )


class Unreadable(ValueError):
    """The bytes are of no version that is known."""


def pack(billed: Billed, *, day_start: datetime) -> bytes:
    """Return the rows of a day, which begins at `day_start`, in their order."""
    return _HEAD + _rows(billed, np.full(len(billed), microseconds(day_start)))


def pack_days(billed: Billed, *, day_starts: npt.NDArray[np.int64]) -> list[bytes]:
    """Return the rows of each day as `pack` does, empty for a day without any.

    The rows are in order of time, `day_starts` in microseconds; what is before them is left out.
    """
    edges = np.searchsorted(billed.start, day_starts)
    counts = np.diff(edges, append=len(billed))
    packed = _rows(billed.take(slice(edges[0], None)), np.repeat(day_starts, counts))
    ends = np.cumsum(counts * _ROW.itemsize).tolist()
    return [
        _HEAD + packed[start:end] if end > start else b""
        for start, end in zip([0, *ends[:-1]], ends, strict=True)
    ]


def _rows(billed: Billed, day_start: npt.NDArray[np.int64]) -> bytes:
    rows = np.empty(len(billed), _ROW)
    rows["offset_s"] = (billed.start - day_start) // 1_000_000
    rows["component"], rows["quality"] = billed.component, billed.quality
    rows["energy"] = billed.energy
    return rows.tobytes()


def unpack(packed: bytes, *, day_start: datetime) -> Billed:
    """Return the rows of a day; the reverse of `pack`. Raises Unreadable."""
    if packed[:1] != bytes([VERSION]) or (len(packed) - 1) % _ROW.itemsize:
        raise Unreadable("intervals as billed are of a version that is not known")
    rows = np.frombuffer(packed[1:], _ROW)
    return Billed(
        start=microseconds(day_start) + rows["offset_s"].astype(np.int64) * 1_000_000,
        component=rows["component"].astype(np.int64),
        quality=rows["quality"].astype(np.int64),
        energy=rows["energy"].astype(np.int64),
    )
