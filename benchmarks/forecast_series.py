"""Hourly loads that the forecast has never seen: simulated years, and what files of meters hold.

A simulated year is what the simulator's households draw, and then what it leaves out: warm and
cold spells that a region feels most in the afternoon, days off that look like a Sunday, drift,
and hours that never came. None of its formulas stands in `tariffs.forecast`.
"""

import csv
import os
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from meters.formats import nem12
from meters.formats.base import Block, Refused
from workers.simulator import moments
from workers.simulator.fleet import DEMO_REGIONS, Fleet
from workers.simulator.households import Households

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOUR = timedelta(hours=1)
METERS_A_REGION = 150
LOOKS_AN_HOUR = 4
DAYS_OFF = 14
TEMPERATE_REGIONS = ("North", "East", "South", "West")


@dataclass(frozen=True)
class Series:
    """Hourly mean loads from `start` on; NaN is unknown. kW, but the unit does not matter."""

    name: str
    start: datetime
    load: Floats
    zone: ZoneInfo


@dataclass(frozen=True)
class Place:
    """Where simulated households live."""

    zone: ZoneInfo
    regions: tuple[str, ...]


INDIA = Place(ZoneInfo("Asia/Kolkata"), DEMO_REGIONS)
EUROPE = Place(ZoneInfo("Europe/Brussels"), TEMPERATE_REGIONS)


def simulated(*, seed: int, place: Place, start: datetime, days: int) -> list[Series]:
    """Return a series per region of `place`. Takes a minute or two a year."""
    households = _drawn(seed, place, start, days)
    found = []
    for number, region in enumerate(place.regions):
        chance = np.random.default_rng([seed, number])
        load = _lived(households[:, number], start, place.zone, chance)
        found.append(Series(f"{region} (seed {seed})", start, load, place.zone))
    return found


def _drawn(seed: int, place: Place, start: datetime, days: int) -> Floats:
    """Return what the simulator's households draw: hours by regions, kW."""
    fleet = Fleet(METERS_A_REGION * len(place.regions), place.regions)
    households = Households(fleet, seed=seed, zone=place.zone)
    first, step = moments.milliseconds(start), 3_600_000 // LOOKS_AN_HOUR
    looks = [
        np.bincount(fleet.region_of, households.power_kw(first + look * step), len(place.regions))
        for look in range(1, 24 * days * LOOKS_AN_HOUR + 1)
    ]
    return np.array(looks).reshape(-1, LOOKS_AN_HOUR, len(place.regions)).mean(axis=1)


def _lived(load: Floats, start: datetime, zone: ZoneInfo, rng: np.random.Generator) -> Floats:
    local = [(start + HOUR * hour).astimezone(zone) for hour in range(len(load))]
    load = _with_days_off(load, local, rng)
    felt = np.array([0.5 + 0.5 * np.exp(-(((at.hour - 16) / 6) ** 2)) for at in local])
    load = load * (1 + 0.05 * _spells(len(load), rng) * felt) * _drift(len(load), rng)
    return _with_gaps(load, rng)


def _with_days_off(load: Floats, local: list[datetime], rng: np.random.Generator) -> Floats:
    """Give some working days the hours of the Sunday before, a little less."""
    lived = load.copy()
    days = np.array([at.toordinal() for at in local])
    working = [day for day in np.unique(days)[8:-1] if day % 7 not in {0, 6}]  # 7 is a Sunday
    for day in rng.choice(working, DAYS_OFF * len(load) // 8766, replace=False):
        hours = np.flatnonzero(days == day)
        lived[hours] = 0.93 * load[hours - 24 * (day % 7)]
    return lived


def _spells(hours: int, rng: np.random.Generator) -> Floats:
    """Return weather, deviation 1, that changes its mind after about three days."""
    keep = np.exp(-1 / 72)
    steps = rng.normal(0, np.sqrt(1 - keep**2), hours)
    spell = np.empty(hours)
    spell[0] = rng.normal()
    for hour in range(1, hours):
        spell[hour] = keep * spell[hour - 1] + steps[hour]
    return spell


def _drift(hours: int, rng: np.random.Generator) -> Floats:
    """Return growth of up to 8 % a year, up or down, and a walk of 0.4 % a week."""
    growth = rng.uniform(-0.08, 0.08) * np.arange(hours) / 8766
    return 1 + growth + np.cumsum(rng.normal(0, 0.004 / np.sqrt(168), hours))


def _with_gaps(load: Floats, rng: np.random.Generator) -> Floats:
    """Lose some hours, as backlogs and silences do."""
    gapped = load.copy()
    for begin in rng.integers(0, len(load), max(1, len(load) // 1500)):
        gapped[begin : begin + rng.integers(1, 13)] = np.nan
    return gapped


def of_meter_files() -> tuple[list[Series], list[str]]:
    """Return the loads in the files of the folder `SEGS_METER_FILES`: drawn less fed in.

    One series a file, the sum of its service points over the hours that all of them have; and
    the names of the files of which none could be made: of another format than NEM12, or refused.
    """
    folder = os.environ.get("SEGS_METER_FILES")
    files = sorted(Path(folder).iterdir()) if folder else []
    found = {path.name: _summed(path) for path in files if path.suffix in {".csv", ".xml"}}
    return (
        [series for series in found.values() if series is not None],
        [name for name, series in found.items() if series is None],
    )


def _summed(path: Path) -> Series | None:
    kwh: dict[datetime, float] = defaultdict(float)
    minutes: dict[str, dict[datetime, float]] = defaultdict(lambda: defaultdict(float))
    try:
        with path.open("rb") as stream:
            blocks = [item for item in nem12.read(stream, path.name) if isinstance(item, Block)]
    except Refused:
        return None
    for block in (one for one in blocks if one.channel.unit == "kWh"):
        sign = 1 if block.channel.direction == "import" else -1
        for read in (one for one in block.reads if one.value is not None):
            hour = read.start.replace(minute=0)
            kwh[hour] += sign * float(read.value or 0)
            minutes[str(block.channel)][hour] += (read.end - read.start) / timedelta(minutes=1)
    whole = [h for h in kwh if all(channel.get(h) == 60 for channel in minutes.values())]
    if not whole:
        return None
    start = min(whole)
    load = np.full((max(whole) - start) // HOUR + 1, np.nan)
    load[[(hour - start) // HOUR for hour in whole]] = [kwh[hour] for hour in whole]
    return Series(path.name, start, load, ZoneInfo("Etc/GMT-10"))


def of_csv(path: Path, *, time: str, value: str) -> Series:
    """Return the hourly means of a table; `time` is a column of ISO 8601 local times.

    The wall clock's hours are taken as they stand: clock changes are gaps and repeats.
    """
    found: dict[datetime, list[float]] = defaultdict(list)
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            at = datetime.fromisoformat(row[time]).replace(tzinfo=UTC, minute=0)
            found[at].append(float(row[value]))
    start = min(found)
    load = np.full((max(found) - start) // HOUR + 1, np.nan)
    for at, values in found.items():
        load[(at - start) // HOUR] = np.mean(values)
    return Series(path.stem, start, load, ZoneInfo("UTC"))
