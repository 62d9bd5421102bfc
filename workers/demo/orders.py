"""What the demo was asked for: read from the environment, refused by name when it cannot be."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

MOST_METERS = 100_000


class Refused(Exception):
    """The demo cannot be run as asked; the text names the cause and says what to do."""


@dataclass(frozen=True, slots=True)
class Orders:
    """One demo: where it is reached, where its data lie, and how many meters report how often.

    `database_url` and `redis_url` are empty where the demo brings its own servers.
    """

    port: int
    home: Path
    meters: int
    interval_s: int
    database_url: str
    redis_url: str


def read(environment: Mapping[str, str], *, root: Path) -> Orders:
    """Read PORT, SEGS_HOME, DEMO_METERS, DEMO_INTERVAL, DATABASE_URL and REDIS_URL.

    A relative SEGS_HOME counts from `root`. Raises Refused.
    """
    return Orders(
        port=_number(environment, "PORT", 8000, least=1, most=65_534),
        home=root / (environment.get("SEGS_HOME") or ".segs"),
        meters=_number(environment, "DEMO_METERS", 5_000, least=4, most=MOST_METERS),
        interval_s=_number(environment, "DEMO_INTERVAL", 10, least=1, most=900),
        database_url=environment.get("DATABASE_URL", ""),
        redis_url=environment.get("REDIS_URL", ""),
    )


def make_home(home: Path, *, needed_bytes: int) -> None:
    """Make the data folder; raises Refused where it cannot be written or has no room."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        room = os.statvfs(home)
    except OSError as error:
        message = f"SEGS_HOME={home} cannot be made ({error.strerror}): name a folder of yours"
        raise Refused(message) from error
    if not os.access(home, os.W_OK | os.X_OK):
        message = f"SEGS_HOME={home} is not yours to write: name another folder"
        raise Refused(message)
    if room.f_bavail * room.f_frsize < needed_bytes:
        free_mb, needed_mb = room.f_bavail * room.f_frsize >> 20, needed_bytes >> 20
        message = (
            f"SEGS_HOME={home} has {free_mb} MB left and {needed_mb} MB are needed:"
            " free some, or name a folder on another disk"
        )
        raise Refused(message)


def _number(
    environment: Mapping[str, str], name: str, default: int, *, least: int, most: int
) -> int:
    text = environment.get(name) or str(default)
    if not text.isdecimal() or not least <= int(text) <= most:
        message = f"{name}={text} is not a whole number from {least} to {most}"
        raise Refused(message)
    return int(text)
