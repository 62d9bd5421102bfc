"""What is known of an hour when its load is forecast: the usual, and how far off we were lately.

The usual load of an hour is a weighted mean of the same hour of the local week in the eight
weeks before. Of a young series fewer weeks are known; there the mean of the same hour of the day
on days of the same kind (weekend or not) stands in for the others. Everything else is counted as
deviation from the usual, in units of the mean deviation. What is forecast within a day needs only
loads that are a day older or more, beside the newest ones before the origin: that is what keeps
the future out.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from tariffs.forecast import hours
from tariffs.forecast.hours import DAY, WEEK, Calendar, Floats, Ints

WEEKS: Final = 8  # that make up the usual
FADES_WEEKLY: Final = 0.9  # weight of a week against the one after it
ALIKE_DAYS: Final = 28  # of which those of the same kind tell what a young series is used to
MOST_CREDIT: Final = 12.0  # weeks that such days count for where weekdays do not differ at all
RECENT_HOURS: Final = (1, 2, 6, 24, 72, 168)
A_DAY, A_WEEK = RECENT_HOURS.index(24), RECENT_HOURS.index(168)
FARTHEST: Final = 6.0  # mean deviations; what is farther off is a fault or a feast, not a trend


@dataclass(frozen=True, slots=True)
class Deviations:
    """A series seen against its usual: `load = usual + scale * deviation`; NaN is unknown."""

    usual: Floats
    scale: float
    deviation: Floats

    @property
    def tame(self) -> Floats:
        """The deviations, none farther than `FARTHEST`."""
        return np.clip(self.deviation, -FARTHEST, FARTHEST)


def deviations(load: Floats, calendar: Calendar) -> Deviations:
    """Return the series against its usual."""
    weeks = _weeks(load, calendar)
    weights = np.where(np.isnan(weeks), 0.0, FADES_WEEKLY ** np.arange(WEEKS)[:, None])
    alike = _alike(load, calendar)
    lacking = np.isnan(weeks).mean(axis=0)
    is_some = ~np.isnan(alike) & (lacking < 1)
    weights = np.vstack([weights, is_some * lacking * _credit(load, weeks[0], alike)])
    usual = _mean(np.nan_to_num(np.vstack([weeks, alike])) * weights, weights)
    off = load - usual
    scale = float(np.mean(np.abs(off[~np.isnan(off)]))) or 1.0
    return Deviations(usual, scale, off / scale)


def columns(load: Floats, seen: Deviations, calendar: Calendar, origins: Ints) -> Floats:
    """Return the features: forecast hours (a day) by origins by features; NaN is unknown.

    An origin is the place of the first hour that is not known; hours past the end of the series
    stand for its last.
    """
    recent = [_recent(seen.tame, origins, count) for count in RECENT_HOURS]
    lately = [*recent, hours.at(seen.tame, np.maximum(origins - 2, -1))]
    fixed = _of_the_hour(load, seen, calendar)
    waves, weekend = _waves(calendar.hour_of_day), calendar.is_weekend.astype(np.float64)
    days = []
    for ahead in range(DAY):
        hour = np.minimum(origins + ahead, len(load) - 1)
        wave = waves[:, hour]
        days.append(
            np.vstack(
                [
                    *lately,
                    fixed[:, hour],
                    wave,
                    wave * recent[A_DAY],
                    wave * recent[A_WEEK],
                    wave[:2] * recent[0],
                    weekend[hour],
                    weekend[hour] * recent[A_DAY],
                    np.ones(len(origins)),
                ]
            ).T
        )
    return np.array(days)


def _weeks(load: Floats, calendar: Calendar) -> Floats:
    """Return the load of the same local hour 1, 2, … weeks before: weeks by hours."""
    return np.array(
        [hours.at(load, calendar.earlier(WEEK * week)) for week in range(1, WEEKS + 1)]
    )


def _alike(load: Floats, calendar: Calendar) -> Floats:
    """Return the mean load of the same hour on the days of the same kind of the weeks before."""
    total, count = np.zeros(len(load)), np.zeros(len(load))
    for day in range(1, ALIKE_DAYS + 1):
        places = calendar.earlier(DAY * day)
        values = hours.at(load, places)
        counts = (calendar.is_weekend[places] == calendar.is_weekend) & ~np.isnan(values)
        total += np.where(counts, values, 0.0)
        count += counts
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _credit(load: Floats, week: Floats, alike: Floats) -> float:
    """Return for how many weeks the days of the same kind count.

    How much a load differs from week to week, against how much a weekday differs from others of
    its kind (credibility: Bühlmann 1967).
    """
    between_weeks = _mean_square(load - week) / 2
    between_days = _mean_square(week - alike) - between_weeks
    if between_weeks >= MOST_CREDIT * between_days:
        return MOST_CREDIT if between_weeks > 0 else 0.0
    return between_weeks / between_days


def _mean_square(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.mean(known**2)) if len(known) else 0.0


def _of_the_hour(load: Floats, seen: Deviations, calendar: Calendar) -> Floats:
    """Return what is known of each hour a day ahead of it, whatever the origin."""
    days = np.array([hours.at(seen.tame, calendar.earlier(DAY * day)) for day in range(1, 8)])
    known = ~np.isnan(days)
    weeks = _weeks(load, calendar)[:2]
    level = seen.usual - np.nanmean(seen.usual)
    spread = float(np.nanstd(seen.usual)) or 1.0
    return np.vstack(
        [
            days[:2],
            _mean(np.nan_to_num(days), known),
            (weeks - seen.usual) / seen.scale,
            level / spread,
        ]
    )


def _recent(deviation: Floats, origins: Ints, count: int) -> Floats:
    """Return the mean of what is known of the `count` hours before each origin."""
    known = ~np.isnan(deviation)
    sums = np.concatenate([[0.0], np.cumsum(np.nan_to_num(deviation))])
    counts = np.concatenate([[0], np.cumsum(known)])
    first = np.maximum(origins - count, 0)
    number = counts[origins] - counts[first]
    total = sums[origins] - sums[first]
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _waves(hour_of_day: Ints) -> Floats:
    """Return a day's first two harmonics: 4 by hours."""
    angle = 2 * np.pi * hour_of_day / DAY
    return np.array([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(2 * angle)])


def _mean(weighted: Floats, weights: Floats | hours.Bools) -> Floats:
    """Return sums over the first axis divided by their weights; NaN where these are nothing."""
    total = weights.sum(axis=0)
    return np.where(total > 0, weighted.sum(axis=0) / np.where(total > 0, total, 1.0), np.nan)
