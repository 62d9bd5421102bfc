"""How long a condition has held or been gone, window by window: on-delay and off-delay."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from alerts.conditions.fleet import Ints, Mask, align
from alerts.conditions.limits import Limit


@dataclass(frozen=True, slots=True)
class Spells:
    """For each subject: windows in a row in which it held, was gone, and whether it was told."""

    held: Ints
    gone: Ints
    told: Mask


def none(count: int) -> Spells:
    """Return that nothing has held."""
    return Spells(np.zeros(count, np.int64), np.zeros(count, np.int64), np.zeros(count, np.bool_))


@dataclass(frozen=True, slots=True)
class Turn:
    """What a window changed: the spells after it, which became an alert, which is over."""

    spells: Spells
    begins: Mask
    ends: Mask


def turn(
    before: Spells, *, holds: Mask, is_gone: Mask, limit: Limit, window_s: int, may_begin: Mask
) -> Turn:
    """Count a window. What neither holds nor is gone (unknown) ends a run and clears nothing."""
    held = np.where(holds, before.held + 1, 0)
    gone = np.where(is_gone, before.gone + 1, 0)
    begins = ~before.told & may_begin & (held >= windows(limit.on_delay_s, window_s))
    begins &= holds & limit.is_enabled
    ends = before.told & (gone >= windows(limit.off_delay_s, window_s)) & is_gone
    return Turn(Spells(held, gone, (before.told | begins) & ~ends), begins, ends)


def windows(delay_s: int, window_s: int) -> int:
    """Return how many windows a delay takes, at least the one that shows the condition."""
    return max(1, -(-delay_s // window_s))


def realign(columns: Any, old: Ints, new: Ints) -> Any:
    """Return a dataclass of columns for other meters; a new one starts with zeros."""
    places, known = align(old, new)

    def fit(column: Any) -> Any:
        if isinstance(column, Spells):
            return realign(column, old, new)
        if not len(old):
            return np.zeros((len(new), *column.shape[1:]), column.dtype)
        kept = column[places]
        kept[~known] = 0
        return kept

    names = type(columns).__slots__
    return type(columns)(**{name: fit(getattr(columns, name)) for name in names})
