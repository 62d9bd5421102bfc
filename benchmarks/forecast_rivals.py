"""`python -m benchmarks.forecast_rivals`: what libraries of the field make of the same hours.

It needs scikit-learn, lightgbm and statsforecast, which the project does not require: install
them beside it to run this. The boosted trees get the features of `tariffs.forecast.features`
(a row per origin and hour ahead, the hour as one more feature) and fit a quantile each, MSTL
the bare series. Gaps are filled by interpolation where a library takes none.
"""

import argparse
import warnings
from datetime import datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from statsforecast.models import MSTL, AutoETS

from benchmarks import forecast, forecast_series
from benchmarks.forecast import YEAR
from benchmarks.forecast_series import EUROPE, INDIA, Series
from tariffs.forecast import features, hours, outlook
from tariffs.forecast.hours import DAY, WEEK, Floats, Hourly

EVERY_ORIGIN = 5  # of the hours; five times the rows are five times the time
TREES, RATE = 200, 0.05
MSTL_WEEKS = 10


def boosted(make: Any) -> forecast.Forecaster:
    def look(history: Hourly, origin: datetime, series: Series) -> Floats:
        known = history.before(origin, hours=outlook.NEEDED)
        load = np.concatenate([known.load, np.full(DAY, np.nan)])
        calendar = hours.calendar(known.start, len(load), series.zone)
        seen = features.deviations(load, calendar)
        first = len(known.load) - outlook.FITTED_WEEKS * WEEK
        origins = np.arange(first, len(known.load) + 1)[::-1][::EVERY_ORIGIN][::-1]
        table = features.columns(load, seen, calendar, origins)
        ahead = np.broadcast_to(np.arange(DAY)[:, None, None], (*table.shape[:2], 1))
        table = np.concatenate([table, ahead], axis=2)
        places = np.minimum(origins + np.arange(DAY)[:, None], len(load) - 1)
        outcome = seen.deviation[places][:, :-1].ravel()
        rows = table[:, :-1].reshape(len(outcome), -1)
        usable = ~np.isnan(outcome)
        models = [make(share).fit(rows[usable], outcome[usable]) for share in outlook.QUANTILES]
        band = np.sort([model.predict(table[:, -1]) for model in models], axis=0)
        return seen.usual[-DAY:] + seen.scale * band

    return look


def hist_boosting(share: float) -> Any:
    return HistGradientBoostingRegressor(
        loss="quantile", quantile=share, max_iter=TREES, learning_rate=RATE
    )


def lightgbm_boosting(share: float) -> Any:
    return lightgbm.LGBMRegressor(
        objective="quantile",
        alpha=share,
        n_estimators=TREES,
        learning_rate=RATE,
        verbose=-1,
        n_jobs=1,
    )


def mstl(history: Hourly, origin: datetime, _series: Series) -> Floats:
    load = history.before(origin, hours=MSTL_WEEKS * WEEK).load
    known = np.flatnonzero(~np.isnan(load))
    filled = np.interp(np.arange(len(load)), known, load[known])
    model = MSTL(season_length=[DAY, WEEK], trend_forecaster=AutoETS(model="ZZN"))
    found = model.forecast(y=filled, h=DAY, level=[80])
    return np.array([found["lo-80"], found["mean"], found["hi-80"]])


RIVALS = {
    "ours": forecast.ours,
    "HistGradientBoosting": boosted(hist_boosting),
    "LightGBM": boosted(lightgbm_boosting),
    "MSTL + AutoETS": mstl,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--every", type=int, default=185, help="hours between origins")
    parser.add_argument("--table", type=Path, help="a CSV table of a real load")
    parser.add_argument("--time", default="Time", help="its column of local times")
    parser.add_argument("--value", default="Demand", help="its column of loads")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of rivals that miss feature names
    every = [
        forecast_series.simulated(seed=seed, place=place, start=YEAR, days=365)[0]
        for seed, place in ((1, INDIA), (2, EUROPE))
    ]
    if options.table:
        every.append(forecast_series.of_csv(options.table, time=options.time, value=options.value))
    for series in every:
        first = (features.WEEKS + outlook.FITTED_WEEKS) * WEEK
        origins = range(first, len(series.load) - DAY, options.every)
        for name, rival in RIVALS.items():
            forecast.show(f"{series.name}: {name}", forecast.judge(series, origins, rival))


if __name__ == "__main__":
    main()
