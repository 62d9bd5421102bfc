"""One body of telemetry, judged: what is counted, what must wait, what is refused.

`judge` holds what was read against the registry and the clock; it is pure and works on columns.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import repeat
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from meters import columns, verdicts
from meters.columns import ABSENT, Columns, Flags, Held, Integers, Stranger
from meters.registry import NOWHERE, Registry, shard_of
from meters.telemetry import Parsed, Reading
from meters.verdicts import Refusal, refusal
from segs_site.lib import periods
from segs_site.lib.quantities import MV_PER_V, MW_PER_KW, MWH_PER_KWH

MAX_TEXT = 64
MAX_EXTRA_BYTES = 4096  # metadata is for people, not for files
AHEAD_US = 300_000_000  # a meter's clock may run five minutes ahead
YEAR_2000_US = 946_684_800_000_000
DAY_US = 86_400_000_000
SECONDS_BELOW = 100_000_000_000  # as milliseconds this is 1973; as seconds, 5138
LARGEST = 9.0e15  # of any scaled quantity; past it a float skips integers
LARGEST_MV = 1_000_000_000
HOURS_A_READING = 24  # no reading reports the energy of more than a day

Codes = npt.NDArray[np.uint8]

_ENCODE = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class HeldItem:
    """A reading for quarantine, with its place in the body and the shard it travels in."""

    place: int
    shard: int
    held: Held


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict on a body.

    `columns` are the readings to count, `places` where each stood in the body, `shards` where
    each travels, `marks` what makes a repeat recognisable; exact repeats within the body are
    already out, at `repeats`.
    """

    total: int
    columns: Columns
    places: Integers
    shards: Integers
    marks: npt.NDArray[np.uint8]
    strangers: Sequence[Stranger]
    held: Sequence[HeldItem]
    repeats: Integers
    refusals: Sequence[Refusal]


def judge(parsed: Parsed, registry: Registry, *, now: datetime) -> Judged:
    """Hold what was read against the registry and the clock."""
    now_us = periods.microseconds(now)
    readings = parsed.readings
    place = _looked_up([r.meter_id for r in readings], registry.place, -1)
    ts, codes = _instants(readings)
    body, overflow = _columns(readings, registry.meter[place], ts, now_us)
    _refuse(codes, readings, body, place, now_us, registry.oldest_days)
    _hold(codes, readings, body, overflow, place, registry)
    shards = registry.shard[place]
    for row in np.flatnonzero(place < 0).tolist():
        shards[row] = shard_of(readings[row].meter_id, registry.shards)
    return _sorted_out(parsed, body, codes, shards)


def _sorted_out(parsed: Parsed, body: Columns, codes: Codes, shards: Integers) -> Judged:
    readings, places = parsed.readings, parsed.places
    problems = np.flatnonzero(codes).tolist()
    counted = np.flatnonzero(codes == 0) if len(problems) else np.arange(len(codes))
    kept = body.take(counted) if len(problems) else body
    strangers = {
        row: readings[int(counted[row])] for row in np.flatnonzero(kept.meter < 0).tolist()
    }
    marks = columns.marks(kept, {row: _key(r.meter_id) for row, r in strangers.items()})
    repeated = _repeated(marks)
    rows = np.flatnonzero(~repeated)
    if len(rows) < len(kept):
        kept, marks = kept.take(rows), marks[rows]
    row_now = dict(zip(rows.tolist(), range(len(rows)), strict=True)) if strangers else {}
    return Judged(
        total=parsed.total,
        columns=kept,
        places=places[counted[rows]],
        shards=shards[counted[rows]],
        marks=marks,
        strangers=[
            Stranger(row_now[row], reading.meter_id, reading.region)
            for row, reading in strangers.items()
            if row in row_now
        ],
        held=[
            HeldItem(
                int(places[row]),
                int(shards[row]),
                _held(readings[row], int(body.ts[row]), _CODES[codes[row]]),
            )
            for row in problems
            if codes[row] >= _FIRST_HELD
        ],
        repeats=places[counted[np.flatnonzero(repeated)]],
        refusals=[
            *parsed.refusals,
            *(
                refusal(int(places[row]), readings[row].reading_id, _CODES[codes[row]])
                for row in problems
                if codes[row] < _FIRST_HELD
            ),
        ],
    )


_REFUSED = (
    verdicts.INVALID_TEXT,
    verdicts.TOO_LONG,
    verdicts.INVALID_TIMESTAMP,
    verdicts.NO_ZONE,
    verdicts.SECONDS,
    verdicts.BEFORE_2000,
    verdicts.IN_FUTURE,
    verdicts.TOO_OLD,
)
_HELD = (
    verdicts.UNKNOWN_METER,
    verdicts.UNKNOWN_REGION,
    verdicts.REGION_MISMATCH,
    verdicts.BEYOND_LIMIT,
    verdicts.NEGATIVE_POWER,
)
_CODES = ("", *_REFUSED, *_HELD)  # a row's code is its place here, 0 while nothing is wrong
_FIRST_HELD = 1 + len(_REFUSED)
_NUMBER = {code: number for number, code in enumerate(_CODES)}


