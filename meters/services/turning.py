"""Registers that stand lower than before: such readings wait, and until then book nothing.

Three reads in a row that go on from there bear it out: a rollover is counted, of a reset nothing
is. A person may say so before. Only a meter whose register went back costs a question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import numpy as np

from meters import registers, verdicts
from meters.choices import QuarantineState, Turn
from meters.columns import ABSENT, Columns, Flags, Held, Integers
from meters.models import (
    LatestReading,
    Meter,
    MeterInstallation,
    QuarantinedReading,
    Reading,
    RegisterTurn,
)
from meters.registers import Dial, Read
from segs_site.lib import periods
from segs_site.lib.quantities import MW_PER_KW, MWH_PER_KWH

REASONS = (verdicts.REGISTER_ROLLOVER, verdicts.REGISTER_DIP)
_TOO_MUCH = "its register cannot have moved so far, or its width is not known"
BORNE_OUT = "the next reads bore it out"


class NotARollover(Exception):
    """The reading is held for another reason, or its register's width is not known."""


@dataclass(frozen=True, slots=True)
class _Waits:
    """A read below where the register stood: a row of the batch, or held already."""

    read: Read
    row: int | None = None
    pk: int | None = None


def withheld(
    readings: Columns, *, known: Integers, known_at: Integers, now: datetime
) -> dict[int, str]:
    """Return which rows wait for a decision, and why; turns that are borne out are written.

    Rows in order of meter and time; `known` and `known_at` as for `registers.going_back`.
    """
    back = registers.going_back(readings.meter, readings.ts, readings.register, known, known_at)
    if not back.any():
        return {}
    held: dict[int, str] = {}
    for pk, meter in Meter.objects.in_bulk(np.unique(readings.meter[back]).tolist()).items():
        has_read = (readings.meter == pk) & (readings.register != ABSENT)
        rows = np.flatnonzero(has_read).tolist()
        held |= _walk(meter, [(row, _read(readings, row)) for row in rows], now)
    return held


def _read(readings: Columns, row: int) -> Read:
    return Read(periods.instant(int(readings.ts[row])), int(readings.register[row]))


def _walk(meter: Meter, rows: Sequence[tuple[int, Read]], now: datetime) -> dict[int, str]:
    stands = _stands(meter) or rows[0][1]
    dial, chain = _dial(meter, stands.at), _waiting(meter, stands.at)
    held: dict[int, str] = {}
    for row, read in rows:
        if read.at <= stands.at:
            continue  # it came late, or was held and is decided
        if read.mwh >= stands.mwh:
            stands, chain = read, []
            continue
        if chain and read.mwh < chain[-1].read.mwh:
            chain = []
        chain.append(_Waits(read, row=row))
        held[row] = _reason(stands, chain[0].read, dial)
        if registers.bear_out([each.read for each in chain]):
            _turn(meter, stands, chain[0].read, dial, None, _Said(now))
            _release(chain, _Said(now))
            held = {row: why for row, why in held.items() if row not in {e.row for e in chain}}
            stands, chain = chain[-1].read, []
    return held


def _stands(meter: Meter) -> Read | None:
    latest = LatestReading.objects.filter(meter=meter).first()
    if latest is None or latest.register_mwh is None or latest.register_at is None:
        return None
    return Read(latest.register_at, latest.register_mwh)


def _dial(meter: Meter, at: datetime) -> Dial:
    place = MeterInstallation.objects.filter(meter=meter, during__contains=at).first()
    ratio = place.multiplier if place else Decimal(1)
    return Dial(meter.register_digits, round(meter.limit_kw * MW_PER_KW / float(ratio)))


def _reason(before: Read, after: Read, dial: Dial) -> str:
    is_roll = registers.rolled(before, after, dial) is not None
    return verdicts.REGISTER_ROLLOVER if is_roll else verdicts.REGISTER_DIP


def _waiting(meter: Meter, since: datetime) -> list[_Waits]:
    """Return the newest held reads that follow each other upwards, in order."""
    runs = _runs(meter, since)
    return runs[-1] if runs else []


def _runs(meter: Meter, since: datetime) -> list[list[_Waits]]:
    """Return the held reads in order, cut wherever one is below the one before."""
    runs: list[list[_Waits]] = []
    open_ones = QuarantinedReading.objects.filter(
        serial=meter.serial, reason__in=REASONS, state=QuarantineState.OPEN, ts__gt=since
    )
    for held in open_ones.order_by("ts"):
        read = read_of(held)
        if read is None:
            continue
        if not runs or read.mwh < runs[-1][-1].read.mwh:
            runs.append([])
        runs[-1].append(_Waits(read, pk=held.pk))
    return runs


