"""By how much late data change the intervals of a line: as they are now, less as billed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from billing.packing import Billed
from billing.rating.corrections import Key
from billing.rating.lines import Component
from segs_site.lib.quantities import Quality

Whole = npt.NDArray[np.int64]
NOT_READ = (Quality.ESTIMATED, Quality.MISSING)


@dataclass(frozen=True, slots=True)
class Account:
    """Intervals with the components that they point to."""

    billed: Billed
    components: Sequence[Component]


NOTHING = Account(Billed(*(np.empty(0, np.int64) for _ in range(4))), ())


@dataclass(frozen=True, slots=True)
class Why:
    """How many intervals changed, by what they were: missing, estimated, or read."""

    filled: int = 0
    replaced: int = 0
    changed: int = 0
    first_us: int | None = None
    last_us: int | None = None


def key_of(component: Component) -> Key:
    """Return what tells the components of a line apart."""
    return (component.label, component.unit, component.price)


def changes(*, now: Account, before: Iterable[Account], of: Sequence[Component]) -> Billed:
    """Return by how much each interval differs, in the components of a difference.

    What adds up to nothing over a component is in no component of the difference, and is left
    out. An interval has the quality that it has now; one that is gone, the one it had.
    """
    places = {key_of(component): place for place, component in enumerate(of)}
    signed = [(now, 1), *((each, -1) for each in before)]
    start, place, energy, quality, rank = _joined([_told(a, s, places) for a, s in signed])
    is_ours = place >= 0
    order = np.lexsort((rank[is_ours], place[is_ours], start[is_ours]))
    start, place, energy, quality = (
        column[is_ours][order] for column in (start, place, energy, quality)
    )
    if not len(start):
        return Billed(start, place, quality, energy)
    is_first = (np.diff(start, prepend=-1) != 0) | (np.diff(place, prepend=-1) != 0)
    at = np.flatnonzero(is_first)
    sums = np.add.reduceat(energy, at)
    kept = at[sums != 0]
    return Billed(start[kept], place[kept], quality[kept], sums[sums != 0])


def _told(account: Account, sign: int, places: dict[Key, int]) -> tuple[Whole, ...]:
    billed = account.billed
    place_of = np.array(
        [places.get(key_of(component), -1) for component in account.components] or [-1], np.int64
    )
    rank = np.full(len(billed), 0 if sign > 0 else 1, np.int64)
    return (
        billed.start,
        place_of[billed.component] if len(billed) else billed.component,
        billed.energy * sign,
        billed.quality,
        rank,
    )


def _joined(parts: Sequence[tuple[Whole, ...]]) -> tuple[Whole, ...]:
    return tuple(np.concatenate(column).astype(np.int64) for column in zip(*parts, strict=True))


def why(changed: Sequence[Billed], *, before: Sequence[Billed]) -> Why:
    """Return what the intervals were that changed, each counted once."""
    starts = _starts(changed)
    if not len(starts):
        return Why()
    quality = {
        start: quality
        for billed in before
        for start, quality in zip(billed.start.tolist(), billed.quality.tolist(), strict=True)
    }
    was = [quality.get(start) for start in starts.tolist()]
    filled = was.count(None)
    replaced = sum(1 for each in was if each in NOT_READ)
    return Why(filled, replaced, len(was) - filled - replaced, int(starts[0]), int(starts[-1]))


def _starts(parts: Sequence[Billed]) -> Whole:
    found = [part.start for part in parts]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.int64)
