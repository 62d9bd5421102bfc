"""Quarter-hours: judged, and filled where nobody measured."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime

from celery import shared_task

from alerts.selectors import darkness
from meters.services import validating
from segs_site.lib.periods import Period
from tariffs.models import RatePlan
from tariffs.plans import TimeOfUse

log = logging.getLogger(__name__)

VALIDATE_FOR_S = 20.0  # then the next tick goes on, so that a long backlog blocks no restart


@shared_task(name="workers.tasks.validate_intervals")
def validate_intervals() -> None:
    """Judge what was summed since, and estimate what is missing, but for known outages."""
    ended = time.monotonic() + VALIDATE_FOR_S
    now = datetime.now(UTC)
    validating.mark_conflicts(now=now)
    holidays = _holidays()
    while time.monotonic() < ended:
        step = validating.validate(now=now, darkness=_darkness, holidays=holidays)
        if step == validating.NOTHING:
            return
        log.info("judged %s marks, found %s, filled %s", step.marks, step.found, step.filled)
        now = datetime.now(UTC)


def _darkness(meters: Collection[int], period: Period) -> Mapping[int, Sequence[Period]]:
    return darkness.of_meters(meter_ids=meters, period=period)


def _holidays() -> frozenset[date]:
    """Return the holidays that any plan names."""
    energies = (row.plan().energy for row in RatePlan.objects.all())
    return frozenset(
        day for energy in energies if isinstance(energy, TimeOfUse) for day in energy.holidays
    )