def read_of(held: QuarantinedReading) -> Read | None:
    """Return where the register stood by a held reading; None where it does not say."""
    said = msgspec.json.decode(held.raw).get("registerKwh")
    if held.ts is None or said is None:
        return None
    return Read(held.ts, round(said * MWH_PER_KWH))


@dataclass(frozen=True, slots=True)
class _Said:
    """Who says what a register did, and when; nobody: the next reads."""

    now: datetime
    by: str = ""
    note: str = ""


def _turn(
    meter: Meter, before: Read, after: Read, dial: Dial, kind: Turn | None, said: _Said
) -> None:
    """Write that a register goes on from a lower value; `kind` None: whichever it can be."""
    rolled = registers.rolled(before, after, dial)
    if kind is None:
        kind = Turn.RESET if rolled is None else Turn.ROLLOVER
    RegisterTurn.objects.create(
        meter=meter,
        kind=kind,
        before_at=before.at,
        before_mwh=before.mwh,
        at=after.at,
        after_mwh=after.mwh,
        used_mwh=rolled or 0 if kind is Turn.ROLLOVER else 0,
        decided_by=said.by,
        decided_at=said.now,
        note=said.note,
    )


def _release(chain: Sequence[_Waits], said: _Said) -> None:
    """Adopt those of a run that are held already."""
    pks = [each.pk for each in chain if each.pk is not None]
    QuarantinedReading.objects.filter(pk__in=pks, state=QuarantineState.OPEN).update(
        state=QuarantineState.ADOPTED,
        decided_by=said.by,
        decided_at=said.now,
        note=said.note or ("" if said.by else BORNE_OUT),
    )


def decide(
    *, held: QuarantinedReading, meter: Meter, kind: Turn, by: str, note: str, now: datetime
) -> None:
    """Say what a held read was; those held after it that go on from it are adopted with it.

    The caller holds the row's lock, and adopts it. Raises NotARollover where it cannot be one.
    """
    read = read_of(held)
    if read is None:
        return
    LatestReading.objects.select_for_update().filter(meter=meter).first()
    before = _before(meter, read.at)
    if before is None or before.mwh <= read.mwh:
        return  # decided with another one
    dial = _dial(meter, before.at)
    chain = _upwards(meter, before.at, held.pk)
    first = chain[0].read if chain else read
    if kind is Turn.ROLLOVER and registers.rolled(before, first, dial) is None:
        raise NotARollover(_TOO_MUCH)
    said = _Said(now, by, note)
    _turn(meter, before, first, dial, kind, said)
    _release([each for each in chain if each.pk != held.pk], said)
    last = chain[-1].read if chain else read
    LatestReading.objects.filter(meter=meter, register_at__lte=last.at).update(
        register_mwh=last.mwh, register_at=last.at
    )


def _before(meter: Meter, at: datetime) -> Read | None:
    stands = _stands(meter)
    if stands is not None and stands.at < at:
        return stands
    row = (
        Reading.objects.filter(meter=meter, ts__lt=at, register_mwh__isnull=False)
        .order_by("-ts")
        .first()
    )
    return Read(row.ts, row.register_mwh) if row and row.register_mwh is not None else None


def _upwards(meter: Meter, since: datetime, pk: int) -> list[_Waits]:
    """Return the run of held reads, each not below the one before, in which one stands."""
    runs = _runs(meter, since)
    return next((run for run in runs if any(each.pk == pk for each in run)), [])


def whole(readings: Columns, row: int, short: bytes) -> bytes:
    """Return a reading's JSON with all it came with, so that nothing is lost while it waits."""
    said = msgspec.json.decode(short, type=dict[str, msgspec.Raw])
    extra = readings.extra[row]
    if extra is not None:
        said |= msgspec.json.decode(extra, type=dict[str, msgspec.Raw])
    own = {}
    if readings.seq[row] != ABSENT:
        own["seq"] = msgspec.Raw(str(int(readings.seq[row])).encode())
    if readings.reading_id[row].any():
        name = str(UUID(bytes=readings.reading_id[row].tobytes()))
        own["readingId"] = msgspec.Raw(msgspec.json.encode(name))
    return msgspec.json.encode(said | own)


def as_held(readings: Columns, row: int, reason: str, serial: str, short: bytes) -> Held:
    """Return a row as it waits in quarantine."""
    return Held(serial, int(readings.ts[row]), "", reason, whole(readings, row, short))


def flags(held: dict[int, str], count: int) -> Flags:
    """Return the rows that do not wait."""
    kept = np.ones(count, np.bool_)
    kept[list(held)] = False
    return kept
