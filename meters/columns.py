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
    fields = [meter, *(getattr(columns, name) for name in PAYLOAD)]
    halves = [_mixed(fields, seed) for seed in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F)]
    return np.stack(halves, axis=1).view(np.uint8).reshape(len(columns), 16)


def _mixed(fields: list[Integers], seed: int) -> npt.NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea, Flood 2014), once a field: every bit of every
    # field moves about half the bits of the result.
    state = np.full(len(fields[0]), seed, np.uint64)
    for field in fields:
        state = state * np.uint64(0x9E3779B97F4A7C15) + field.view(np.uint64)
        state ^= state >> np.uint64(30)
        state *= np.uint64(0xBF58476D1CE4E5B9)
        state ^= state >> np.uint64(27)
        state *= np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state


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


def pack(batch: Batch) -> bytes:
    """Return the bytes of a batch; columns nobody filled take no room."""
    columns = batch.columns
    message: dict[str, Any] = {"v": FORMAT, "n": len(columns)}
    message["meter"] = columns.meter.astype("<i4").tobytes()
    message["ts"] = columns.ts.astype("<i8").tobytes()
    message["power"] = columns.power.astype("<i8").tobytes()
    for name in OPTIONAL:
        values = getattr(columns, name)
        if len(values) and (values != ABSENT).any():
            message[name] = values.astype("<i8").tobytes()
    if columns.reading_id.any():
        message["id"] = columns.reading_id.tobytes()
    if any(text is not None for text in columns.extra):
        message["extra"] = list(columns.extra)
    if batch.strangers:
        message["strangers"] = [(row.row, row.serial, row.region) for row in batch.strangers]
    if batch.held:
        message["held"] = [(h.serial, h.ts, h.reading_id, h.reason, h.raw) for h in batch.held]
    return msgspec.msgpack.encode(message)


def unpack(packed: bytes, *, received: int) -> Batch:
    """Return the batch that `pack` was given, received at that microsecond.

    Raises Unreadable when the bytes are not a batch of this format.
    """
    try:
        message = msgspec.msgpack.decode(packed)
        if message["v"] != FORMAT:
            reason = f"format {message['v']} is not {FORMAT}"
            raise Unreadable(reason)
        return _unpacked(message, received)
    except (msgspec.DecodeError, KeyError, TypeError, ValueError) as fault:
        reason = f"not a packed batch: {type(fault).__name__}: {fault}"
        raise Unreadable(reason) from fault


def _unpacked(message: dict[str, Any], received: int) -> Batch:
    count = message["n"]
    columns = Columns(
        meter=_integers(message["meter"], "<i4", count),
        ts=_integers(message["ts"], "<i8", count),
        power=_integers(message["power"], "<i8", count),
        **{name: _optional(message.get(name), count) for name in OPTIONAL},
        received=np.full(count, received, np.int64),
        reading_id=_ids(message.get("id"), count),
        extra=message.get("extra") or [None] * count,
    )
    if len(columns.extra) != count:
        reason = f"{len(columns.extra)} extras for {count} readings"
        raise ValueError(reason)
    strangers = [Stranger(*row) for row in message.get("strangers", ())]
    return Batch(columns, strangers, [Held(*row) for row in message.get("held", ())])


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
