"""How much was used in stretches of time, as the API's consumption answers it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts import selectors as accounts
from billing.portal.own import Own
from meters import intervals
from meters.selectors import energy
from segs_site.lib.periods import Period


@dataclass(frozen=True, slots=True)
class Used:
    """Use of one stretch, all places together; energy None is unknown.

    `found` of the `expected` quarter-hours that are over are known.
    """

    period: Period
    energy_mwh: int | None
    estimated_mwh: int
    found: int
    expected: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing of what is over."""
        return self.found >= self.expected

    @classmethod
    def sum_of(cls, parts: Sequence["Used"]) -> "Used":
        """Return stretches that follow each other as one."""
        known = [part.energy_mwh for part in parts if part.energy_mwh is not None]
        return cls(
            Period(parts[0].period.start, parts[-1].period.end),
            sum(known) if known else None,
            sum(part.estimated_mwh for part in parts),
            sum(part.found for part in parts),
            sum(part.expected for part in parts),
        )


def used(mine: Own, buckets: Sequence[Period]) -> list[Used]:
    """Return what was used in each bucket; they follow each other without a gap."""
    whole = Period(buckets[0].start, buckets[-1].end)
    spans = accounts.spans_of(mine.supplies, period=whole)
    found: list[list[energy.Sum]] = [[] for _ in buckets]
    for (_, place), part in energy.sums(spans=spans, buckets=buckets).items():
        found[place].append(part)
    stays = [stay for each in mine.supplies if (stay := each.stay.within(whole)) is not None]
    return [
        _used(bucket, energy.total(parts), _expected(stays, bucket, mine))
        for bucket, parts in zip(buckets, found, strict=True)
    ]


def _used(bucket: Period, found: energy.Sum, expected: int) -> Used:
    return Used(bucket, found.energy_mwh, found.estimated_mwh, found.found, expected)


def _expected(stays: Iterable[Period], bucket: Period, mine: Own) -> int:
    return sum(
        intervals.whole_quarters(
            max(stay.start, bucket.start), min(stay.end, bucket.end, mine.now)
        )
        for stay in stays
    )
