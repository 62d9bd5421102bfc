"""Readings as columns: the one shape they have from the door to the table.

Integers throughout (see `segs_site.lib.quantities`); what a reading does not say is `ABSENT`.
The packed form is what a stream entry carries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ABSENT = np.iinfo(np.int64).min
UNREGISTERED = -1
FORMAT = 1
OPTIONAL = ("energy", "register", "voltage", "seq")
PAYLOAD = ("ts", "power", "energy", "register", "voltage")


class Unreadable(Exception):
    """A packed batch that this version cannot read; carries the reason."""


@dataclass(frozen=True, slots=True)
class Columns:
    """n readings: arrays of equal length.

    `meter` is the meter's database id or UNREGISTERED; `ts` microseconds since 1970; `power`
    milliwatts; `energy` and `register` milliwatt-hours; `voltage` millivolts; `reading_id` the
    (n, 16) bytes of a UUID, all zero where there is none; `received` the arrival in
    microseconds; `extra` JSON texts or None.
    """

    meter: Integers
    ts: Integers
    power: Integers
    energy: Integers
    register: Integers
    voltage: Integers
    seq: Integers
    received: Integers
    reading_id: npt.NDArray[np.uint8]
    extra: Sequence[bytes | None]

    def __len__(self) -> int:
        return len(self.ts)

    def take(self, rows: npt.NDArray[Any]) -> "Columns":
        """Return the rows named by a mask or by positions."""
        places = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Columns(
            **{name: getattr(self, name)[places] for name in _ARRAYS},
            extra=[self.extra[place] for place in places.tolist()],
        )

    def with_meters(self, meter: Integers) -> "Columns":
        """Return the same readings under other meter ids."""
        return replace(self, meter=meter)

    def same_values(self, other: "Columns") -> Flags:
        """Tell row by row whether two sets of readings say the same."""
        return np.logical_and.reduce(
            [getattr(self, name) == getattr(other, name) for name in PAYLOAD]
        )


_ARRAYS = ("meter", "ts", "power", *OPTIONAL, "received", "reading_id")


def concatenate(parts: Sequence[Columns]) -> Columns:
    """Return the rows of all parts in order."""
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
    return Columns(**arrays, extra=[text for part in parts for text in part.extra])


def empty() -> Columns:
    """Return no readings."""
    nothing: dict[str, Any] = dict.fromkeys(_ARRAYS, np.empty(0, np.int64))
    return Columns(**nothing | {"reading_id": np.empty((0, 16), np.uint8)}, extra=[])


def marks(columns: Columns, strangers: dict[int, int]) -> npt.NDArray[np.uint8]:
    """Return (n, 16) bytes that two readings share only when meter, time and values agree.

    `strangers` gives a number for rows whose meter has no id yet.
    """
    meter = columns.meter.copy()
    for row, key in strangers.items():
        meter[row] = key
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014), once a field and half: every bit of
    # every field moves about half the bits of the result.
    state = np.repeat(_SEEDS, len(columns), axis=1)
    for field in (meter, *(getattr(columns, name) for name in PAYLOAD)):
        state *= np.uint64(0x9E3779B97F4A7C15)
        state += field.view(np.uint64)
        state ^= state >> np.uint64(30)
        state *= np.uint64(0xBF58476D1CE4E5B9)
        state ^= state >> np.uint64(27)
        state *= np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return np.ascontiguousarray(state.T).view(np.uint8)


_SEEDS = np.array([[0x9E3779B97F4A7C15], [0xC2B2AE3D27D4EB4F]], np.uint64)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A meter that the sender's registry did not know, at one row of a batch."""

    row: int
    serial: str
    region: str


@dataclass(frozen=True, slots=True)
class Held:
    """A well-formed reading that waits for a person; `raw` is the item as JSON."""

    serial: str
    ts: int | None
    reading_id: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """What one stream entry carries: readings, meters to register, readings to hold."""

    columns: Columns
    strangers: Sequence[Stranger] = ()
    held: Sequence[Held] = ()


class _Packed(msgspec.Struct, omit_defaults=True):
    v: int
    n: int
    meter: bytes
    ts: bytes
    power: bytes
    energy: bytes | None = None
    register: bytes | None = None
    voltage: bytes | None = None
    seq: bytes | None = None
    id: bytes | None = None
    extra: list[bytes | None] | None = None
    strangers: list[tuple[int, str, str]] = []
    held: list[tuple[str, int | None, str, str, bytes]] = []


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Packed)


def pack(batch: Batch) -> bytes:
    """Return the bytes of a batch; columns nobody filled take no room."""
    columns = batch.columns
    message = _Packed(
        v=FORMAT,
        n=len(columns),
        meter=columns.meter.astype("<i4").tobytes(),
        ts=columns.ts.astype("<i8").tobytes(),
        power=columns.power.astype("<i8").tobytes(),
        id=columns.reading_id.tobytes() if columns.reading_id.any() else None,
        extra=list(columns.extra) if any(text is not None for text in columns.extra) else None,
        strangers=[(row.row, row.serial, row.region) for row in batch.strangers],
        held=[(h.serial, h.ts, h.reading_id, h.reason, h.raw) for h in batch.held],
    )
    for name in OPTIONAL:
        values = getattr(columns, name)
        if (values != ABSENT).any():
            setattr(message, name, values.astype("<i8").tobytes())
    return _ENCODER.encode(message)


def unpack(packed: bytes, *, received: int) -> Batch:
    """Return the batch that `pack` was given, received at that microsecond.

    Raises Unreadable when the bytes are not a batch of this format.
    """
    try:
        message = _DECODER.decode(packed)
        if message.v != FORMAT:
            reason = f"format {message.v} is not {FORMAT}"
            raise Unreadable(reason)
        return _unpacked(message, received)
    except (msgspec.DecodeError, ValueError) as fault:
        reason = f"not a packed batch: {type(fault).__name__}: {fault}"
        raise Unreadable(reason) from fault


def _unpacked(message: _Packed, received: int) -> Batch:
    count = message.n
    columns = Columns(
        meter=_integers(message.meter, "<i4", count),
        ts=_integers(message.ts, "<i8", count),
        power=_integers(message.power, "<i8", count),
        **{name: _optional(getattr(message, name), count) for name in OPTIONAL},
        received=np.full(count, received, np.int64),
        reading_id=_ids(message.id, count),
        extra=[None] * count if message.extra is None else message.extra,
    )
    if len(columns.extra) != count:
        reason = f"{len(columns.extra)} extras for {count} readings"
        raise ValueError(reason)
    if not all(0 <= row < count for row, *_ in message.strangers):
        raise ValueError("a stranger stands at a row that is not there")
    strangers = [Stranger(*row) for row in message.strangers]
    return Batch(columns, strangers, [Held(*row) for row in message.held])


def _integers(packed: bytes, kind: str, count: int) -> Integers:
    values = np.frombuffer(packed, kind)
    if len(values) != count:
        reason = f"{len(values)} values for {count} readings"
        raise ValueError(reason)
    return values.astype(np.int64)


def _optional(packed: bytes | None, count: int) -> Integers:
    return np.full(count, ABSENT, np.int64) if packed is None else _integers(packed, "<i8", count)


def _ids(packed: bytes | None, count: int) -> npt.NDArray[np.uint8]:
    if packed is None:
        return np.zeros((count, 16), np.uint8)
    return np.frombuffer(packed, np.uint8).reshape(count, 16)
