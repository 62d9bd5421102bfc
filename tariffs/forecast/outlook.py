"""The next 24 hours of a load, with the band in which four of five outcomes are to lie.

One ridge regression for each hour ahead, on the features of `features`, fitted anew at every
origin to the origins of the ten weeks before (Hoerl and Kennard 1970, "Ridge regression"). The
band comes from errors that the fit has not seen: the weeks are cut into blocks, each is forecast
by a fit without it, and quantiles of those errors, in units of the usual error of the hour of
the day, are laid around the forecast (cross-conformal prediction: Vovk 2015). A feature that is
not known at the origin is left out of the fit as well, so a gap widens the band by itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from tariffs.forecast import features, hours
from tariffs.forecast.hours import DAY, WEEK, Bools, Floats, Hourly, Ints

VERSION: Final = "ridge-2"  # to be raised with every change that changes a forecast
FITTED_WEEKS: Final = 10
NEEDED: Final = (features.WEEKS + FITTED_WEEKS) * WEEK  # hours of history that are of use
LEAST_WEEKS: Final = 2
LEAST_KNOWN: Final = 0.75  # of the hours of each of these weeks
STIFFNESS: Final = 30.0  # of the ridge over all weeks; 10 to 100 differ by less than 1 % in error
HALF_LIFE: Final = 8 * WEEK  # in which an origin loses half its weight
BLOCKS: Final = 6
QUANTILES: Final = (0.1, 0.5, 0.9)


class NotEnoughHistory(Exception):
    """There is no forecast, because what is known does not say what is usual."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Mean loads of the 24 hours from `start`, in the history's unit; NaN where unknown."""

    start: datetime
    p10: Floats
    p50: Floats
    p90: Floats


def look_ahead(history: Hourly, *, origin: datetime, zone: ZoneInfo) -> Outlook:
    """Forecast the 24 hours from `origin`, a full hour, from the hours before it alone.

    Raises NotEnoughHistory as `check` does. An hour whose like was never known stays NaN.
    """
    known = history.before(origin, hours=NEEDED)
    check(known.load)
    known = _begun(known)
    load = np.concatenate([known.load, np.full(DAY, np.nan)])
    calendar = hours.calendar(known.start, len(load), zone)
    seen = features.deviations(load, calendar)
    origins = np.arange(
        max(WEEK + DAY, len(known.load) - FITTED_WEEKS * WEEK), len(load) - DAY + 1
    )
    table = features.columns(load, seen, calendar, origins)
    band = _band(table, seen.deviation, calendar.hour_of_day, origins)
    p10, p50, p90 = seen.usual[-DAY:] + seen.scale * band
    return Outlook(origin, p10, p50, p90)


def check(load: Floats) -> None:
    """Raise NotEnoughHistory unless three quarters of each of the last two weeks are known."""
    weeks = load[-LEAST_WEEKS * WEEK :].reshape(LEAST_WEEKS, WEEK)
    shares = np.mean(~np.isnan(weeks), axis=1)
    if shares.min() < LEAST_KNOWN:
        older, newer = (round(100 * share) for share in shares)
        message = (
            f"of the last week {newer} % is known and of the week before {older} %:"
            f" {LEAST_KNOWN:.0%} of each is needed"
        )
        raise NotEnoughHistory(message)


def _begun(known: Hourly) -> Hourly:
    """Leave out what lies before the first known hour."""
    first = int(np.argmax(~np.isnan(known.load)))
    return Hourly(known.start + first * hours.HOUR, known.load[first:])


def _band(table: Floats, deviation: Floats, hour_of_day: Ints, origins: Ints) -> Floats:
    """Return the quantiles of the 24 hours' deviations: 3 by 24."""
    ahead = origins + np.arange(DAY)[:, None]  # the forecast hour of each (hour ahead, origin)
    outcomes = deviation[np.minimum(ahead, len(deviation) - 1)][:, :-1]
    now, usable = table[:, -1], ~np.isnan(table[:, -1])
    rows = np.nan_to_num(table[:, :-1] * usable[:, None, :])
    coefficients, errors = _fit(rows, outcomes)
    expected = np.sum(np.nan_to_num(now) * coefficients, axis=1)
    usual_error = _by_hour(errors, hour_of_day[ahead[:, :-1]])
    relative = errors / usual_error[hour_of_day[ahead[:, :-1]]]
    return expected + _quantiles(relative) * usual_error[hour_of_day[-DAY:]]


def _fit(rows: Floats, outcomes: Floats) -> tuple[Floats, Floats]:
    """Return the coefficients (hours ahead by features) and the errors of fits without them.

    Errors are hours ahead by origins, NaN where the outcome is not known.
    """
    ridge = STIFFNESS * FITTED_WEEKS * WEEK / rows.shape[1]  # a short fit has more to imagine
    blocks = np.array_split(np.arange(rows.shape[1]), BLOCKS)
    weights = _weights(outcomes)
    squares, products = zip(
        *(_moments(rows[:, block], outcomes[:, block], weights[:, block]) for block in blocks),
        strict=True,
    )
    all_squares, all_products = np.sum(squares, axis=0), np.sum(products, axis=0)
    errors = [
        outcomes[:, block]
        - _predict(rows[:, block], _solve(all_squares - square, all_products - product, ridge))
        for block, square, product in zip(blocks, squares, products, strict=True)
    ]
    return _solve(all_squares, all_products, ridge), np.concatenate(errors, axis=1)


def _weights(outcomes: Floats) -> Floats:
    known: Bools = ~np.isnan(outcomes)
    age = np.arange(outcomes.shape[1])[::-1]
    return known * 0.5 ** (age / HALF_LIFE)


def _moments(rows: Floats, outcomes: Floats, weights: Floats) -> tuple[Floats, Floats]:
    weighted: Floats = rows * weights[:, :, None]
    square: Floats = weighted.transpose(0, 2, 1) @ rows
    product: Floats = np.sum(weighted * np.nan_to_num(outcomes)[:, :, None], axis=1)
    return square, product


def _solve(squares: Floats, products: Floats, stiffness: float) -> Floats:
    ridge = stiffness * np.eye(squares.shape[-1])
    return np.asarray(np.linalg.solve(squares + ridge, products[..., None]), np.float64)[..., 0]


def _predict(rows: Floats, coefficients: Floats) -> Floats:
    return np.sum(rows * coefficients[:, None, :], axis=2)


def _by_hour(errors: Floats, hour_of_day: Ints) -> Floats:
    """Return the mean error of each hour of the day, smoothed over its neighbours."""
    known = ~np.isnan(errors)
    total: Floats = np.bincount(hour_of_day[known], np.abs(errors[known]), DAY).astype(np.float64)
    mean = total / np.maximum(np.bincount(hour_of_day[known], minlength=DAY), 1)
    smooth = (np.roll(mean, 1) + 2 * mean + np.roll(mean, -1)) / 4
    return np.maximum(smooth, 1e-9)  # a load that never changes has no error to divide by


def _quantiles(relative: Floats) -> Floats:
    """Return the quantiles for each hour ahead, from it and its two neighbours on either side."""
    around = (relative[max(0, ahead - 2) : ahead + 3] for ahead in range(DAY))
    return np.array([np.nanquantile(errors, QUANTILES) for errors in around]).T
