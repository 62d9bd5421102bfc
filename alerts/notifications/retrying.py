"""When a notice is tried again, when it is given up, and how long a failing way out rests."""

from datetime import datetime, timedelta
from typing import Final

MOST_ATTEMPTS: Final = 12  # with these waits: some five hours
OLDEST: Final = timedelta(hours=24)  # news of yesterday is no news; it can be replayed
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
FAILURES: Final = 5  # in a row, after which a lane rests
FIRST_REST, LONGEST_REST = timedelta(seconds=30), timedelta(minutes=30)


def wait(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts, at least one."""
    return min(FIRST_WAIT * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT)


def is_over(*, attempts: int, created_at: datetime, now: datetime) -> bool:
    """Tell whether a notice that failed is given up."""
    return attempts >= MOST_ATTEMPTS or now - created_at >= OLDEST


def rest(failures: int) -> timedelta | None:
    """Return how long a lane rests after so many failures in a row; None: not at all."""
    if failures < FAILURES:
        return None
    return min(FIRST_REST * 2.0 ** min(failures - FAILURES, 20), LONGEST_REST)
