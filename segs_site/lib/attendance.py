"""How many consoles of operators are connected: each web process says it again and again."""

from datetime import datetime, timedelta

from django.db.models import Sum

from segs_site.lib.models import Attendance

SAID_EVERY_S = 5.0
BELIEVED_FOR = timedelta(seconds=15)  # a process that is gone says nothing any more
FORGOTTEN_AFTER = timedelta(hours=1)


def say(*, process: str, consoles: int, now: datetime) -> None:
    """Note how many consoles a process serves; forget processes that are long gone."""
    Attendance.objects.update_or_create(
        process=process, defaults={"consoles": consoles, "said_at": now}
    )
    Attendance.objects.filter(said_at__lt=now - FORGOTTEN_AFTER).delete()


def consoles(*, now: datetime) -> int:
    """Return how many consoles of operators are connected, to within `BELIEVED_FOR`."""
    lately = Attendance.objects.filter(said_at__gt=now - BELIEVED_FOR)
    count: int | None = lately.aggregate(sum=Sum("consoles"))["sum"]
    return count or 0
