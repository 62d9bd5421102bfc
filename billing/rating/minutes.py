"""Quarter-hours cut into minutes, where a price holds for less than a quarter-hour."""

import numpy as np

from billing.rating.usage import Whole

MINUTES = 15
MINUTE_US = 60_000_000
QUARTER_US = MINUTES * MINUTE_US


def spread(
    quarters: Whole, energy: Whole, minutes: Whole, minute_energy: Whole
) -> tuple[Whole, Whole]:
    """Return starts and net energy of every minute of some quarter-hours.

    `quarters` are distinct starts in order. What is known of minutes is kept; the rest of a
    quarter-hour's energy goes evenly to its minutes that are not known, so that minutes always
    add up to the quarter-hour. Where all are known and do not, the last one takes the rest.
    """
    grid = np.zeros((len(quarters), MINUTES), np.int64)
    is_known = np.zeros(grid.shape, np.bool_)
    row = np.searchsorted(quarters, minutes - minutes % QUARTER_US)
    column = minutes % QUARTER_US // MINUTE_US
    is_ours = row < len(quarters)
    is_ours[is_ours] = quarters[row[is_ours]] == (minutes - minutes % QUARTER_US)[is_ours]
    np.add.at(grid, (row[is_ours], column[is_ours]), minute_energy[is_ours])
    is_known[row[is_ours], column[is_ours]] = True
    is_known[is_known.all(axis=1), -1] = False
    rest = energy - np.where(is_known, grid, 0).sum(axis=1)
    grid = np.where(is_known, grid, _shares(rest, ~is_known))
    starts = quarters[:, None] + np.arange(MINUTES, dtype=np.int64) * MINUTE_US
    return starts.reshape(-1), grid.reshape(-1)


def _shares(rest: Whole, is_open: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Whole:
    """Return each open minute's share of the rest of its row, exact in sum."""
    count = is_open.sum(axis=1)
    each, extra = np.divmod(rest, count)
    rank = np.cumsum(is_open, axis=1) - 1
    shares: Whole = each[:, None] + (rank < extra[:, None])
    return shares
