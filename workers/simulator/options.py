"""What a run is told: by the command line, else by the environment, else by default."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workers.simulator.fleet import DEMO_REGIONS, DEMO_SEED, DEMO_ZONE
from workers.simulator.scenarios import SCENARIOS

PREFIX: Final = "SEGS_SIM_"
NOW: Final = "now"
TARGETS: Final = ("http", "stream")
REGION_LENGTH: Final = 64
STAMPS_A_SECOND: Final = 1000  # stamps are whole milliseconds, so a meter has no more


Number = TypeVar("Number", int, float)


class Refused(Exception):
    """A value that cannot be used; the text names where it came from and what is allowed."""


@dataclass(frozen=True, slots=True)
class Options:
    """A run's orders, all valid. Zero means "no limit" for `rate`, durations and iterations."""

    meters: int
    interval: float
    regions: tuple[str, ...]
    batch_size: int
    scenario: str
    target: str
    url: str
    key: str
    rate: float
    duration: float
    iterations: int
    seed: int
    speed: float
    concurrency: int
    tries: int
    duplicates: float
    start: datetime
    zone: ZoneInfo

    @property
    def interval_ms(self) -> float:
        """Simulated milliseconds between two readings of a meter; a rate outranks `interval`."""
        if self.rate:
            return 1000 * self.meters / self.rate * self.speed
        return 1000 * self.interval


@dataclass(frozen=True, slots=True)
class Setting:
    """One option: `parse` raises ValueError for a text that is not `allowed`."""

    name: str
    parse: Callable[[str], Any]
    allowed: str
    default: str
    help: str

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name}"

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.field.upper()

    @property
    def field(self) -> str:
        """Its name in `Options`."""
        return self.name.replace("-", "_")


def _whole(name: str, least: int, most: int, default: int, meaning: str) -> Setting:
    def parse(text: str) -> int:
        return _within(int(text), least, most)

    return Setting(
        name, parse, f"a whole number from {least:,} to {most:,}", str(default), meaning
    )


def _number(name: str, least: float, most: float, default: float, meaning: str) -> Setting:
    def parse(text: str) -> float:
        return _within(float(text), least, most)

    allowed = f"a number from {least:,g} to {most:,.0f}"
    return Setting(name, parse, allowed, f"{default:g}", meaning)


def _one_of(name: str, words: tuple[str, ...], meaning: str) -> Setting:
    def parse(text: str) -> str:
        return words[words.index(text)]

    return Setting(name, parse, f"one of {', '.join(words)}", words[0], meaning)


def _within(value: Number, least: float, most: float) -> Number:
    if not least <= value <= most:  # also false for NaN
        raise ValueError(value)
    return value


def _regions(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if len(set(names)) < len(names) or not all(0 < len(name) <= REGION_LENGTH for name in names):
        raise ValueError(text)
    return names


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(text)
    return text


def _key(text: str) -> str:
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(text)
    return text


def _start(text: str) -> datetime | None:
    if text == NOW:
        return None
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _zone(text: str) -> ZoneInfo:
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError) as unknown:
        raise ValueError(text) from unknown


SETTINGS: Final = (
    _whole("meters", 1, 1_000_000, 5000, "how many meters"),
    _number("interval", 0.1, 3600, 10, "simulated seconds between two readings of a meter"),
    Setting(
        "regions",
        _regions,
        f"a comma list of different names of 1 to {REGION_LENGTH} characters",
        ",".join(DEMO_REGIONS),
        "regions that the meters are dealt out to in turn",
    ),
    _whole("batch-size", 1, 1000, 500, "readings a request"),
    _one_of("scenario", tuple(SCENARIOS), "a normal day, or what goes wrong"),
    _one_of("target", TARGETS, "send over HTTP, or append to the broker's stream"),
    Setting(
        "url",
        _url,
        "an http or https address",
        "http://127.0.0.1:8000/telemetry/batch",
        "where target http sends to",
    ),
    Setting(
        "key", _key, "printable ASCII without spaces", "segs-demo-key", "API key for target http"
    ),
    _number("rate", 0, 10_000_000, 0, "readings a second instead of an interval; 0 for none"),
    _number("duration", 0, 31_536_000, 0, "real seconds to run; 0 until stopped"),
    _whole("iterations", 0, 1_000_000_000, 0, "readings of each meter to send; 0 until stopped"),
    _whole("seed", 0, 4_294_967_295, DEMO_SEED, "the same seed gives the same households"),
    _number("speed", 0.001, 1_000_000, 1, "simulated seconds a real second; never passes now"),
    _whole("concurrency", 1, 200, 10, "requests under way at once"),
    _whole("tries", 1, 100, 8, "attempts at a request before its readings count as lost"),
    _number("duplicates", 0, 1, 0.01, "share of readings that is sent twice"),
    Setting(
        "start",
        _start,
        "now or a past instant in ISO 8601 with its zone",
        NOW,
        "simulated instant of the first readings",
    ),
    Setting(
        "zone", _zone, "a time zone's name, such as Asia/Kolkata", DEMO_ZONE, "the regions' clock"
    ),
)


def read(
    given: Mapping[str, str | None], environment: Mapping[str, str], *, now: datetime
) -> Options:
    """Return the orders of a run; `given` is the command line by field name, None where silent.

    An empty variable counts as none. Raises Refused for the first value that cannot be used.
    """
    values = {
        setting.field: _value(setting, given.get(setting.field), environment)
        for setting in SETTINGS
    }
    start = values.pop("start") or now
    options = Options(**values, start=start)
    if start > now:
        message = f"start: {start.isoformat()} is ahead of now, {now.isoformat()}"
        raise Refused(message)
    if options.rate > options.meters * STAMPS_A_SECOND:
        message = (
            f"rate: {options.rate:,g} readings a second are more than {options.meters:,} meters "
            f"can stamp; the allowed range is 0 to {options.meters * STAMPS_A_SECOND:,}"
        )
        raise Refused(message)
    return options


def _value(setting: Setting, given: str | None, environment: Mapping[str, str]) -> Any:
    source, text = setting.flag, given
    if text is None and environment.get(setting.variable):
        source, text = setting.variable, environment[setting.variable]
    if text is None:
        text = setting.default
    try:
        return setting.parse(text)
    except ValueError as wrong:
        message = f"{source}: {text!r} is not {setting.allowed}"
        raise Refused(message) from wrong
