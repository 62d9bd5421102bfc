"""What healthy meters measure: households, electric cars, shops, empty flats, and noise.

Households with their kettles, ovens and solar roofs are the simulator's. Added here is what
tempts an alarm without being a fault: a car that charges for hours, a shop that opens and closes
on the minute, a flat where nobody lives and nothing is drawn, and voltage that wanders with the
transformer and jitters with each reading.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from benchmarks.alerts_layout import REGIONS, Layout
from workers.simulator import moments, randomness
from workers.simulator.fleet import Fleet
from workers.simulator.households import Households

Floats = npt.NDArray[np.float64]

ZONE = ZoneInfo("Europe/Brussels")
CAR_SHARE, SHOP_SHARE, EMPTY_SHARE = 0.12, 0.04, 0.01
CHARGERS_KW = (3.7, 7.4, 11.0)
CHARGES_ON = 0.6  # of the evenings
DAY_MINUTES = 1440
VOLTAGE_JITTER = 0.4
NEIGHBOURS_V = 1.2  # what a transformer's voltage wanders by, for all that hang on it


@dataclass(frozen=True, slots=True)
class Peak:
    """Demand of all households multiplied by `factor` at the top, between two instants (ms)."""

    start_ms: int
    end_ms: int
    factor: float

    def at(self, ms: int) -> float:
        """Return what demand is multiplied by: up and down again in a half sine."""
        share = (ms - self.start_ms) / (self.end_ms - self.start_ms)
        return 1.0 + (self.factor - 1.0) * float(np.sin(np.pi * np.clip(share, 0.0, 1.0)))


class Life:
    """Power and voltage of every meter at an instant; a function of the seed alone."""

    def __init__(self, layout: Layout, *, seed: int, peak: Peak | None = None) -> None:
        fleet = Fleet(layout.meters, REGIONS)
        self._layout = layout
        self._seed = seed
        self._who = fleet.indexes
        self._peak = peak
        self._homes = Households(fleet, seed=seed, zone=ZONE)
        kind = self._draw("sort of place")
        self.is_empty = kind < EMPTY_SHARE
        self.is_shop = (kind >= EMPTY_SHARE) & (kind < EMPTY_SHARE + SHOP_SHARE)
        self.has_roof = fleet.solar & ~self.is_empty & ~self.is_shop
        has_car = (self._draw("car") < CAR_SHARE) & ~self.is_empty & ~self.is_shop
        charger = np.array(CHARGERS_KW)[(self._draw("charger") * 3).astype(np.int64)]
        self.car_kw = np.where(has_car, charger, 0.0)
        self.shop_kw = 3.0 + 12.0 * self._draw("shop")
        self.usual_peak_kw = np.where(self.is_shop, self.shop_kw, self._homes.traits.peak_kw)

    def power_kw(self, at_ms: int) -> Floats:
        """Return the net power of each meter; negative feeds in."""
        factor = self._peak.at(at_ms) if self._peak else 1.0
        homes = self._homes.power_kw(at_ms)
        homes = np.where(homes > 0, homes * factor, homes) + self._charging(at_ms)
        power = np.where(self.is_shop, self._shops(at_ms) * factor, homes)
        return np.where(self.is_empty, 0.0, power)

    def voltage(self, at_ms: int, power_kw: Floats) -> Floats:
        """Return the voltage at each meter."""
        minute = at_ms / moments.MINUTE_MS
        shared = randomness.drift(
            self._seed, "transformer", self._layout.transformer, minute, every=15
        )
        jitter = randomness.normal(self._seed, "jitter", self._who, at_ms // 1000)
        own = self._homes.voltage(at_ms, power_kw)
        return own + NEIGHBOURS_V * shared + VOLTAGE_JITTER * jitter

    def _draw(self, purpose: str, moment: int = 0) -> Floats:
        return randomness.uniform(self._seed, purpose, self._who, moment)

    def _charging(self, at_ms: int) -> Floats:
        """Return what each car draws: plugged in between 17 and 24 o'clock, for 1 to 6 hours."""
        here = moments.at(at_ms // moments.MINUTE_MS, ZONE)
        total = np.zeros(len(self._who))
        for day in (here.local_minute // DAY_MINUTES - 1, here.local_minute // DAY_MINUTES):
            starts = (17 + 7 * self._draw("plugged in", day)) * 60
            lasts = (1 + 5 * self._draw("charged for", day)) * 60
            since = here.local_minute - day * DAY_MINUTES - starts
            charges = (since >= 0) & (since < lasts) & (self._draw("plugs in", day) < CHARGES_ON)
            total += np.where(charges, self.car_kw, 0.0)
        return total

    def _shops(self, at_ms: int) -> Floats:
        """Return what shops draw: open from 8 or 9 to 18 to 21 o'clock but on Sundays."""
        here = moments.at(at_ms // moments.MINUTE_MS, ZONE)
        opens = 8 * 60 + np.rint(60 * self._draw("opens"))
        closes = 18 * 60 + np.rint(180 * self._draw("closes"))
        day, minute = divmod(here.local_minute, DAY_MINUTES)
        is_open = (minute >= opens) & (minute < closes) & ((day + 3) % 7 != 6)
        noise = randomness.drift(self._seed, "shop noise", self._who, here.minute, every=12)
        level = np.where(is_open, 1.0, 0.15) * (1.0 + 0.1 * noise)
        return self.shop_kw * np.maximum(level, 0.05)


def ms_of(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return moments.milliseconds(moment)
