"""What a file gave, channel by channel: the figures a person compares with the sender's."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta, tzinfo
from decimal import Decimal

from meters.formats.base import Block, Channel
from segs_site.lib.quantities import Quality

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Summary:
    """Figures of one channel; `total` is in its unit and leaves out what is missing.

    Days are those of the file's zone: expected from the first to the last that the file names,
    found where at least one value stands.
    """

    channel: Channel
    lengths: tuple[timedelta, ...]
    intervals: int
    total: Decimal
    qualities: Mapping[Quality, int]
    days_expected: int
    days_found: int


@dataclass(slots=True)
class Tally:
    """Adds up one channel's blocks."""

    channel: Channel
    intervals: int = 0
    total: Decimal = ZERO
    lengths: set[timedelta] = field(default_factory=set)
    qualities: Counter[Quality] = field(default_factory=Counter)
    days_named: set[date] = field(default_factory=set)
    days_found: set[date] = field(default_factory=set)

    def add(self, block: Block, zone: tzinfo) -> None:
        """Count the reads of a block, in days of `zone`."""
        self.intervals += len(block.reads)
        self.total += sum((read.value for read in block.reads if read.value is not None), ZERO)
        self.qualities.update(read.quality for read in block.reads)
        self.lengths.update({read.end - read.start for read in block.reads})
        for read in block.reads:
            day = read.start.astimezone(zone).date()
            self.days_named.add(day)
            if read.value is not None:
                self.days_found.add(day)

    def summary(self) -> Summary:
        """Return the figures so far."""
        named = self.days_named
        return Summary(
            channel=self.channel,
            lengths=tuple(sorted(self.lengths)),
            intervals=self.intervals,
            total=self.total,
            qualities=dict(sorted(self.qualities.items(), reverse=True)),
            days_expected=(max(named) - min(named)).days + 1 if named else 0,
            days_found=len(self.days_found),
        )
