"""`python -m benchmarks.forecast`: how well the next 24 hours are forecast, on unseen series.

Takes four minutes of one core, most of them to simulate the years; `--seeds 1` a third of it.
Judged against "same slot last week" (the same hour of the local week) by WAPE and rMAE, by the
share of outcomes in the P10–P90 band, and by the share of hours whose price band (25, 50, 75,
90 % of capacity) is right. The series are simulated years (`benchmarks.forecast_series`), the
files that SEGS_METER_FILES names, and a table given by --table. Figures: `docs/forecast.md`.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks import forecast_series
from benchmarks.forecast_series import EUROPE, INDIA, Series
from tariffs.forecast import hours, outlook, scores
from tariffs.forecast.hours import DAY, HOUR, WEEK, Floats, Hourly

YEAR = datetime(2025, 1, 1, tzinfo=UTC)
EDGES_PCT = (25, 50, 75, 90)
PEAK_SHARE = 0.95  # of capacity, reached by the highest 0.5 % of hours: every band occurs
EVERY_HOURS = 47  # origins walk through the hours of the day
WARM_UP_WEEKS = 10
LEAST_HOURS = outlook.LEAST_WEEKS * WEEK + DAY
FIRST_WEEKS = (2, 3, 4, 6)
BIRTHS = range(0, 40 * WEEK, 13 * WEEK)  # hours of the year in which young sites begin
YOUNG_EVERY_HOURS = 11
GOALS = {"better": 0.25, "inside": (0.75, 0.85), "band": 0.85}

Forecaster = Callable[[Hourly, datetime, Series], Floats]  # P10, P50, P90 by 24 hours


@dataclass(frozen=True)
class Verdict:
    """What came of one series."""

    scores: scores.Scores
    band_right: float
    band_right_before: float
    ms: float


def ours(history: Hourly, origin: datetime, series: Series) -> Floats:
    found = outlook.look_ahead(history, origin=origin, zone=series.zone)
    return np.array([found.p10, found.p50, found.p90])


def judge(series: Series, origins: range, forecaster: Forecaster = ours) -> Verdict:
    """Forecast from every origin (hours from the start of the series) and compare."""
    history = Hourly(series.start, series.load)
    calendar = hours.calendar(series.start, len(series.load), series.zone)
    last_week = hours.at(series.load, calendar.earlier(WEEK))
    begun = time.perf_counter()
    bands = [forecaster(history, series.start + origin * HOUR, series) for origin in origins]
    ms = (time.perf_counter() - begun) / len(origins) * 1000
    places = np.concatenate([np.arange(origin, origin + DAY) for origin in origins])
    band, outcome, before = np.hstack(bands), series.load[places], last_week[places]
    return Verdict(
        scores=scores.judge(outcome=outcome, band=band, last_week=before),
        band_right=_right(series, band[1], outcome, before),
        band_right_before=_right(series, before, outcome, band[1]),
        ms=ms,
    )


def _right(series: Series, guess: Floats, outcome: Floats, other: Floats) -> float:
    """Return the share of hours whose price band was guessed, where all three are known."""
    capacity = np.nanpercentile(series.load, 99.5) / PEAK_SHARE
    known = ~np.isnan(guess + outcome + other)
    guessed, came = (
        np.searchsorted(EDGES_PCT, 100 * each[known] / capacity, side="right")
        for each in (guess, outcome)
    )
    return float(np.mean(guessed == came))


def show(name: str, verdict: Verdict) -> None:
    found = verdict.scores
    print(
        f"{name:40} {found.hours:6} hours"
        f" WAPE {found.wape:.4f} (last week {found.wape_before:.4f},"
        f" {found.better:+.1%} better) rMAE {found.rmae:.4f} ({found.rmae_before:.4f})"
        f" inside {found.inside:.1%} band right {verdict.band_right:.1%}"
        f" ({verdict.band_right_before:.1%}) {verdict.ms:.0f} ms",
        flush=True,
    )


def show_short(every: list[Series]) -> None:
    """Print what a young site gets: forecasts from its first weeks, begun in each season."""
    for weeks in FIRST_WEEKS:
        young = range(weeks * WEEK, weeks * WEEK + 6 * DAY, YOUNG_EVERY_HOURS)
        found = [judge(_youth(one, birth, weeks), young) for one in every for birth in BIRTHS]
        better = np.array([each.scores.better for each in found])
        print(
            f"after {weeks} weeks: {np.mean(better):+.1%} better, worst quarter"
            f" {np.percentile(better, 25):+.1%},"
            f" inside {np.mean([each.scores.inside for each in found]):.1%},"
            f" band right {np.mean([each.band_right for each in found]):.1%}"
            f" ({np.mean([each.band_right_before for each in found]):.1%})"
            f" (mean of {len(found)} beginnings)",
            flush=True,
        )


def _youth(series: Series, birth: int, weeks: int) -> Series:
    """Return the weeks from the hour `birth` and the one after them, without their gaps."""
    load = series.load[birth : birth + (weeks + 1) * WEEK + DAY]
    filled = np.interp(
        np.arange(len(load)), np.flatnonzero(~np.isnan(load)), load[~np.isnan(load)]
    )
    return Series(series.name, series.start + birth * HOUR, filled, series.zone)


def show_files() -> None:
    """Judge by the real loads in meter files that are long enough, and say what the others prove.

    A file shorter than the history that a forecast needs, and a day to compare, cannot tell how
    right a forecast is; it can tell that none is made of it.
    """
    every, unread = forecast_series.of_meter_files()
    long_enough = [series for series in every if len(series.load) >= LEAST_HOURS]
    for series in long_enough:
        first = min(WARM_UP_WEEKS * WEEK, len(series.load) - DAY)
        show(series.name, judge(series, range(first, len(series.load) - DAY + 1, EVERY_HOURS)))
    for series in every:
        if series not in long_enough:
            length = f"{len(series.load)} hours"
            print(f"{series.name:40} {length}: too short to judge; {_refusal(series)}")
    for name in unread:
        print(f"{name:40} not read: another format than NEM12, or refused")
    count = f"{len(long_enough)} of {len(every) + len(unread)}"
    print(f"meter files: {count} can judge a forecast, which takes {LEAST_HOURS} hours")


def _refusal(series: Series) -> str:
    try:
        outlook.look_ahead(
            Hourly(series.start, series.load),
            origin=series.start + len(series.load) * HOUR,
            zone=series.zone,
        )
    except outlook.NotEnoughHistory as refusal:
        return f"rightly no forecast: {refusal}"
    return "but a forecast is made of it"


def summary(verdicts: list[Verdict]) -> str:
    def mean(of: Callable[[Verdict], float | None]) -> float:
        return float(np.mean([of(verdict) or 0.0 for verdict in verdicts]))

    return (
        f"bench-forecast: series={len(verdicts)} wape={mean(lambda v: v.scores.wape):.4f}"
        f" rmae={mean(lambda v: v.scores.rmae):.4f}"
        f" better_pct={100 * mean(lambda v: v.scores.better):.1f}"
        f" inside_pct={100 * mean(lambda v: v.scores.inside):.1f}"
        f" band_right_pct={100 * mean(lambda v: v.band_right):.1f}"
        f" ms={mean(lambda v: v.ms):.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--seeds", type=int, default=3, help="years; those even are European")
    parser.add_argument("--first", type=int, default=1, help="seed")
    parser.add_argument("--table", type=Path, help="a CSV table of a real load")
    parser.add_argument("--time", default="Time", help="its column of local times")
    parser.add_argument("--value", default="Demand", help="its column of loads")
    options = parser.parse_args()
    every = [
        series
        for seed in range(options.first, options.first + options.seeds)
        for series in forecast_series.simulated(
            seed=seed, place=INDIA if seed % 2 else EUROPE, start=YEAR, days=options.days
        )
    ]
    verdicts = []
    for series in every:
        verdicts.append(judge(series, _origins(series)))
        show(series.name, verdicts[-1])
    show_short(every)
    show_files()
    if options.table:
        real = forecast_series.of_csv(options.table, time=options.time, value=options.value)
        show(real.name, judge(real, _origins(real)))
    if verdicts:
        print(summary(verdicts))


def _origins(series: Series) -> range:
    return range(WARM_UP_WEEKS * WEEK, len(series.load) - DAY, EVERY_HOURS)


if __name__ == "__main__":
    main()
