"""`python -m benchmarks.estimates`: how far estimates are off where the truth is known.

Stretches of 10 minutes, 2 hours, a day and a week of recorded days are masked and filled, with
and without a register, and held against a line between their neighbours (with a register: scaled
to it as well). The error is the sum of what every interval is off, as a share of the energy. Days
are those of simulated households, and of the files in the folder that SEGS_METER_FILES names.
Takes a minute of one core.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from meters.formats import nem12
from meters.formats.base import Block, Refused
from meters.vee import filling, rules
from meters.vee.filling import Floats, Gap, Series
from segs_site.lib.periods import DAY
from workers.simulator import moments
from workers.simulator.fleet import Fleet
from workers.simulator.households import Households

BRUSSELS = ZoneInfo("Europe/Brussels")
MARKET = ZoneInfo("Etc/GMT-10")  # that of the NEM12 files
START = datetime(2026, 3, 2, tzinfo=UTC)
FINE = timedelta(minutes=5)
STRETCHES = {
    "10 min": timedelta(minutes=10),
    "2 h": timedelta(hours=2),
    "1 day": DAY,
    "1 week": 7 * DAY,
}
GOAL = {"1 day": 0.40, "1 week": 0.40}  # lower than the line's, on days that have a shape
RULE = rules.checked(rules.Kind.GAP, rules.Action.ESTIMATE, {})
LEAST_SHAPE = 0.2  # share of a series' variance that its mean day explains


@dataclass(frozen=True)
class Recorded:
    """A channel's intervals, its name and its zone."""

    name: str
    series: Series
    zone: ZoneInfo


@dataclass
class Score:
    """What came of the masks of one length: milliwatt-hours off, in all, and how many."""

    off: float = 0.0
    off_line: float = 0.0
    energy: float = 0.0
    masks: int = 0
    unfilled: int = 0
    names: set[str] = field(default_factory=set)

    @property
    def lower(self) -> float:
        """By which share our error is lower than the line's."""
        return 1 - self.off / self.off_line if self.off_line else 0.0


def simulated(meters: int, weeks: int, *, seed: int) -> Iterator[Recorded]:
    """Return households by quarter-hours."""
    households = Households(Fleet(meters, ("North",)), seed=seed, zone=BRUSSELS)
    first, step = moments.milliseconds(START), 900_000
    energy = np.array(
        [
            households.energy_mwh(first + place * step, first + (place + 1) * step)
            for place in range(weeks * 7 * 96)
        ],
        np.float64,
    )
    for meter in range(meters):
        series = Series(START, timedelta(minutes=15), energy[:, meter])
        yield Recorded(f"household {meter}", series, BRUSSELS)


def of_files() -> Iterator[Recorded]:
    """Return the channels of active energy in the files that can be read."""
    folder = os.environ.get("SEGS_METER_FILES")
    for path in sorted(Path(folder).glob("*.csv")) if folder else []:
        try:
            with path.open("rb") as stream:
                blocks = [one for one in nem12.read(stream, path.name) if isinstance(one, Block)]
        except Refused:
            continue
        yield from _channels(path.name, blocks)


def _channels(name: str, blocks: Iterable[Block]) -> Iterator[Recorded]:
    reads: dict[tuple[str, timedelta], dict[datetime, float]] = defaultdict(dict)
    for block in blocks:
        if block.channel.unit != "kWh":
            continue
        for read in block.reads:
            if read.value is not None:
                key = (str(block.channel), read.end - read.start)
                reads[key][read.start] = float(read.value) * 1e6
    for (channel, length), values in reads.items():
        start = min(values)
        energy = np.full((max(values) - start) // length + 1, np.nan)
        for at, value in values.items():
            energy[(at - start) // length] = value
        yield Recorded(f"{name} {channel}", Series(start, length, energy), MARKET)


def has_shape(series: Series) -> bool:
    """Tell whether the hour of the day says something about the energy."""
    slots = int(DAY / series.length)
    whole = series.energy[: len(series.energy) // slots * slots].reshape(-1, slots)
    if len(whole) < 8 or np.isnan(whole).any(axis=0).all():
        return False
    mean_day = np.nanmean(whole, axis=0)
    return bool(np.var(mean_day) > LEAST_SHAPE * np.nanvar(whole) > 0)


def judge(recorded: Recorded, stretch: str, score: Score, rng: np.random.Generator, masks: int,
          *, with_register: bool) -> None:  # fmt: skip
    """Mask some stretches of a series whose truth and neighbours are known."""
    series = recorded.series
    count = max(1, STRETCHES[stretch] // series.length)
    warm = len(series.energy) // 2
    if count > warm - 2:
        return
    for first in rng.integers(warm, len(series.energy) - count, masks).tolist():
        truth = series.energy[first : first + count]
        if np.isnan(series.energy[first - 1 : first + count + 1]).any() or truth.sum() <= 0:
            continue
        _mask(recorded, Gap(first, count), truth, score, with_register=with_register)


def _mask(
    recorded: Recorded, gap: Gap, truth: Floats, score: Score, *, with_register: bool
) -> None:
    known = recorded.series.energy.copy()
    known[gap.first : gap.end] = np.nan
    series = Series(recorded.series.start, recorded.series.length, known)
    total = round(truth.sum()) if with_register else None
    found = filling.fill(series, gap, rule=RULE, zone=recorded.zone, total_mwh=total)
    if found is None:
        score.unfilled += 1
        return
    line = np.linspace(known[gap.first - 1], known[gap.end], gap.count + 2)[1:-1]
    if total is not None:
        line = filling.scaled(line, total)
    score.off += float(np.abs(np.array(found.energies) - truth).sum())
    score.off_line += float(np.abs(line - truth).sum())
    score.energy += float(truth.sum())
    score.masks += 1
    score.names.add(recorded.name)


def main() -> int:
    """Print a line for every kind of days and length; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--meters", type=int, default=20)
    parser.add_argument("--weeks", type=int, default=10)
    parser.add_argument("--masks", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    files = list(of_files())
    shaped = [one for one in files if has_shape(one.series)]
    days = {
        "households": list(simulated(asked.meters, asked.weeks, seed=asked.seed)),
        "files, with a daily shape": shaped,
        "files, without": [one for one in files if one not in shaped],
    }
    missed = []
    for name, recorded in days.items():
        for with_register in (False, True):
            for stretch in STRETCHES:
                rng = np.random.default_rng(asked.seed)
                score = Score()
                for one in recorded:
                    judge(one, stretch, score, rng, asked.masks, with_register=with_register)
                print(_said(name, stretch, score, with_register=with_register))
                if score.masks and not _is_met(name, stretch, score):
                    missed.append(f"{name}, {stretch}")
    print(f"bench-estimates: missed={len(missed)}" + "".join(f"; {one}" for one in missed))
    return 1 if missed else 0


def _is_met(name: str, stretch: str, score: Score) -> bool:
    if stretch == "10 min":
        return score.off <= score.off_line + score.masks  # of rounding, a milliwatt-hour each
    return "without" in name or score.lower >= GOAL.get(stretch, -1)


def _said(name: str, stretch: str, score: Score, *, with_register: bool) -> str:
    about = f"{name}, {stretch}, {'with' if with_register else 'no'} register"
    if not score.masks:
        return f"{about}: nothing to mask ({score.unfilled} left a gap)"
    return (
        f"{about}: off {score.off / score.energy:.1%}, line {score.off_line / score.energy:.1%},"
        f" lower by {score.lower:.0%}; {score.masks} masks of {len(score.names)} series,"
        f" {score.unfilled} left a gap"
    )


if __name__ == "__main__":
    sys.exit(main())
