"""SAIDI, SAIFI and CAIDI of a period, from the interruptions that were written down."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from alerts.conditions import continuity
from alerts.conditions.continuity import Continuity, Loss
from alerts.models import Interruption
from meters.models import MeterInstallation
from segs_site.lib.periods import Period

Span = tuple[datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Supply:
    """How customers were supplied in a period: what nobody planned, and what was planned.

    `lasting` interruptions are not over: what they add is counted up to now.
    """

    period: Period
    customers: int
    unplanned: Continuity
    planned: Continuity
    lasting: int


def supply_in(*, period: Period, now: datetime) -> Supply:
    """Return the indices of a period, planned work apart; see `continuity_of`."""
    rows = Interruption.objects.touching(period.start, period.end)
    found = list(rows.values_list("started_at", "ended_at", "is_planned"))
    customers = _hanging(period, now).count()

    def of(*, is_planned: bool) -> Continuity:
        spans = ((start, end) for start, end, planned in found if planned == is_planned)
        return _reckoned(spans, customers, period, now)

    return Supply(
        period=period,
        customers=customers,
        unplanned=of(is_planned=False),
        planned=of(is_planned=True),
        lasting=sum(end is None for _, end, _ in found),
    )


def continuity_of(
    *, period: Period, now: datetime, region_id: int | None = None, with_planned: bool = False
) -> Continuity:
    """Return the indices of a period, of one region or all; what still lasts counts up to now.

    Customers are service points that had a meter at the period's end, or have one now.
    """
    rows = Interruption.objects.touching(period.start, period.end)
    hanging = _hanging(period, now)
    if region_id is not None:
        rows = rows.filter(region_id=region_id)
        hanging = hanging.filter(service_point__region_id=region_id)
    if not with_planned:
        rows = rows.filter(is_planned=False)
    return _reckoned(rows.values_list("started_at", "ended_at"), hanging.count(), period, now)


def _hanging(period: Period, now: datetime) -> QuerySet[MeterInstallation]:
    return MeterInstallation.objects.filter(during__contains=min(period.end, now))


def _reckoned(spans: Iterable[Span], customers: int, period: Period, now: datetime) -> Continuity:
    losses = [_loss(start, end or now, period) for start, end in spans]
    return continuity.reckon(losses=losses, customers=customers)


def _loss(start: datetime, end: datetime, period: Period) -> Loss:
    within = min(end, period.end) - max(start, period.start)
    return Loss(
        length=max(end - start, continuity.ZERO),
        within=max(within, continuity.ZERO),
        begins=start in period,
    )
