"""Outdoor temperature and sunshine of the regions: enough weather to move a load curve.

Temperature: a yearly and a daily cosine plus fronts that last days. Sun: the standard elevation
formula sin h = sin φ sin δ + cos φ cos δ cos ω with Cooper's declination (1969), thinned by
clouds that drift for minutes.
"""

from dataclasses import dataclass
from math import cos, pi, sin
from typing import Final
from zlib import crc32

import numpy as np

from workers.simulator import randomness
from workers.simulator.moments import Moment
from workers.simulator.randomness import Floats, Ints

SOLAR_NOON_H: Final = 12.4  # the demo's regions lie west of their zone's meridian
WARMEST_HOUR: Final = 15
FRONT_MINUTES: Final = 2 * 24 * 60
CLOUD_MINUTES: Final = 20


@dataclass(frozen=True, slots=True)
class Climate:
    """Mean temperature of the year, swings around it (°C), the warmest day and the latitude."""

    mean_c: float
    season_c: float
    day_c: float
    warmest_day: int
    latitude: float


TEMPERATE: Final = Climate(11.0, 8.0, 4.0, 200, 50.0)
CLIMATES: Final = {
    "Mumbai-North": Climate(27.5, 3.0, 3.0, 135, 19.1),
    "Delhi-North": Climate(25.0, 9.5, 5.5, 165, 28.7),
    "Bangalore-East": Climate(24.0, 3.0, 4.5, 110, 13.0),
    "Pune-West": Climate(25.0, 4.0, 5.5, 125, 18.5),
}


def identities(regions: tuple[str, ...]) -> Ints:
    """Return a number for each region that depends on its name alone."""
    return np.array([crc32(region.encode()) for region in regions], np.int64)


def temperatures(regions: tuple[str, ...], seed: int, moment: Moment) -> Floats:
    """Return the outdoor temperature of each region in °C."""
    mild = [_usual_temperature(CLIMATES.get(name, TEMPERATE), moment) for name in regions]
    fronts = randomness.drift(
        seed, "front", identities(regions), moment.minute, every=FRONT_MINUTES
    )
    return np.array(mild) + 1.5 * fronts


def sunshine(regions: tuple[str, ...], seed: int, moment: Moment) -> Floats:
    """Return what a roof yields of its rated power in each region, 0 to 1."""
    clear = [_clear_sky(CLIMATES.get(name, TEMPERATE).latitude, moment) for name in regions]
    clouds = randomness.drift(
        seed, "cloud", identities(regions), moment.minute, every=CLOUD_MINUTES
    )
    return np.array(clear) * np.clip(0.8 + 0.2 * clouds, 0.2, 1.0)


def _usual_temperature(climate: Climate, moment: Moment) -> float:
    season = cos(2 * pi * (moment.day_of_year - climate.warmest_day) / 365.25)
    time_of_day = cos(2 * pi * (moment.hour - WARMEST_HOUR) / 24)
    return climate.mean_c + climate.season_c * season + climate.day_c * time_of_day


def _clear_sky(latitude: float, moment: Moment) -> float:
    declination = 23.45 * pi / 180 * sin(2 * pi * (284 + moment.day_of_year) / 365)
    hour_angle = pi / 12 * (moment.hour - SOLAR_NOON_H)
    phi = latitude * pi / 180
    height = sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hour_angle)
    return max(0.0, height)
