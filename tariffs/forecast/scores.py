"""How forecasts are judged: by errors in the load's own size, never in % of each value.

WAPE is Σ|error| ÷ Σ|outcome|. rMAE is the mean error ÷ (P99 − P1 of the outcomes), which is right
also where loads pass through zero and a percentage explodes.
"""

from dataclasses import dataclass

import numpy as np

from tariffs.forecast.hours import Bools, Floats


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares, 0 to 1, over `hours` hours of which forecast, outcome and last week are known.

    `wape_before` and `rmae_before` are those of "same slot last week" over the same hours. A
    share that has nothing to be divided by is None.
    """

    hours: int
    wape: float | None
    rmae: float | None
    wape_before: float | None
    rmae_before: float | None
    inside: float | None

    @property
    def better(self) -> float | None:
        """By what share of its error the forecast beats "same slot last week"."""
        if not self.wape_before or self.wape is None:
            return None
        return 1 - self.wape / self.wape_before


def judge(*, outcome: Floats, band: Floats, last_week: Floats) -> Scores:
    """Judge forecasts, whose `band` is P10, P50, P90 by hours; NaN is unknown."""
    known: Bools = ~np.isnan(outcome + last_week + band.sum(axis=0))
    if not known.any():
        return Scores(0, None, None, None, None, None)
    outcome, last_week, band = outcome[known], last_week[known], band[:, known]
    error, error_before = (np.abs(guess - outcome) for guess in (band[1], last_week))
    size = float(np.mean(np.abs(outcome)))
    low, high = np.percentile(outcome, [1, 99])
    inside = (band[0] <= outcome) & (outcome <= band[2])
    return Scores(
        hours=len(outcome),
        wape=_ratio(error, size),
        rmae=_ratio(error, float(high - low)),
        wape_before=_ratio(error_before, size),
        rmae_before=_ratio(error_before, float(high - low)),
        inside=float(np.mean(inside)),
    )


def _ratio(errors: Floats, size: float) -> float | None:
    return float(np.mean(errors)) / size if size else None
