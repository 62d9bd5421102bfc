"""SAIDI, SAIFI and CAIDI of a period, from the interruptions that were written down."""

from datetime import datetime

from alerts.conditions import continuity
from alerts.conditions.continuity import Continuity, Loss
from alerts.models import Interruption
from meters.models import MeterInstallation
from segs_site.lib.periods import Period


def continuity_of(
    *, period: Period, now: datetime, region_id: int | None = None, with_planned: bool = False
) -> Continuity:
    """Return the indices of a period, of one region or all; what still lasts counts up to now.

    Customers are service points that had a meter at the period's end, or have one now.
    """
    rows = Interruption.objects.touching(period.start, period.end)
    hanging = MeterInstallation.objects.filter(during__contains=min(period.end, now))
    if region_id is not None:
        rows = rows.filter(region_id=region_id)
        hanging = hanging.filter(service_point__region_id=region_id)
    if not with_planned:
        rows = rows.filter(is_planned=False)
    spans = rows.values_list("started_at", "ended_at")
    losses = [_loss(start, end or now, period) for start, end in spans]
    return continuity.reckon(losses=losses, customers=hanging.count())


def _loss(start: datetime, end: datetime, period: Period) -> Loss:
    within = min(end, period.end) - max(start, period.start)
    return Loss(
        length=max(end - start, continuity.ZERO),
        within=max(within, continuity.ZERO),
        begins=start in period,
    )
