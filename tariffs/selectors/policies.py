"""Which policy rules a region, and when its next slot is due."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from grid.models import Region
from segs_site.lib import periods
from tariffs.models import PricingPolicy, RegionPrice


@dataclass(frozen=True, slots=True)
class Due:
    """A region whose slot from `start` is due to be decided."""

    region_id: int
    start: datetime


class Policies:
    """Every policy, read once: which rules a region at a moment."""

    def __init__(self, policies: Iterable[PricingPolicy]) -> None:
        self._newest_first = sorted(
            policies, key=lambda policy: policy.effective_from, reverse=True
        )

    def at(self, moment: datetime, *, region_id: int) -> PricingPolicy | None:
        """Return the region's own policy in force at `moment`, else the default, else None."""
        begun = [each for each in self._newest_first if each.effective_from <= moment]
        own = (each for each in begun if each.region_id == region_id)
        default = (each for each in begun if each.region_id is None)
        return next(own, None) or next(default, None)

    def first_moment(self, *, region_id: int) -> datetime | None:
        """Return since when some policy rules the region; None when there is none."""
        moments = (
            each.effective_from
            for each in self._newest_first
            if each.region_id in (region_id, None)
        )
        return min(moments, default=None)


def policies() -> Policies:
    """Read every policy: they are few."""
    return Policies(PricingPolicy.objects.select_related("region"))


def policy_at(moment: datetime, *, region_id: int) -> PricingPolicy | None:
    """Return the policy that rules a region at a moment; None when there is none."""
    found = PricingPolicy.objects.of(region_id).begun(moment).strongest_first()
    return found.select_related("region").first()


def slot_end(start: datetime, length: timedelta) -> datetime:
    """Return where the slot that begins at `start` ends: at the next multiple of `length`.

    The first slot under a new length may be shorter, so that slots neither gap nor overlap.
    """
    return periods.floor(start, length) + length


def next_start(
    newest_end: datetime | None, known: Policies, *, region_id: int, now: datetime
) -> datetime | None:
    """Return where the region's next undecided slot begins; None while no policy rules it.

    A region without any price begins with the next full minute: nothing is priced backwards.
    """
    if newest_end is not None:
        return newest_end
    first = known.first_moment(region_id=region_id)
    if first is None:
        return None
    return max(periods.floor(now, periods.MINUTE) + periods.MINUTE, ceiling(first, periods.MINUTE))


def ceiling(moment: datetime, length: timedelta) -> datetime:
    """Return the first multiple of `length` that is not before `moment`."""
    floor = periods.floor(moment, length)
    return floor if floor == moment else floor + length


def due(*, now: datetime) -> list[Due]:
    """Return the regions with a slot to decide now, whose slot starts earliest first."""
    newest = RegionPrice.objects.filter(region=OuterRef("pk")).order_by("-starts_at")
    regions = Region.objects.annotate(newest_end=Subquery(newest.values("ends_at")[:1]))
    known = policies()
    found = []
    for region_id, newest_end in regions.values_list("pk", F("newest_end")):
        start = next_start(newest_end, known, region_id=region_id, now=now)
        if start is not None and is_due(start, known.at(start, region_id=region_id), now=now):
            found.append(Due(region_id, start))
    return sorted(found, key=lambda each: each.start)


def is_due(start: datetime, policy: PricingPolicy | None, *, now: datetime) -> bool:
    """Tell whether the slot from `start` is to be decided at `now`."""
    return policy is not None and now >= start - policy.lead