def _note(codes: Codes, where: Flags, code: str) -> None:
    """Write a code where a row has none yet: the first fault found is the one named."""
    if where.any():
        codes[where & (codes == 0)] = _NUMBER[code]


def _held(reading: Reading, ts: int, reason: str) -> Held:
    return Held(
        serial=reading.meter_id,
        ts=ts,
        reading_id=reading.reading_id,
        reason=reason,
        raw=_ENCODE.encode(reading),
    )


def _key(serial: str) -> int:
    # Negative, so that no registered meter's id can be meant.
    digest = int.from_bytes(blake2b(serial.encode(), digest_size=8).digest(), "big")
    return -2 - digest % 2**62


def _repeated(marks: npt.NDArray[np.uint8]) -> Flags:
    """Tell which rows say exactly what an earlier row of the body says."""
    repeated = np.zeros(len(marks), np.bool_)
    half = np.sort(marks.view(np.uint64)[:, 0])
    if (half[1:] == half[:-1]).any():
        _, firsts = np.unique(marks, axis=0, return_index=True)
        repeated[:] = True
        repeated[firsts] = False
    return repeated


def _instants(readings: Sequence[Reading]) -> tuple[Integers, Codes]:
    """Return microseconds since 1970 and, where there are none, the code that says why."""
    stamps = [reading.timestamp for reading in readings]
    number = {stamp: number for number, stamp in enumerate(dict.fromkeys(stamps))}
    read = np.array([_instant(stamp) for stamp in number], np.int64).reshape(len(number), 2)
    each = read[_looked_up(stamps, number, -1)]
    return each[:, 0].copy(), each[:, 1].astype(np.uint8)


def _looked_up(texts: Sequence[Any], places: Mapping[Any, int], otherwise: int) -> Integers:
    return np.fromiter(map(places.get, texts, repeat(otherwise)), np.int64, len(texts))


def _instant(stamp: str | int) -> tuple[int, int]:
    if isinstance(stamp, int):
        if abs(stamp) < SECONDS_BELOW:
            return 0, _NUMBER[verdicts.SECONDS]
        return max(-(2**62), min(stamp * 1000, 2**62)), 0
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return 0, _NUMBER[verdicts.INVALID_TIMESTAMP]
    if moment.tzinfo is None:
        return 0, _NUMBER[verdicts.NO_ZONE]
    return periods.microseconds(moment), 0


def _columns(
    readings: Sequence[Reading], meter: Integers, ts: Integers, now_us: int
) -> tuple[Columns, Flags]:
    """Return the columns and where a number is too large to be held."""
    power, power_over = _scaled([r.power_kw for r in readings], MW_PER_KW)
    energy, energy_over = _scaled([r.energy_kwh for r in readings], MWH_PER_KWH)
    register, register_over = _scaled([r.register_kwh for r in readings], MWH_PER_KWH)
    voltage, voltage_over = _scaled([r.voltage for r in readings], MV_PER_V)
    seq = [ABSENT if r.seq is None else r.seq for r in readings]
    ids, has_id = _uuids([r.reading_id for r in readings])
    body = Columns(
        meter=meter,
        ts=ts,
        power=power,
        energy=energy,
        register=register,
        voltage=voltage,
        seq=np.array(seq, np.int64),
        received=np.full(len(readings), now_us, np.int64),
        reading_id=ids,
        extra=_extras(readings, has_id),
    )
    return body, power_over | energy_over | register_over | voltage_over


def _scaled(values: list[Any], per_unit: int) -> tuple[Integers, Flags]:
    if values.count(None) == len(values):
        return np.full(len(values), ABSENT, np.int64), np.zeros(len(values), np.bool_)
    floats = np.array(values, np.float64)
    absent = np.isnan(floats)
    over = np.abs(floats) > LARGEST / per_unit
    floats[absent | over] = 0.0
    scaled = np.rint(floats * per_unit).astype(np.int64)
    scaled[absent] = ABSENT
    return scaled, over


def _uuids(texts: list[str]) -> tuple[npt.NDArray[np.uint8], Flags]:
    """Return (n, 16) bytes, and which texts they say: UUIDs in their canonical form.

    The nil UUID would read as no id at all, so it stays a text like any other.
    """
    alike = [text if len(text) == 36 and text.isascii() else _NIL for text in texts]
    letters = np.frombuffer("".join(alike).encode(), np.uint8).reshape(-1, 36)
    halves = _HALF_BYTE.take(letters[:, _DIGITS])
    good = (halves < 16).all(axis=1) & (letters[:, _DASHES] == ord("-")).all(axis=1)
    ids: npt.NDArray[np.uint8] = (halves[:, ::2] << np.uint8(4)) | halves[:, 1::2]
    ids[~good] = 0
    return ids, np.asarray(ids.any(axis=1))


