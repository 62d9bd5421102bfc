"""What became of the readings: every one that was sent is in exactly one count."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec
import numpy as np

LATENCIES_KEPT = 100_000  # answers the percentiles are taken from, the newest


class Item(msgspec.Struct):
    """One item of an answer's `errors`."""

    code: str = "unnamed"


class Answer(msgspec.Struct):
    """What ingest says of a body that it could read."""

    accepted: int
    duplicates: int = 0
    quarantined: int = 0
    rejected: int = 0
    errors: list[Item] = []


@dataclass(slots=True)
class Tally:
    """Counts of a run; readings = the six fates and those still under way."""

    readings: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    rejected: int = 0
    refused: int = 0
    lost: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=LATENCIES_KEPT))

    @property
    def settled(self) -> int:
        """Readings whose fate is known."""
        return self.answered + self.lost

    @property
    def answered(self) -> int:
        """Readings that the other side has said something final about."""
        fates = (self.accepted, self.duplicates, self.quarantined, self.rejected, self.refused)
        return sum(fates)

    def take(self, answer: Answer, *, latency_ms: float) -> None:
        """Count an answer that speaks of every reading of its body."""
        self.accepted += answer.accepted
        self.duplicates += answer.duplicates
        self.quarantined += answer.quarantined
        self.rejected += answer.rejected
        self.codes.update(item.code for item in answer.errors)
        self.latencies_ms.append(latency_ms)

    def refuse(self, count: int, code: str, *, latency_ms: float) -> None:
        """Count a body that was refused as a whole."""
        self.refused += count
        self.codes[code] += count
        self.latencies_ms.append(latency_ms)

    def closing_line(self, elapsed_s: float) -> str:
        """Return the line a run ends with."""
        middle, slowest = percentiles(self.latencies_ms, (50, 99))
        per_second = self.answered / elapsed_s if elapsed_s > 0 else 0.0
        return (
            f"simulate: readings={self.readings} readings_s={per_second:.1f}"
            f" accepted={self.accepted} duplicates={self.duplicates}"
            f" quarantined={self.quarantined} rejected={self.rejected}"
            f" refused={self.refused} lost={self.lost}"
            f" p50_ms={middle:.1f} p99_ms={slowest:.1f}"
        )

    def codes_line(self) -> str:
        """Return the codes that came back with how often, or nothing."""
        return " ".join(f"{code}={count}" for code, count in self.codes.most_common())


def percentiles(values: Iterable[float], wanted: tuple[float, ...]) -> list[float]:
    """Return the wanted percentiles, 0 where there are no values."""
    known = list(values)
    return np.percentile(known, wanted).tolist() if known else [0.0] * len(wanted)
