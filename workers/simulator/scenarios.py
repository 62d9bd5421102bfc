"""What may go wrong, as pure changes to the readings of a moment.

`elapsed_s` is simulated time since the run's first reading, so that a normal start shows what
the fault changes. Faults of one region strike the first of the fleet's regions.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from workers.simulator import randomness
from workers.simulator.fleet import Fleet
from workers.simulator.randomness import Floats, Ints
from workers.simulator.readings import Mask, Readings

STRUCK_REGION: Final = 0
FAULT_AFTER_S: Final = 60
FEEDER_OUTAGE_S: Final = 300
FEEDER_SHARE: Final = 8  # a feeder carries an eighth of its region's meters
STILL_TALKING: Final = 0.30  # meters that report an outage instead of falling silent
PEAK_FACTOR: Final = (1.5, 2.0)
SKEWED: Final = 0.02
SKEW_MS: Final = (60_000, 8 * 60_000)  # beyond five minutes ahead the door refuses
LATE: Final = 0.10
HOLD_MS: Final = 180_000
STORM: Final = 0.30

Change = Callable[[Readings, Fleet, int, float], Readings]


def _unchanged(readings: Readings, fleet: Fleet, seed: int, elapsed_s: float) -> Readings:
    return readings


def _usual_demand(fleet: Fleet, seed: int) -> Floats:
    return np.ones(fleet.count)


@dataclass(frozen=True, slots=True)
class Scenario:
    """How a run departs from a normal day.

    `demand` multiplies consumption per meter, `change` alters a moment's readings (arguments:
    readings, fleet, seed, elapsed seconds), `duplicates` is the least share that is sent twice,
    `shuffled` mixes all rows of a moment, `held` marks meters that send late and in bulk.
    """

    demand: Callable[[Fleet, int], Floats] = _usual_demand
    change: Change = _unchanged
    duplicates: float = 0.0
    shuffled: bool = False
    held: float = 0.0


def _high_demand(fleet: Fleet, seed: int) -> Floats:
    low, high = PEAK_FACTOR
    return low + (high - low) * randomness.uniform(seed, "peak factor", fleet.indexes)


def _outage(readings: Readings, fleet: Fleet, seed: int, elapsed_s: float) -> Readings:
    if elapsed_s < FAULT_AFTER_S:
        return readings
    dark = fleet.region_of[readings.meter] == STRUCK_REGION
    talking = randomness.uniform(seed, "talking", readings.meter) < STILL_TALKING
    rest = randomness.uniform(seed, "rest", readings.meter)
    failing = readings.with_power(
        power_kw=np.where(dark, 0.004 * rest, readings.power_kw),
        energy_mwh=np.where(dark, 0, readings.energy_mwh),
        voltage=np.where(dark, 4.0 * rest, readings.voltage),
    )
    return replace(failing, failed=dark).take(~dark | talking)


def _feeder_outage(readings: Readings, fleet: Fleet, seed: int, elapsed_s: float) -> Readings:
    if not FAULT_AFTER_S <= elapsed_s < FAULT_AFTER_S + FEEDER_OUTAGE_S:
        return readings
    return readings.take(~feeder_meters(fleet)[readings.meter])


def feeder_meters(fleet: Fleet) -> Mask:
    """Return for each meter whether it hangs on the feeder that scenario feeder-outage cuts."""
    struck = fleet.region_of == STRUCK_REGION
    on_feeder = max(1, int(struck.sum()) // FEEDER_SHARE)
    return struck & (fleet.place_in_region < on_feeder)


def _clock_skew(readings: Readings, fleet: Fleet, seed: int, elapsed_s: float) -> Readings:
    skewed = randomness.uniform(seed, "skewed", readings.meter) < SKEWED
    share = 2 * randomness.uniform(seed, "skew", readings.meter) - 1
    least, most = SKEW_MS
    skew_ms = np.rint(np.sign(share) * least + share * (most - least)).astype(np.int64)
    return replace(readings, at_ms=readings.at_ms + np.where(skewed, skew_ms, 0))


SCENARIOS: Final = {
    "normal": Scenario(),
    "peak": Scenario(demand=_high_demand),
    "outage": Scenario(change=_outage),
    "feeder-outage": Scenario(change=_feeder_outage),
    "clock-skew": Scenario(change=_clock_skew),
    "late": Scenario(held=LATE),
    "duplicate-storm": Scenario(duplicates=STORM, shuffled=True),
}


def held_meters(scenario: Scenario, fleet: Fleet, seed: int) -> Mask:
    """Return for each meter whether it keeps its readings back and sends them in bulk."""
    return randomness.uniform(seed, "held", fleet.indexes) < scenario.held


def bulk_number(meter: Ints, at_ms: Ints | int, seed: int) -> Ints:
    """Return the bulk that a held reading goes out with: a number that rises every HOLD_MS.

    Meters have their own phase. A bulk leaves as soon as the moment's own number is higher.
    """
    phase_ms = (HOLD_MS * randomness.uniform(seed, "hold", meter)).astype(np.int64)
    numbers: Ints = (at_ms + phase_ms) // HOLD_MS
    return numbers


def sending_order(count: int, *, share: float, shuffled: bool, seed: int, moment: int) -> Ints:
    """Return the rows to send of `count`, some of them twice, in the order they leave.

    Half of the repeats go right behind their original, half anywhere later, which may be another
    body on its way at the same time.
    """
    rows = np.arange(count, dtype=np.int64)
    chosen = rows[randomness.uniform(seed, "repeat", rows, moment) < share]
    far = randomness.uniform(seed, "far", chosen, moment)
    distance = np.where(far < 0.5, 0.25, (count - chosen) * (2 * far - 1))
    places = np.concatenate([rows.astype(np.float64), chosen + distance])
    sent = np.concatenate([rows, chosen])
    if shuffled:
        places = randomness.uniform(seed, "shuffle", np.arange(len(sent)), moment)
    return sent[np.argsort(places, kind="stable")]
