"""When each round of readings is stamped and when it is due, without drift."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Schedule:
    """Round k is stamped `first_ms` + k intervals of simulated time.

    Simulated time runs `speed` times as fast as real time from `start_ms`, which real time
    called `started_ms`, but never passes real time: a run that starts in the past catches up and
    then goes on live, because no server takes readings from the future.
    """

    first_ms: int
    interval_ms: float
    start_ms: int
    started_ms: int
    speed: float

    @classmethod
    def aligned(cls, *, interval_ms: float, start_ms: int, started_ms: int, speed: float) -> Self:
        """Start at the last whole multiple of the interval, so that restarts hit the same stamps.

        Intervals below a second keep the start as it is: they share no grid worth keeping.
        """
        coarse = interval_ms >= 1000 and interval_ms == int(interval_ms)
        first_ms = start_ms - start_ms % int(interval_ms) if coarse else start_ms
        return cls(first_ms, interval_ms, start_ms, started_ms, speed)

    def stamp_ms(self, number: int) -> int:
        """Return the instant that round `number` is stamped with; -1 is the one before all."""
        return self.first_ms + round(number * self.interval_ms)

    def due_ms(self, number: int) -> float:
        """Return the real instant at which round `number` should leave."""
        stamp_ms = self.stamp_ms(number)
        paced_ms = self.started_ms + (stamp_ms - self.start_ms) / self.speed
        return max(paced_ms, stamp_ms)
