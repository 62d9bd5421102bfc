"""How long to wait before the same body goes out again."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

FIRST_S: Final = 0.5
LONGEST_S: Final = 30.0
LONGEST_ASKED_S: Final = 300.0  # a Retry-After beyond this is taken for a mistake
BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})


def pause_s(attempt: int, *, asked_s: float | None, chance: float) -> float:
    """Return seconds to wait after failed `attempt` (from 0); `chance` in [0, 1) is the jitter.

    Exponential, half of it random, so that clients that failed together do not return together.
    What the server asked for in Retry-After is the least.
    """
    grown_s = min(LONGEST_S, FIRST_S * 2.0 ** min(attempt, 16))
    jittered_s = grown_s * (1 + chance) / 2
    if asked_s is None:
        return jittered_s
    return min(asked_s, LONGEST_ASKED_S) + FIRST_S * chance if asked_s > jittered_s else jittered_s


def retry_after_s(header: str | None, *, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, None where it says nothing.

    It holds seconds or an HTTP date (RFC 9110, 10.2.3).
    """
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        return max(0.0, (parsedate_to_datetime(header) - now).total_seconds())
    except (TypeError, ValueError):
        return None
