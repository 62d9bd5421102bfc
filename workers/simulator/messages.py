"""Readings in the form that meters send them, JSON by msgspec, without a Python step a field."""

from datetime import UTC, datetime

import msgspec
import numpy as np

from workers.simulator import fleet as fleets
from workers.simulator import randomness
from workers.simulator.fleet import Fleet
from workers.simulator.households import Households
from workers.simulator.randomness import Ints
from workers.simulator.readings import Readings

OK, ERROR = "OK", "ERROR"
_HEX = np.array([list(f"{byte:02x}".encode()) for byte in range(256)], np.uint8)
_UUID_LENGTH = 36
_UUID_DIGITS = [place for place in range(_UUID_LENGTH) if place not in (8, 13, 18, 23)]
_VERSION_DIGIT, _VARIANT_DIGIT = 14, 19


class Message(msgspec.Struct, rename="camel", frozen=True):
    """One reading on the wire."""

    reading_id: str
    meter_id: str
    user_id: str
    timestamp: str
    power_kw: float
    energy_kwh: float
    voltage: float
    region: str
    seq: int
    status: str
    metadata: msgspec.Raw


class Writer:
    """Turns readings of a fleet into bodies; what never changes of a meter is made once."""

    def __init__(self, households: Households, *, mode: str, seed: int) -> None:
        fleet = households.fleet
        self._seed = seed
        self._serials = [fleets.serial(index) for index in range(fleet.count)]
        self._users = [fleets.user(index) for index in range(fleet.count)]
        self._regions = _regions(fleet)
        self._metadata = [
            msgspec.Raw(msgspec.json.encode({"mode": mode, "baseLoad": round(peak_kw, 3)}))
            for peak_kw in households.traits.peak_kw.tolist()
        ]
        self._encoder = msgspec.json.Encoder()

    def body(self, readings: Readings) -> bytes:
        """Return a bare JSON array of the readings."""
        meters = readings.meter.tolist()
        messages = map(
            Message,
            reading_ids(self._seed, readings.meter, readings.at_ms),
            map(self._serials.__getitem__, meters),
            map(self._users.__getitem__, meters),
            timestamps(readings.at_ms),
            # + 0.0 makes a negative zero a plain one
            (np.rint(readings.power_kw * 1e3) / 1e3 + 0.0).tolist(),
            (readings.energy_mwh / 1e6).tolist(),
            (np.rint(readings.voltage * 10) / 10).tolist(),
            map(self._regions.__getitem__, meters),
            readings.seq.tolist(),
            [ERROR if failed else OK for failed in readings.failed.tolist()],
            map(self._metadata.__getitem__, meters),
        )
        return self._encoder.encode(list(messages))


def _regions(fleet: Fleet) -> list[str]:
    return [fleet.regions[place] for place in fleet.region_of.tolist()]


def timestamps(at_ms: Ints) -> list[str]:
    """Return `2026-11-24T10:00:00.000Z` for milliseconds since 1970."""
    distinct, places = np.unique(at_ms, return_inverse=True)
    texts = [_timestamp(moment) for moment in distinct.tolist()]
    return [texts[place] for place in places.tolist()]


def _timestamp(at_ms: int) -> str:
    seconds, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def reading_ids(seed: int, meter: Ints, at_ms: Ints) -> list[str]:
    """Return a UUID for each reading (version 8 of RFC 9562: made from seed, meter and stamp)."""
    halves = [randomness.bits(seed, half, meter, at_ms) for half in ("id high", "id low")]
    octets = np.stack(halves, axis=1).view(np.uint8)
    text = np.full((len(meter), _UUID_LENGTH), ord("-"), np.uint8)
    text[:, _UUID_DIGITS] = _HEX[octets].reshape(len(meter), -1)
    text[:, _VERSION_DIGIT] = ord("8")
    text[:, _VARIANT_DIGIT] = np.frombuffer(b"89ab", np.uint8)[octets[:, 8] & 3]
    joined = text.tobytes().decode()
    return [joined[at : at + _UUID_LENGTH] for at in range(0, len(joined), _UUID_LENGTH)]
