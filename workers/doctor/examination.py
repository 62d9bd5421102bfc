"""Asks the machine, the database and the broker, and judges the answers."""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from workers.doctor import findings, persistence
from workers.doctor.findings import Finding
from workers.models import Shard

PATIENCE_S = 5
SETTINGS_ASKED = ["fsync", "synchronous_commit", "full_page_writes"]


def examine(*, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Yield one finding after the other; a server that is away fails once."""
    yield findings.python(sys.version_info[:3])
    yield findings.packages(_pinned(), _installed())
    yield findings.secrets(
        debug=settings.DEBUG,
        secret_length=len(settings.SECRET_KEY),
        is_demo_secret=settings.SECRET_KEY == settings.DEV_SECRET_KEY,
    )
    yield _zone()
    try:
        yield from _database(now)
    except DatabaseError as error:
        yield findings.fail("database", f"{_first_line(error)}: is DATABASE_URL right?")
    try:
        yield from _broker(now)
    except redis.RedisError as error:
        yield findings.fail("broker", f"{_first_line(error)}: is REDIS_URL right?")


def _database(now: Callable[[], datetime]) -> Iterator[Finding]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        version = cursor.fetchone()[0]
        cursor.execute(
            "SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [SETTINGS_ASKED]
        )
        server_settings = dict(cursor.fetchall())
        cursor.execute("SELECT extname FROM pg_extension")
        extensions = [row[0] for row in cursor.fetchall()]
        yield from findings.database(version, server_settings, extensions)
        yield findings.clock("database", _database_skew_s(now))
        cursor.execute("SELECT setting FROM pg_settings WHERE name = 'data_directory'")
        folder = cursor.fetchone()  # shown to superusers and pg_read_all_settings alone
    if folder is not None:
        yield _disk("database", folder[0])
    missing = _missing_migrations()
    yield findings.migrations(missing)
    if not missing:
        yield findings.shards(stored=Shard.objects.count(), configured=settings.SEGS_SHARDS)


def _broker(now: Callable[[], datetime]) -> Iterator[Finding]:
    with redis.Redis.from_url(
        settings.REDIS_URL,
        decode_responses=True,
        socket_connect_timeout=PATIENCE_S,
        socket_timeout=PATIENCE_S,
    ) as client:
        info = client.info()
        name = "Valkey" if "valkey_version" in info else "Redis"
        yield findings.ok("broker", f"{name} {persistence.broker_version(info)}")
        faults = persistence.broker_faults(client)
        for fault in faults:
            yield findings.fail("durability", fault)
        if not faults:
            yield findings.ok("durability", "every append is on disk before it is acknowledged")
        yield findings.cache(
            broker_url=settings.REDIS_URL, cache_url=settings.CACHES["default"]["LOCATION"]
        )
        yield findings.clock("broker", _broker_skew_s(client, now))
        try:
            folder = client.config_get("dir").get("dir")
        except redis.ResponseError:  # managed brokers forbid CONFIG
            folder = None
    if folder:
        yield _disk("broker", folder)


def _database_skew_s(now: Callable[[], datetime]) -> float:
    with connection.cursor() as cursor:
        asked = now()
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
        return _ahead_s(theirs, asked, now())


def _broker_skew_s(client: redis.Redis, now: Callable[[], datetime]) -> float:
    asked = now()
    seconds, microseconds = client.time()
    theirs = datetime.fromtimestamp(seconds + microseconds / 1e6, UTC)
    return _ahead_s(theirs, asked, now())


def _ahead_s(theirs: datetime, asked: datetime, answered: datetime) -> float:
    """Return how far `theirs`, read half-way through the question, is ahead of ours."""
    return (theirs - (asked + (answered - asked) / 2)).total_seconds()


def _disk(subject: str, folder: str) -> Finding:
    try:
        room = os.statvfs(folder)
    except OSError:
        return findings.disk(subject, folder, free_bytes=None)
    return findings.disk(subject, folder, free_bytes=room.f_bavail * room.f_frsize)


def _missing_migrations() -> list[str]:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def _zone() -> Finding:
    zone = settings.SEGS_SITE_ZONE
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        return findings.fail("zone", f"SEGS_SITE_ZONE={zone} is no zone of the tz database")
    if settings.TIME_ZONE != "UTC":
        return findings.fail("zone", f"TIME_ZONE is {settings.TIME_ZONE}: it has to stay UTC")
    return findings.ok("zone", f"days of {zone}, instants in UTC")


def _pinned() -> dict[str, str]:
    file = Path(settings.BASE_DIR) / "requirements.txt"
    if not file.exists():
        return {}
    pins = (line.split()[0] for line in file.read_text().splitlines() if "==" in line[:80])
    return dict(pin.split("==") for pin in pins if not pin.startswith("#"))


def _installed() -> dict[str, str]:
    return {
        _normal(distribution.metadata["Name"]): distribution.version
        for distribution in metadata.distributions()
    }


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
