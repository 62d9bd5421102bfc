"""What the doctor says, one line each: a level, a subject, what is so and what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

OLDEST_PYTHON = (3, 11)
OLDEST_DATABASE = 140_000  # as PostgreSQL numbers itself; Django 5.2 asks for 14
SKEW_WARN_S, SKEW_FAIL_S = 1.0, 5.0  # a minute closes five seconds after its end
DISK_WARN_BYTES, DISK_FAIL_BYTES = 10 << 30, 1 << 30
SHORTEST_SECRET = 50
NAMED_AT_MOST = 5


class Level(StrEnum):
    """How bad it is; only `fail` makes the doctor's exit code 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor."""

    level: Level
    subject: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<4}  {self.subject:<11} {self.text}"


def ok(subject: str, text: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(Level.OK, subject, text)


def warn(subject: str, text: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(Level.WARN, subject, text)


def fail(subject: str, text: str) -> Finding:
    """Return a finding that breaks a promise."""
    return Finding(Level.FAIL, subject, text)


def python(version: Sequence[int]) -> Finding:
    """Judge the interpreter's version."""
    shown = ".".join(str(part) for part in version[:3])
    if tuple(version[:2]) < OLDEST_PYTHON:
        return fail("python", f"{shown} is too old: use Python 3.11 or newer")
    return ok("python", shown)


def packages(pinned: Mapping[str, str], installed: Mapping[str, str]) -> Finding:
    """Judge the installed versions against the pinned ones."""
    apart = [
        f"{name} {installed.get(name, 'is missing')} for {version}"
        for name, version in pinned.items()
        if installed.get(name) != version
    ]
    if apart:
        return warn(
            "packages", f"{_some(apart)}: `pip install --require-hashes -r requirements.txt`"
        )
    if not pinned:
        return warn("packages", "there is no requirements.txt to compare with")
    return ok("packages", f"{len(pinned)}, all as pinned")


def secrets(*, debug: bool, secret_length: int, is_demo_secret: bool) -> Finding:
    """Judge DEBUG and SECRET_KEY."""
    if debug:
        return warn("secrets", "DEBUG is on: right for a demo, wrong where others can reach it")
    if is_demo_secret or secret_length < SHORTEST_SECRET:
        return fail("secrets", f"SECRET_KEY: set at least {SHORTEST_SECRET} random characters")
    return ok("secrets", "DEBUG is off, SECRET_KEY is long")


def database(
    version: int, settings: Mapping[str, str], extensions: Sequence[str]
) -> list[Finding]:
    """Judge a PostgreSQL by `server_version_num`, its settings and its installed extensions."""
    shown = f"PostgreSQL {version // 10_000}.{version % 10_000}"
    if version < OLDEST_DATABASE:
        return [fail("database", f"{shown} is too old: use PostgreSQL 14 or newer")]
    careless = [
        f"{name} is {settings.get(name)}"
        for name in ("fsync", "synchronous_commit", "full_page_writes")
        if settings.get(name) == "off"
    ]
    found = [ok("database", shown)]
    if careless:
        found.append(
            fail("durability", f"{', '.join(careless)}: a crash loses readings; switch it on")
        )
    else:
        found.append(ok("durability", "every commit is on disk before it is acknowledged"))
    if "btree_gist" not in extensions:
        found.append(
            fail("extensions", "btree_gist is missing: `CREATE EXTENSION btree_gist` as superuser")
        )
    else:
        found.append(ok("extensions", "btree_gist"))
    return found


def migrations(missing: Sequence[str]) -> Finding:
    """Judge the migrations that have not been applied."""
    if missing:
        return fail("migrations", f"{_some(missing)} to apply: `manage.py migrate`")
    return ok("migrations", "all applied")


def shards(*, stored: int, configured: int) -> Finding:
    """Judge the setting against the shards fixed at install."""
    if stored != configured:
        return warn(
            "shards",
            f"{stored} were fixed at install and count; SEGS_SHARDS={configured} does nothing",
        )
    return ok("shards", str(stored))


def cache(*, broker_url: str, cache_url: str) -> Finding:
    """Judge whether clearing the cache, which is a FLUSHDB, would empty the streams."""
    if _server_and_number(broker_url) == _server_and_number(cache_url):
        return fail(
            "cache", "it shares a database with the streams: give CACHE_URL another number"
        )
    return ok("cache", "apart from the streams")


def clock(subject: str, skew_s: float) -> Finding:
    """Judge how far a server's clock is ahead of ours, in seconds."""
    shown = f"{subject} is {abs(skew_s):.2f} s {'ahead' if skew_s >= 0 else 'behind'}"
    if abs(skew_s) >= SKEW_FAIL_S:
        return fail(
            "clock", f"{shown}: windows close wrongly; run a time service on both machines"
        )
    if abs(skew_s) >= SKEW_WARN_S:
        return warn("clock", f"{shown}: run a time service on both machines")
    return ok("clock", shown)


def disk(subject: str, folder: str, *, free_bytes: int | None) -> Finding:
    """Judge the room left for a server's data; None where it is on another machine."""
    if free_bytes is None:
        return warn("disk", f"{subject}: {folder} is not on this machine, so look there yourself")
    shown = f"{subject}: {free_bytes / 2**30:.1f} GB left in {folder}"
    if free_bytes < DISK_FAIL_BYTES:
        return fail("disk", f"{shown}: free some at once, or move the data")
    if free_bytes < DISK_WARN_BYTES:
        return warn("disk", f"{shown}: free some, or shorten SEGS_RAW_RETENTION_DAYS")
    return ok("disk", shown)


def _server_and_number(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return f"{parts.hostname or parts.path}:{parts.port or 6379}", parts.path.strip("/") or "0"


def _some(names: Sequence[str]) -> str:
    rest = len(names) - NAMED_AT_MOST
    return ", ".join(names[:NAMED_AT_MOST]) + (f" and {rest} more" if rest > 0 else "")
