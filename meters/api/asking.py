"""What doors of meters ask of time."""

from datetime import datetime

from segs_site.lib.periods import Period


def over(period: Period, now: datetime) -> Period | None:
    """Return what of a period lies before now; None when all of it is to come."""
    return Period(period.start, min(period.end, now)) if period.start < now else None
