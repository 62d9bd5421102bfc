"""The registry of meters: read whole for its mirror, and extended by meters nobody announced."""

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from grid.models import Region
from meters.choices import Flow
from meters.columns import Stranger
from meters.models import Meter, ServicePoint
from meters.registry import Key, Snapshot, shard_of
from segs_site.lib.models import RegistryVersion
from segs_site.lib.quantities import MW_PER_KW

_WHERE_NOW = """
SELECT m.serial, m.id, p.region_id, m.limit_kw / coalesce(i.multiplier, 1), m.flow = %s
FROM meters_meter m
LEFT JOIN meters_meterinstallation i ON i.meter_id = m.id AND i.during @> %s::timestamptz
LEFT JOIN meters_servicepoint p ON p.id = i.service_point_id
ORDER BY m.id
"""
_NEXT_CHANGE = """
SELECT least(min(lower(during)) FILTER (WHERE lower(during) > %(now)s),
             min(upper(during)) FILTER (WHERE upper(during) > %(now)s))
FROM meters_meterinstallation
"""


def version() -> int:
    """Return the registry's version; every change of meters, regions or keys raises it."""
    return RegistryVersion.objects.values_list("version", flat=True).get()


def snapshot(
    *, version: int, shards: int, keys: dict[str, Key], auto_register: bool, now: datetime
) -> Snapshot:
    """Return the registry as it stands; `version` and `keys` were read before.

    Limits are of what meters say, before the ratio of the transformers in front of them.
    """
    regions = list(Region.objects.order_by("id").values_list("id", "code"))
    place = {region_id: place for place, (region_id, _) in enumerate(regions)}
    with connection.cursor() as cursor:
        cursor.execute(_WHERE_NOW, [Flow.BOTH, now])
        rows = cursor.fetchall()
    return Snapshot(
        version=version,
        shards=shards,
        auto_register=auto_register,
        oldest_days=settings.SEGS_RAW_RETENTION_DAYS,
        regions=[code for _, code in regions],
        serial=[row[0] for row in rows],
        meter=[row[1] for row in rows],
        region=[place.get(row[2], -1) for row in rows],
        limit=[round(row[3] * MW_PER_KW) for row in rows],
        both=[int(row[4]) for row in rows],
        default_limit=round(settings.SEGS_METER_LIMIT_KW * MW_PER_KW),
        keys=keys,
    )


def next_change(*, now: datetime) -> datetime | None:
    """Return when a meter is next taken down or hung up, as far as that is entered already.

    No version is raised at that moment, for nothing is written then.
    """
    with connection.cursor() as cursor:
        cursor.execute(_NEXT_CHANGE, {"now": now})
        moment: datetime | None = cursor.fetchone()[0]
    return moment


def find_or_register(
    *, strangers: Iterable[Stranger], shards: int, auto_register: bool, now: datetime
) -> dict[str, int]:
    """Return the ids of meters by serial, registering those that are new where that is allowed.

    A new meter hangs at a service point of its own in the region it names, from 2000 on, so that
    late readings have a place. Left out: a meter whose region is unknown, and new meters where
    `auto_register` is off. Runs in a transaction of its own.
    """
    wanted = {stranger.serial: stranger.region for stranger in strangers}
    known = _ids(wanted)
    if auto_register and len(known) < len(wanted):
        missing = {serial: code for serial, code in wanted.items() if serial not in known}
        _register(missing, shards, now)
        known = _ids(wanted)
    return known


def _ids(serials: Iterable[str]) -> dict[str, int]:
    return dict(Meter.objects.filter(serial__in=list(serials)).values_list("serial", "id"))


def _register(missing: dict[str, str], shards: int, now: datetime) -> None:
    regions = dict(Region.objects.filter(code__in=missing.values()).values_list("code", "id"))
    homes = {serial: regions[code] for serial, code in missing.items() if code in regions}
    with transaction.atomic():
        Meter.objects.bulk_create(
            [_unannounced(serial, shards, now) for serial in sorted(homes)],
            ignore_conflicts=True,  # another shard's owner never has the same serial; a person may
        )
        ServicePoint.objects.bulk_create(
            [ServicePoint(code=f"auto-{s}", region_id=homes[s]) for s in sorted(homes)],
            ignore_conflicts=True,
        )
        with connection.cursor() as cursor:
            cursor.execute(_INSTALL, [_SINCE, sorted(homes)])


_SINCE = "2000-01-01T00:00:00Z"
_INSTALL = """
INSERT INTO meters_meterinstallation (meter_id, service_point_id, during)
SELECT m.id, p.id, tstzrange(%s, NULL)
FROM meters_meter m JOIN meters_servicepoint p ON p.code = 'auto-' || m.serial
WHERE m.serial = ANY(%s)
  AND NOT EXISTS (SELECT 1 FROM meters_meterinstallation i WHERE i.meter_id = m.id)
"""


def _unannounced(serial: str, shards: int, now: datetime) -> Meter:
    return Meter(
        serial=serial,
        shard=shard_of(serial, shards),
        flow=Flow.BOTH,
        limit_kw=settings.SEGS_METER_LIMIT_KW,
        reading_interval_s=settings.SEGS_READING_INTERVAL_S,
        auto_registered=True,
        registered_at=now,
    )
