"""What the door must know of meters, regions and keys: small enough to hold, quick to ask.

Built from the database, mirrored in the broker, so that ingest works and starts while the
database is away.
"""

from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

import msgspec
import numpy as np
import numpy.typing as npt

NOWHERE = -1  # region of a meter that is installed nowhere now

Integers = npt.NDArray[np.int64]


class Snapshot(msgspec.Struct, frozen=True):
    """The registry as it is mirrored: parallel lists, one place a meter.

    `region` holds places in `regions`, or NOWHERE; `limit` milliwatts; `both` 1 where energy may
    flow both ways.
    """

    version: int
    shards: int
    auto_register: bool
    oldest_days: int
    regions: list[str]
    serial: list[str]
    meter: list[int]
    region: list[int]
    limit: list[int]
    both: list[int]
    default_limit: int
    keys: dict[str, "Key"]


class Key(msgspec.Struct, frozen=True):
    """A key that opens ingest: its name, and when it ends (None: never)."""

    name: str
    expires_at: datetime | None = None


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Snapshot)


def pack(snapshot: Snapshot) -> bytes:
    """Return the bytes of the mirror."""
    return _ENCODER.encode(snapshot)


@dataclass(frozen=True, slots=True)
class Registry:
    """A snapshot indexed for asking a thousand meters at once.

    The last place of each array answers for a meter that is not known.
    """

    version: int
    shards: int
    auto_register: bool
    oldest_days: int
    place: dict[str, int]
    regions: dict[str, int]
    meter: Integers
    shard: Integers
    region: Integers
    limit: Integers
    both: npt.NDArray[np.bool_]
    keys: dict[str, Key]


def shard_of(serial: str, shards: int) -> int:
    """Return the shard a meter's readings travel in, for as long as there are `shards`."""
    return crc32(serial.encode()) % shards


def unpack(packed: bytes) -> Registry:
    """Return the registry in a mirror; raises msgspec.DecodeError on other bytes."""
    return index(_DECODER.decode(packed))


def index(snapshot: Snapshot) -> Registry:
    """Return a snapshot ready for questions."""
    return Registry(
        version=snapshot.version,
        shards=snapshot.shards,
        auto_register=snapshot.auto_register,
        oldest_days=snapshot.oldest_days,
        place={serial: place for place, serial in enumerate(snapshot.serial)},
        regions={code: place for place, code in enumerate(snapshot.regions)},
        meter=np.array([*snapshot.meter, -1], np.int64),
        shard=np.array([shard_of(s, snapshot.shards) for s in snapshot.serial] + [-1], np.int64),
        region=np.array([*snapshot.region, NOWHERE], np.int64),
        limit=np.array([*snapshot.limit, snapshot.default_limit], np.int64),
        # A meter nobody described may do both: its first negative value is not its fault.
        both=np.array([*snapshot.both, 1], np.bool_),
        keys=snapshot.keys,
    )
