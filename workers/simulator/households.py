"""What each household draws at any instant: pure, vectorised, a function of the seed alone.

At every whole minute a household has a smooth level: its way of life by the hour, moved by the
weather and by noise that persists, less what the sun yields on its roof. Between two minutes the
level is a straight line; appliances switch on top of it to the millisecond. So power and energy
belong together exactly: the energy of (a, b] is the integral of the power, taken minute by
minute. Within a minute it is counted in whole milliwatt-hours from the minute's start, so the
energies of any intervals that make up a minute add up to the minute's, to the milliwatt-hour.
"""

from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from workers.simulator import appliances, climate, moments, randomness
from workers.simulator.fleet import Fleet
from workers.simulator.moments import MINUTE_MS, Moment
from workers.simulator.randomness import Floats, Ints

KW_MS_PER_MWH: Final = 3.6  # kW·ms in a milliwatt-hour
NOMINAL_V: Final = 230.0
COMFORT_C: Final = (17.0, 24.0)  # below it people heat, above it they cool
SMALLEST_KW: Final = 0.02  # a router and a clock
FAST_NOISE_MINUTES: Final = 9
SLOW_NOISE_MINUTES: Final = 170

# Percent of a household's evening peak by local hour, 0 to 23, for three ways of life. All meet at
# midnight, so that a day passes into a weekend without a jump.
WEEKDAYS: Final = (
    "36 30 28 27 27 31 46 66 62 46 39 37 39 39 38 41 48 64 84 98 100 90 68 48",
    "36 30 28 27 28 34 52 68 66 56 50 50 56 54 48 50 58 70 86 98 100 92 70 48",
    "36 30 29 28 29 34 48 60 66 64 62 62 68 64 58 58 62 70 82 94 96 88 68 48",
)
WEEKENDS: Final = (
    "36 33 30 28 27 28 34 46 60 70 72 70 72 70 64 62 66 72 82 92 94 88 72 52",
    "36 32 29 28 28 30 38 52 66 74 74 72 76 72 66 64 68 74 84 94 96 90 72 52",
    "36 31 29 28 29 32 42 56 66 68 66 66 72 68 60 60 64 72 82 92 94 86 68 48",
)
_SHARES: Final = (
    np.array([[row.split() for row in days] for days in (WEEKDAYS, WEEKENDS)], np.float64) / 100
)
LIVING_SHARES: Final = (0.42, 0.36, 0.22)  # out at work, family, at home


@dataclass(frozen=True, slots=True)
class Traits:
    """What a household keeps all its life; one entry per meter."""

    peak_kw: Floats
    standby_kw: Floats
    living: Ints
    late_minutes: Floats
    cooling: Floats
    heating: Floats
    roof_kw: Floats


def traits(fleet: Fleet, seed: int) -> Traits:
    """Return the households behind the meters of `fleet`: 2 to 8 kW each at the evening peak."""

    def draw(purpose: str) -> Floats:
        return randomness.uniform(seed, purpose, fleet.indexes)

    has_cooling, has_heating = draw("has cooling") < 0.45, draw("has heating") < 0.35
    return Traits(
        peak_kw=2.0 + 6.0 * draw("peak") ** 2,
        standby_kw=0.05 + 0.15 * draw("standby"),
        living=np.searchsorted(np.cumsum(LIVING_SHARES[:-1]), draw("living"), side="right"),
        late_minutes=np.rint(90 * (draw("late") - 0.5)),
        cooling=np.where(has_cooling, 0.01 + 0.02 * draw("cooling"), 0.0),
        heating=np.where(has_heating, 0.01 + 0.02 * draw("heating"), 0.0),
        roof_kw=np.where(fleet.solar, 2.0 + 2.5 * draw("roof"), 0.0),
    )


@dataclass(frozen=True, slots=True)
class Minute:
    """All households in one minute: level at its start and end (kW) and appliances in use."""

    opening_kw: Floats
    closing_kw: Floats
    uses: appliances.Uses
    factor: Floats

    def power_kw(self, ms: float) -> Floats:
        """Return the net power at `ms` into the minute, 0 < ms ≤ 60,000; negative feeds in."""
        smooth = self.opening_kw + (self.closing_kw - self.opening_kw) * (ms / MINUTE_MS)
        return smooth + self.factor * self.uses.kw_at(ms, len(smooth))

    def energy_mwh(self, ms: float) -> Ints:
        """Return the net energy from the minute's start to `ms` into it, in whole mWh."""
        slope = (self.closing_kw - self.opening_kw) / MINUTE_MS
        smooth = (self.opening_kw + slope * ms / 2) * ms
        total = smooth + self.factor * self.uses.kw_ms_until(ms, len(smooth))
        return np.rint(total / KW_MS_PER_MWH).astype(np.int64)


