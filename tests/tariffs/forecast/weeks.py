"""A town's load, hour by hour, made for tests: days, weekends, weather that lasts, noise."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from tariffs.forecast.hours import HOUR, Floats, Hourly

BRUSSELS, KOLKATA = ZoneInfo("Europe/Brussels"), ZoneInfo("Asia/Kolkata")
BEGINNING = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday


def town(
    weeks: int, *, zone: ZoneInfo = BRUSSELS, start: datetime = BEGINNING, seed: int = 7
) -> Hourly:
    """Around 1,000 of whatever unit; a working day has a peak at 19 local time, a weekend less."""
    chance = np.random.default_rng(seed)
    local = [(start + hour * HOUR).astimezone(zone) for hour in range(weeks * 168)]
    peak = np.array([np.exp(-(((at.hour - 19) / 4) ** 2)) for at in local])
    working = np.array([1.0 if at.weekday() < 5 else 0.7 for at in local])
    weather = lasting(len(local), chance)
    return Hourly(start, (700 + 600 * peak * working) * (1 + 0.06 * weather))


def lasting(hours: int, chance: np.random.Generator) -> Floats:
    """Noise of deviation 1, nine tenths of it a state that takes two days to change."""
    state, states = 0.0, []
    for step in chance.normal(size=hours):
        state = 0.98 * state + 0.2 * step
        states.append(state)
    return np.array(states) + 0.1 * chance.normal(size=hours)
