"""Columns of numbers to PostgreSQL's binary COPY format, without a Python object a row.

Source of the format: PostgreSQL manual, COPY, "Binary Format": a signature, then for each row
the count of fields and for each field its length (-1 for NULL) and its bytes, big-endian.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

HEADER = b"PGCOPY\n\xff\r\n\0" + b"\0" * 8
TRAILER = b"\xff\xff"
NULL_LENGTH = np.frombuffer(b"\xff\xff\xff\xff", np.uint8)
CHUNK = 512  # rows laid out at once: one long text widens no more rows than these
POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 in microseconds since 1970

Bytes = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]


class Field(Protocol):
    """One column of n rows, of which any part can be had as a matrix of bytes."""

    def __len__(self) -> int: ...

    def matrix(self, part: slice) -> tuple[Bytes, Mask | None]:
        """Return the bytes of the rows of `part`, length prefix included, and which are written.

        Both have the shape (rows, width); no mask means that all bytes are written.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """A column of fixed width: integers (any numpy type, sent as `sent_as`, e.g. ">i8").

    `nulls` marks the rows that are NULL.
    """

    values: npt.NDArray[np.generic]
    sent_as: str
    nulls: Mask | None = None

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self, part: slice) -> tuple[Bytes, Mask | None]:
        """See `Field`."""
        body = np.ascontiguousarray(self.values[part].astype(self.sent_as))
        cells = body.view(np.uint8).reshape(len(body), body.itemsize)
        return _prefixed(cells, None if self.nulls is None else self.nulls[part])


@dataclass(frozen=True, slots=True)
class Raw:
    """A column of fixed width given as (n, width) bytes, such as UUIDs."""

    values: Bytes
    nulls: Mask | None = None

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self, part: slice) -> tuple[Bytes, Mask | None]:
        """See `Field`."""
        return _prefixed(self.values[part], None if self.nulls is None else self.nulls[part])


@dataclass(frozen=True, slots=True)
class Varied:
    """A column of values of any length; None is NULL."""

    values: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.values)

    def matrix(self, part: slice) -> tuple[Bytes, Mask | None]:
        """See `Field`."""
        values = self.values[part]
        lengths = np.array([-1 if value is None else len(value) for value in values], "i8")
        widest = max(1, int(lengths.max(initial=0)))
        packed = b"".join((value or b"").ljust(widest, b"\0") for value in values)
        body = np.frombuffer(packed, np.uint8).reshape(len(lengths), widest)
        prefix = lengths.astype(">i4").view(np.uint8).reshape(-1, 4)
        mask = np.empty((len(lengths), 4 + widest), np.bool_)
        mask[:, :4] = True
        mask[:, 4:] = np.arange(widest) < lengths[:, None]
        return np.concatenate([prefix, body], axis=1), mask


def _prefixed(body: Bytes, nulls: Mask | None) -> tuple[Bytes, Mask | None]:
    rows, width = body.shape
    cells = np.empty((rows, 4 + width), np.uint8)
    cells[:, :4] = np.frombuffer(int(width).to_bytes(4, "big"), np.uint8)
    cells[:, 4:] = body
    if nulls is None or not nulls.any():
        return cells, None
    cells[nulls, :4] = NULL_LENGTH
    mask = np.ones(cells.shape, np.bool_)
    mask[nulls, 4:] = False
    return cells, mask


def timestamps(microseconds: npt.NDArray[np.int64]) -> Fixed:
    """Return a timestamptz column from microseconds since 1970 UTC."""
    return Fixed(microseconds - POSTGRES_EPOCH_US, ">i8")


def json_documents(values: Sequence[bytes | None]) -> Varied:
    """Return a jsonb column from JSON texts; None is NULL."""
    return Varied([None if value is None else b"\x01" + value for value in values])


def rows(fields: Sequence[Field]) -> bytes:
    """Return the whole COPY body, header and trailer included, for columns of equal length."""
    lengths = {len(field) for field in fields}
    if len(lengths) != 1:
        message = f"columns of one table have one length, these have {sorted(lengths)}"
        raise ValueError(message)
    parts = (slice(start, start + CHUNK) for start in range(0, lengths.pop(), CHUNK))
    return b"".join([HEADER, *(_laid_out(fields, part) for part in parts), TRAILER])


def _laid_out(fields: Sequence[Field], part: slice) -> bytes:
    cells, masks = zip(*(field.matrix(part) for field in fields), strict=True)
    count = np.empty((len(cells[0]), 2), np.uint8)
    count[:] = np.frombuffer(len(fields).to_bytes(2, "big"), np.uint8)
    matrix = np.concatenate([count, *cells], axis=1)
    if all(mask is None for mask in masks):
        return matrix.tobytes()
    written = [np.ones(count.shape, np.bool_)]
    written += [
        np.ones(cell.shape, np.bool_) if mask is None else mask
        for cell, mask in zip(cells, masks, strict=True)
    ]
    return matrix[np.concatenate(written, axis=1)].tobytes()
