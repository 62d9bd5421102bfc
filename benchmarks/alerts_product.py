"""Everything the judge asks of the product: one place that knows its names."""

from datetime import datetime

from alerts import lifecycle
from alerts.models import Alert
from meters.services import windows
from segs_site.lib import periods
from workers import clocks
from workers.models import Shard


def moment(ms: int) -> datetime:
    """Return an instant of milliseconds since 1970."""
    return periods.instant(ms * 1000)


def shards() -> int:
    """Return how many shards the stream has."""
    return Shard.objects.count()


def start(*, now_ms: int) -> None:
    """Let the detector know that it starts."""


def look(*, now_ms: int) -> None:
    """Close what is due, then let the detector look, as the tasks do."""
    now, consumed_until = moment(now_ms), clocks.slowest()
    if consumed_until is None:
        return
    while windows.close(consumed_until=consumed_until, now=now) != windows.NOTHING:
        pass


def unexplained() -> dict[int, tuple[str, str]]:
    """Return kind and subject of the alerts that hold and that no other alert explains."""
    rows = Alert.objects.causes().filter(state__in=lifecycle.STANDING)
    return {pk: (kind, subject) for pk, kind, subject in rows.values_list("pk", "kind", "subject")}
