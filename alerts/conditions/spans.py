"""When the supply failed and when it came back, as far as readings tell.

A reading says that there was supply when it was stamped, nothing of the seconds after: the
supply failed somewhere before the next was due. Of one meter the middle is taken. Of n meters
that failed together the failure lies right behind the newest of their last readings: by an
interval over n + 1 on average, the gap that n + 1 random points leave.
"""

from collections.abc import Sequence

import numpy as np

from alerts.conditions.fleet import Ints, Layout, Mask, Tier
from alerts.conditions.gateways import Hearing
from alerts.conditions.liveness import Look

STAMPS_US = 100_000  # meters whose stamps are nearer than this send at the same time
FAR_INTERVALS = 1.5  # beyond it the line was not heard when the supply failed


def failure(layout: Layout, seen: Look, members: Mask) -> int:
    """Return when the supply of some meters failed together, in microseconds."""
    if not members.any():
        return 0
    good = seen.good_us[members]
    last = int(good.max())
    interval = int(np.median(layout.fleet.interval_us[members]))
    missing = np.where(seen.zero_us > 0, seen.zero_us, seen.absent_us)[members]
    after = missing[missing > last]
    if len(after) and int(after.min()) - last > FAR_INTERVALS * interval:
        return (last + int(after.min())) // 2
    sharers = len(np.unique(good[good > last - interval] // STAMPS_US))
    return last + interval // (sharers + 1)


def failures(layout: Layout, seen: Look) -> Ints:
    """Return for each meter when its supply failed, if it failed by itself."""
    last = seen.good_us
    missing = np.where(seen.absent_us > 0, seen.absent_us, last + layout.fleet.interval_us)
    missing = np.where(seen.zero_us > 0, seen.zero_us, missing)
    failed: Ints = (last + np.maximum(missing, last)) // 2
    return failed


def stamps(tier: Tier, layout: Layout, *, good_us: Ints, members: Mask) -> Ints:
    """Return how many different times of sending the members below each node have."""
    below = members & (tier.of_meter >= 0)
    phase = (good_us % layout.fleet.interval_us)[below] // STAMPS_US
    pairs = np.unique(np.stack([tier.of_meter[below], phase], axis=1), axis=0)
    return np.bincount(pairs[:, 0], minlength=len(tier.ids)).astype(np.int64)


def returns(
    layout: Layout,
    hearing: Hearing,
    *,
    ts_us: Ints,
    start_us: Ints,
    shared_us: Sequence[Ints],
) -> Ints:
    """Return for meters with supply again, by a reading `ts_us`, since when they have had it.

    `shared_us` are, from the highest node down, when the supply came back there (0: unknown):
    the first that the meter's own silence allows is taken, for its line may not have been heard.
    """
    interval = layout.fleet.interval_us
    start, end = hearing.gap_from_us[layout.line], hearing.gap_until_us[layout.line]
    in_gap = (end >= ts_us - 1.2 * interval) & (start < ts_us - interval) & (end > start)
    nothing_until = np.maximum(np.where(in_gap, start, ts_us - interval), start_us)
    came = (nothing_until + ts_us) // 2
    for shared in reversed(shared_us):
        fits = (shared > start_us) & (shared >= nothing_until - interval // 10)
        came = np.where(fits, np.minimum(shared, ts_us), came)
    return np.maximum(came, start_us + 1)