_NIL = "00000000-0000-0000-0000-000000000000"
_DASHES = np.array([8, 13, 18, 23])
_DIGITS = np.setdiff1d(np.arange(36), _DASHES)
_HALF_BYTE = np.full(256, 255, np.uint8)
_HALF_BYTE[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)


class _Extra(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    current: float | None = None
    frequency: float | None = None
    power_factor: float | None = None
    temperature: float | None = None
    status: str | None = None
    reading_id: str | None = None
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def _extras(readings: Sequence[Reading], has_id: Flags) -> list[bytes | None]:
    """Return as JSON what a reading says that has no column; None where that is nothing."""
    return [
        None if ok and _is_plain(reading) else _extra(reading, odd_id=not ok)
        for reading, ok in zip(readings, has_id.tolist(), strict=True)
    ]


def _is_plain(reading: Reading) -> bool:
    return (
        reading.metadata is msgspec.UNSET
        and reading.current is None
        and reading.frequency is None
        and reading.power_factor is None
        and reading.temperature is None
        and (reading.status is None or reading.status == "OK")
    )


def _extra(reading: Reading, *, odd_id: bool) -> bytes | None:
    extra = _Extra(
        reading.current,
        reading.frequency,
        reading.power_factor,
        reading.temperature,
        None if reading.status == "OK" else reading.status,
        reading.reading_id if odd_id else None,
        reading.metadata,
    )
    return _ENCODE.encode(extra)


def _refuse(
    codes: Codes,
    readings: Sequence[Reading],
    body: Columns,
    place: Integers,
    now_us: int,
    oldest_days: int,
) -> None:
    _note(codes, _unprintable(readings, body, place), verdicts.INVALID_TEXT)
    _note(codes, _too_long(body), verdicts.TOO_LONG)
    _note(codes, body.ts < YEAR_2000_US, verdicts.BEFORE_2000)
    _note(codes, body.ts > now_us + AHEAD_US, verdicts.IN_FUTURE)
    _note(codes, body.ts < now_us - oldest_days * DAY_US, verdicts.TOO_OLD)


def _hold(
    codes: Codes,
    readings: Sequence[Reading],
    body: Columns,
    overflow: Flags,
    place: Integers,
    registry: Registry,
) -> None:
    region, home = registry.regions, registry.region[place]
    said = _looked_up([r.region for r in readings], region, -2)
    stranger, limit, import_only = place < 0, registry.limit[place], ~registry.both[place]
    energy, register, voltage = map(_zero_if_absent, (body.energy, body.register, body.voltage))
    beyond = overflow | (np.abs(body.power) > limit) | (np.abs(energy) > limit * HOURS_A_READING)
    beyond |= (register < 0) | (voltage < 0) | (voltage > LARGEST_MV)
    if not registry.auto_register:
        _note(codes, stranger, verdicts.UNKNOWN_METER)
    _note(codes, stranger & (said < 0), verdicts.UNKNOWN_REGION)
    _note(codes, ~stranger & (home != NOWHERE) & (said != home), verdicts.REGION_MISMATCH)
    _note(codes, beyond, verdicts.BEYOND_LIMIT)
    _note(codes, import_only & ((body.power < 0) | (energy < 0)), verdicts.NEGATIVE_POWER)


def _zero_if_absent(values: Integers) -> Integers:
    return np.where(values == ABSENT, 0, values)


def _too_long(body: Columns) -> Flags:
    if max(map(len, filter(None, body.extra)), default=0) <= MAX_EXTRA_BYTES:
        return np.zeros(len(body), np.bool_)
    return np.array([len(text or b"") > MAX_EXTRA_BYTES for text in body.extra], np.bool_)


def _unprintable(readings: Sequence[Reading], body: Columns, place: Integers) -> Flags:
    """Tell where a text is no name; what the registry knows and UUIDs need no look."""
    regions = {region: _is_name(region) for region in {reading.region for reading in readings}}
    bad = np.zeros(len(readings), np.bool_)
    if not all(regions.values()):
        bad |= np.array([not regions[reading.region] for reading in readings], np.bool_)
    for row in np.flatnonzero(place < 0).tolist():
        bad[row] |= not _is_name(readings[row].meter_id)
    for row in np.flatnonzero(~body.reading_id.any(axis=1)).tolist():
        bad[row] |= not _is_name(readings[row].reading_id)
    return bad


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_TEXT and text.isprintable()