class Households:
    """The households of a fleet; `factor` multiplies what they consume, not what roofs yield.

    It remembers the minutes last asked for and nothing else: every answer is a function of
    (fleet, seed, zone, factor) and the instant.
    """

    def __init__(
        self, fleet: Fleet, *, seed: int, zone: ZoneInfo, factor: Floats | float = 1.0
    ) -> None:
        self.fleet = fleet
        self.traits = traits(fleet, seed)
        self._seed = seed
        self._zone = zone
        self._factor = np.broadcast_to(np.asarray(factor, np.float64), (fleet.count,))
        self._minutes: dict[int, Minute] = {}

    def power_kw(self, at_ms: int) -> Floats:
        """Return each meter's net power at an instant (ms since 1970), unrounded."""
        minute, ms = _ending(at_ms)
        return self._minute(minute).power_kw(ms)

    def energy_mwh(self, start_ms: int, end_ms: int) -> Ints:
        """Return each meter's net energy of (start, end] in milliwatt-hours, exactly additive."""
        minute, ms = divmod(start_ms, MINUTE_MS)
        last_minute, last_ms = _ending(end_ms)
        total = -self._minute(minute).energy_mwh(ms)
        for whole in range(minute, last_minute):
            total = total + self._minute(whole).energy_mwh(MINUTE_MS)
        return total + self._minute(last_minute).energy_mwh(last_ms)

    def voltage(self, at_ms: int, power_kw: Floats) -> Floats:
        """Return each meter's voltage, which sags with its own draw and wanders by itself."""
        wander = randomness.drift(
            self._seed, "voltage", self.fleet.indexes, at_ms / MINUTE_MS, every=30
        )
        return NOMINAL_V + 2.0 + 1.6 * wander - 0.7 * np.clip(power_kw, -6.0, 12.0)

    def _minute(self, minute: int) -> Minute:
        if minute not in self._minutes:
            before = self._minutes.get(minute - 1)
            opening = self._level(minute) if before is None else before.closing_kw
            here = moments.at(minute, self._zone)
            uses = appliances.in_minute(self._seed, self.fleet.indexes, here)
            made = Minute(opening, self._level(minute + 1), uses, self._factor)
            kept = {} if before is None else {minute - 1: before}
            self._minutes = kept | {minute: made}
        return self._minutes[minute]

    def _level(self, minute: int) -> Floats:
        here = moments.at(minute, self._zone)
        temperature_c = climate.temperatures(self.fleet.regions, self._seed, here)
        sun = climate.sunshine(self.fleet.regions, self._seed, here)
        demand = self._habit(here) * self._weather(temperature_c) * self._noise(minute)
        demand = np.maximum(self.traits.standby_kw + self.traits.peak_kw * demand, SMALLEST_KW)
        return demand * self._factor - self.traits.roof_kw * sun[self.fleet.region_of]

    def _habit(self, here: Moment) -> Floats:
        """Return each household's share of its peak at its own time of day, late or early."""
        own_minutes = here.local_minute - self.traits.late_minutes
        return _by_hour(own_minutes, self.traits.living)

    def _weather(self, temperature_c: Floats) -> Floats:
        cold = np.maximum(0.0, COMFORT_C[0] - temperature_c)[self.fleet.region_of]
        hot = np.maximum(0.0, temperature_c - COMFORT_C[1])[self.fleet.region_of]
        return 1.0 + self.traits.cooling * hot + self.traits.heating * cold

    def _noise(self, minute: int) -> Floats:
        who = self.fleet.indexes
        fast = randomness.drift(self._seed, "fast", who, minute, every=FAST_NOISE_MINUTES)
        slow = randomness.drift(self._seed, "slow", who, minute, every=SLOW_NOISE_MINUTES)
        return np.maximum(0.2, 1.0 + 0.12 * fast + 0.16 * slow)


def _ending(at_ms: int) -> tuple[int, int]:
    """Return the minute that an instant ends or lies in, and how far in: 0 < ms ≤ 60,000."""
    minute, ms = divmod(at_ms - 1, MINUTE_MS)
    return minute, ms + 1


def _by_hour(local_minutes: Floats, living: Ints) -> Floats:
    days, minutes = np.divmod(local_minutes, 1440)
    weekend = (days.astype(np.int64) + 3) % 7 >= 5  # 1970 began on a Thursday
    hours = minutes / 60
    hour = hours.astype(np.int64)
    here = _SHARES[weekend.astype(np.int64), living, hour]
    following = _SHARES[weekend.astype(np.int64), living, (hour + 1) % 24]
    return here + (following - here) * (hours - hour)
