"""Random numbers that are a function of what they are for, not of what was drawn before.

The same (seed, purpose, household, moment) always gives the same number, whatever the reading
interval and wherever a run starts. Mixing: the finaliser of splitmix64 (Steele, Lea, Flood 2014,
"Fast splittable pseudorandom number generators").
"""

from functools import lru_cache
from zlib import crc32

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint64]

_GOLDEN = 0x9E37_79B9_7F4A_7C15
_WORD = 0xFFFF_FFFF_FFFF_FFFF
_NORMAL_SCALE = (4 / 12) ** 0.5  # deviation of a sum of four uniform numbers


def bits(seed: int, purpose: str, who: Ints, moment: int | Ints = 0) -> Bits:
    """Return 64 random bits for each of `who` at `moment` (one for all, or one each)."""
    mixed = _mix(who.astype(np.uint64) * np.uint64(_GOLDEN) + _start(seed, purpose))
    if isinstance(moment, int):
        return _mix(mixed + np.uint64((moment * _GOLDEN) & _WORD))
    return _mix(mixed + moment.astype(np.uint64) * np.uint64(_GOLDEN))


def uniform(seed: int, purpose: str, who: Ints, moment: int | Ints = 0) -> Floats:
    """Return numbers in [0, 1)."""
    return (bits(seed, purpose, who, moment) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(seed: int, purpose: str, who: Ints, moment: int | Ints = 0) -> Floats:
    """Return nearly normal numbers, mean 0 and deviation 1, never beyond ±3.47."""
    quarters = bits(seed, purpose, who, moment).view(np.uint16).reshape(-1, 4)
    total = quarters.sum(axis=1, dtype=np.float64) / 65_535
    return (total - 2.0) / _NORMAL_SCALE


def drift(seed: int, purpose: str, who: Ints, minute: float, *, every: int) -> Floats:
    """Return noise that persists: a new normal number each `every` minutes, straight between."""
    knot, past = divmod(minute, every)
    before = normal(seed, purpose, who, int(knot))
    after = normal(seed, purpose, who, int(knot) + 1)
    return before + (after - before) * (past / every)


@lru_cache(maxsize=256)
def _start(seed: int, purpose: str) -> np.uint64:
    # Mixed by itself: the household next door must not be this household under the next seed.
    word = (seed * _GOLDEN + crc32(purpose.encode())) & _WORD
    return _mix(np.array([word], np.uint64))[0]


def _mix(words: Bits) -> Bits:
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return words ^ (words >> np.uint64(31))
