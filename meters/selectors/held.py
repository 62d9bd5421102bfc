"""What is, or was, in quarantine."""

from datetime import datetime

from django.db.models import QuerySet

from meters.models import QuarantinedReading


def quarantined(
    *,
    state: str,
    reason: str = "",
    serial: str = "",
    received_since: datetime | None = None,
    received_before: datetime | None = None,
) -> QuerySet[QuarantinedReading]:
    """Return the readings in a state, of a reason, a meter and a time where these are given."""
    wanted = {
        "reason": reason,
        "serial": serial,
        "received_at__gte": received_since,
        "received_at__lt": received_before,
    }
    given = {name: value for name, value in wanted.items() if value}
    return QuarantinedReading.objects.filter(state=state, **given)
