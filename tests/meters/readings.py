"""Readings for tests, as columns and as stream messages."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from meters import columns
from meters.columns import ABSENT, Batch, Columns
from meters.models import Meter
from segs_site.lib.quantities import MW_PER_KW, MWH_PER_KWH
from workers.stream import names
from workers.stream.message import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Row = tuple[Meter, datetime, float, float | None]  # meter, stamp, kW, kWh


def microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def table(rows: Sequence[Row], *, received: datetime | None = None) -> Columns:
    """Columns of readings that say power and, where given, energy."""
    count = len(rows)
    absent = np.full(count, ABSENT, np.int64)
    energy = [ABSENT if kwh is None else round(kwh * MWH_PER_KWH) for *_, kwh in rows]
    arrival = microseconds(received) if received else (microseconds(rows[-1][1]) if rows else 0)
    return Columns(
        meter=np.array([meter.pk for meter, *_ in rows], np.int64),
        ts=np.array([microseconds(stamp) for _, stamp, *_ in rows], np.int64),
        power=np.array([round(kw * MW_PER_KW) for _, _, kw, _ in rows], np.int64),
        energy=np.array(energy, np.int64),
        register=absent,
        voltage=absent,
        seq=absent,
        received=np.full(count, arrival, np.int64),
        reading_id=np.zeros((count, 16), np.uint8),
        extra=[None] * count,
    )


def message(rows: Sequence[Row], *, at: datetime, sequence: int = 0) -> Message:
    """The stream entry that carries `rows`, as if appended at a moment."""
    packed = columns.pack(Batch(table(rows)))
    return Message(f"{microseconds(at) // 1000}-{sequence}", {names.PACKED: packed})


def every(
    meter: Meter, start: datetime, *, seconds: int, count: int, kw: float, kwh: float | None = None
) -> list[Row]:
    """`count` readings of constant power, the first at the end of the first interval."""
    step = timedelta(seconds=seconds)
    return [(meter, start + step * (place + 1), kw, kwh) for place in range(count)]
