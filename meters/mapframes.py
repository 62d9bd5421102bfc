"""States of meters as binary frames: 2 bits a meter, so that 5,000 meters are 1.3 KB.

Little-endian. Header, 40 bytes: u8 kind (1 snapshot, 2 delta), u8 format (1), u16 zero, u32
sequence, u32 topology version, u32 meters n, u32 reporting, u32 silent, f64 as-of and f64 newest
reading, both in epoch milliseconds (newest is 0 when there is none). A snapshot follows with
ceil(n / 4) bytes, lowest bits first; a delta, which applies to the frame before it, with a u32
count and as many u32 `index * 4 + state`. Meters stand in the order of the topology.
"""

import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SNAPSHOT, DELTA = 1, 2
FORMAT = 1
NORMAL, HIGH, ALARM, SILENT = 0, 1, 2, 3
HIGH_SHARE = 0.9  # of what a meter can carry: an operator looks before it is the limit
SILENT_AFTER_INTERVALS = 3  # one lost reading is everyday, three are not
_HEADER = struct.Struct("<BBHIIIIIdd")
_COUNT = struct.Struct("<I")

States = npt.NDArray[np.uint8]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Moment:
    """What every frame says of itself; times in epoch milliseconds."""

    sequence: int
    version: int
    as_of_ms: float
    newest_ms: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame taken apart: a snapshot has all `states`, a delta `changed` indexes and theirs."""

    kind: int
    moment: Moment
    meters: int
    reporting: int
    silent: int
    states: States
    changed: npt.NDArray[np.uint32] | None = None


def judge(
    *,
    power_mw: Integers,
    received_us: Integers,
    limit_mw: Integers,
    interval_us: Integers,
    now_us: int,
) -> States:
    """Return the state of each meter; `received_us` is 0 for one that never reported.

    A meter is silent when its latest reading came in more than three of its intervals ago.
    """
    states = np.where(np.abs(power_mw) > HIGH_SHARE * limit_mw, HIGH, NORMAL).astype(np.uint8)
    states[now_us - received_us > SILENT_AFTER_INTERVALS * interval_us] = SILENT
    return states


def snapshot(states: States, moment: Moment) -> bytes:
    """Return the frame that holds every state."""
    quads = np.zeros((-(-len(states) // 4), 4), np.uint8)
    quads.reshape(-1)[: len(states)] = states
    packed = quads[:, 0] | quads[:, 1] << 2 | quads[:, 2] << 4 | quads[:, 3] << 6
    return _header(SNAPSHOT, states, moment) + packed.astype(np.uint8).tobytes()


def delta(states: States, before: States, moment: Moment) -> bytes:
    """Return the frame that turns the states `before` into `states`, of equal length."""
    changed = np.flatnonzero(states != before)
    entries = (changed * 4 + states[changed]).astype("<u4")
    return _header(DELTA, states, moment) + _COUNT.pack(len(changed)) + entries.tobytes()


def is_small(states: States, before: States) -> bool:
    """Tell whether a delta is smaller than a snapshot."""
    return int((states != before).sum()) * 16 < len(states)


def _header(kind: int, states: States, moment: Moment) -> bytes:
    silent = int((states == SILENT).sum())
    return _HEADER.pack(
        kind,
        FORMAT,
        0,
        moment.sequence,
        moment.version,
        len(states),
        len(states) - silent,
        silent,
        moment.as_of_ms,
        moment.newest_ms,
    )


def read(frame: bytes) -> Frame:
    """Take a frame apart; raises ValueError on another format."""
    kind, form, _, sequence, version, meters, reporting, silent, as_of, newest = (
        _HEADER.unpack_from(frame)
    )
    if form != FORMAT or kind not in (SNAPSHOT, DELTA):
        message = f"kind {kind}, format {form} is no map frame of format {FORMAT}"
        raise ValueError(message)
    moment = Moment(sequence, version, as_of, newest)
    if kind == SNAPSHOT:
        packed = np.frombuffer(frame, np.uint8, offset=_HEADER.size)
        quads = packed[:, None] >> np.array([0, 2, 4, 6], np.uint8) & 3
        states = quads.astype(np.uint8).reshape(-1)[:meters]
        return Frame(kind, moment, meters, reporting, silent, states)
    entries = np.frombuffer(frame, "<u4", offset=_HEADER.size + _COUNT.size)
    states = (entries & 3).astype(np.uint8)
    return Frame(kind, moment, meters, reporting, silent, states, (entries >> 2).astype("u4"))
