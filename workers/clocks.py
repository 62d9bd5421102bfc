"""How far the stream has been read: the clock by which minutes close and meters are silent."""

from datetime import datetime

from django.db.models import Count, Min

from workers.models import Shard


def slowest() -> datetime | None:
    """Return the clock of the shard furthest behind; None while one has not started."""
    clocks = Shard.objects.aggregate(
        shards=Count("number"), started=Count("consumed_until"), slowest=Min("consumed_until")
    )
    return clocks["slowest"] if clocks["shards"] == clocks["started"] else None


def by_shard() -> dict[int, datetime]:
    """Return the clock of each shard that has one."""
    started = Shard.objects.exclude(consumed_until=None)
    return {
        number: clock
        for number, clock in started.values_list("number", "consumed_until")
        if clock is not None
    }
