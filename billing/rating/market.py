"""Prices by interval, from the slots that were decided and from the calendar of a plan."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np

from billing.rating.usage import ByInterval, Usage, Whole, split_evenly
from segs_site.lib.periods import instant, microseconds
from tariffs import plans
from tariffs.seasons import Calendar

PER_UNIT = 1_000_000  # millionths
NEVER = 2**62  # microseconds


@dataclass(frozen=True, slots=True)
class Slot:
    """A price per kWh in `[start, end)`, and why it holds."""

    start: datetime
    end: datetime
    price: Decimal
    label: str


class Straddling(Exception):
    """A price changes within an interval: the usage must be refined first."""


class Slots:
    """Decided slots as columns, in order and without overlap; one region's, for many usages."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self.labels = tuple(dict.fromkeys(slot.label for slot in slots))
        places = {label: place for place, label in enumerate(self.labels)}
        label_of = [places[slot.label] for slot in slots]
        # A last one that never is stands for none at all, so that place -1 is always there.
        self.begins = np.array([*(microseconds(slot.start) for slot in slots), NEVER], np.int64)
        self.ends = np.array([*(microseconds(slot.end) for slot in slots), -NEVER], np.int64)
        self.micro = np.array([*(micro(slot.price) for slot in slots), 0], np.int64)
        self.label_of = np.array([*label_of, -1], np.int16)
        self.shortest = min((slot.end - slot.start for slot in slots), default=None)


def in_force(starts: Whole, length: timedelta, slots: Slots) -> ByInterval:
    """Return the price in force in each interval.

    An interval that no slot covers, or a slot covers in part and no other does, has no price.
    Raises Straddling when two slots share an interval.
    """
    ends = starts + length // timedelta(microseconds=1)
    at = np.searchsorted(slots.begins, starts, side="right") - 1
    if (np.searchsorted(slots.begins, ends, side="left") - 1 > np.maximum(at, 0)).any():
        raise Straddling
    is_covered = (at >= 0) & (ends <= slots.ends[at])
    return ByInterval(
        micro=np.where(is_covered, slots.micro[at], 0),
        label_of=np.where(is_covered, slots.label_of[at], -1).astype(np.int16),
        labels=slots.labels,
    )


def by_calendar(plan: plans.TimeOfUse, starts: Whole, zone: ZoneInfo) -> ByInterval:
    """Return the rate of a time-of-use plan in each interval."""
    names = tuple(plan.rates)
    calendar = Calendar(plan, zone)
    moments = [instant(int(start)) for start in starts]
    label_of = np.array([names.index(calendar.rate_at(m)) for m in moments], np.int16)
    prices = np.array([micro(plan.rates[name]) for name in names], np.int64)
    return ByInterval(prices[label_of], label_of, names)


def refined(usage: Usage, length: timedelta) -> Usage:
    """Cut the intervals of a usage into equal ones of `length`, which are then calculated.

    Raises ValueError unless the intervals are a whole number of times as long.
    """
    parts, rest = divmod(usage.length, length)
    if rest or parts < 1:
        message = f"{usage.length} cannot be cut into {length}"
        raise ValueError(message)
    step_us = length // timedelta(microseconds=1)
    offsets = np.arange(parts, dtype=np.int64) * step_us
    starts = (usage.starts[:, None] + offsets).reshape(-1)
    return Usage(length, starts, split_evenly(usage.drawn, parts), split_evenly(usage.fed, parts))


def micro(price: Decimal) -> int:
    """Return a price in millionths; raises ValueError for a finer one."""
    scaled = price * PER_UNIT
    if scaled != int(scaled):
        message = f"{price} is finer than a millionth"
        raise ValueError(message)
    return int(scaled)
