"""Quarter-hours cut into minutes, where a price holds for less than a quarter-hour."""

import numpy as np
import numpy.typing as npt

from billing.rating.usage import Usage, Whole
from segs_site.lib.periods import MINUTE

MINUTES = 15
MINUTE_US = 60_000_000
QUARTER_US = MINUTES * MINUTE_US
Grid = npt.NDArray[np.int64]  # a row a quarter-hour, a column a minute


def spread(quarters: Usage, minutes: Usage) -> Usage:
    """Return every minute of some quarter-hours, whose starts are distinct and in order.

    What is known of minutes is kept; the rest of a quarter-hour, drawn and fed in apart, goes
    evenly to its minutes that are not known, so that minutes always add up to the quarter-hour.
    Where all are known and do not, the last one takes the rest. Where minutes drew or fed in more
    than their quarter-hour, they are right: its net energy was all that was known of it.
    """
    drawn, fed = (np.zeros((len(quarters), MINUTES), np.int64) for _ in range(2))
    is_open = np.ones(drawn.shape, np.bool_)
    row, column, is_ours = _places(quarters.starts, minutes.starts)
    is_open[row, column] = False
    is_open[~is_open.any(axis=1), -1] = True
    np.add.at(drawn, (row, column), minutes.drawn[is_ours])
    np.add.at(fed, (row, column), minutes.fed[is_ours])
    drawn[is_open] = fed[is_open] = 0
    more, less = quarters.drawn - drawn.sum(axis=1), quarters.fed - fed.sum(axis=1)
    lacking = np.maximum(0, -np.minimum(more, less))  # of both, so that the net stays
    drawn = np.where(is_open, _shares(more + lacking, is_open), drawn)
    fed = np.where(is_open, -_shares(-less - lacking, is_open), fed)
    starts = quarters.starts[:, None] + np.arange(MINUTES, dtype=np.int64) * MINUTE_US
    return Usage(MINUTE, starts.reshape(-1), drawn.reshape(-1), fed.reshape(-1))


def _places(quarters: Whole, minutes: Whole) -> tuple[Whole, Whole, npt.NDArray[np.bool_]]:
    """Return row and column of each minute of the quarter-hours, and which minutes those are."""
    begun = minutes - minutes % QUARTER_US
    row = np.searchsorted(quarters, begun)
    is_ours = row < len(quarters)
    is_ours[is_ours] = quarters[row[is_ours]] == begun[is_ours]
    return row[is_ours], (minutes % QUARTER_US // MINUTE_US)[is_ours], is_ours


def _shares(rest: Whole, is_open: npt.NDArray[np.bool_]) -> Grid:
    """Return each open minute's share of the rest of its row, exact in sum."""
    count = is_open.sum(axis=1)
    each, extra = np.divmod(rest, count)
    rank = np.cumsum(is_open, axis=1) - 1
    shares: Grid = each[:, None] + (rank < extra[:, None])
    return shares
