"""What can be wrong, of what, how badly; and the finding that a judgement ends in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any


class Kind(StrEnum):
    """What is wrong. The most specific one wins where several would fit a subject."""

    OUTAGE = "outage"
    SILENT = "silent"
    TRANSFORMER_OUTAGE = "transformer_outage"
    FEEDER_OUTAGE = "feeder_outage"
    REGION_OUTAGE = "region_outage"
    GATEWAY_LOST = "gateway_lost"
    NO_INPUT = "no_input"
    OVERLOAD = "overload"
    LOAD_UNKNOWN = "load_unknown"
    SPIKE = "spike"
    DROP = "drop"
    FROZEN = "frozen"
    VOLTAGE = "voltage"
    CLOCK = "clock"
    CONFLICT = "conflict"
    UNATTENDED = "unattended"


class Severity(IntEnum):
    """How soon somebody must act; a higher one is the worse."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class On(StrEnum):
    """The sort of thing an alert is about."""

    METER = "meter"
    TRANSFORMER = "transformer"
    FEEDER = "feeder"
    REGION = "region"
    GATEWAY = "gateway"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What an alert is about; `id` is its table's key, 0 for the system as a whole."""

    on: On
    id: int = 0

    @property
    def key(self) -> str:
        """Return the text it is stored by, such as `meter:17`."""
        return f"{self.on}:{self.id}"

    @classmethod
    def read(cls, key: str) -> "Subject":
        """Return the subject of a key. Raises ValueError for what is none."""
        on, _, number = key.partition(":")
        return cls(On(on), int(number))


SYSTEM = Subject(On.SYSTEM)


@dataclass(frozen=True, slots=True)
class Trigger:
    """A condition that holds: the desk opens an alert for it, or counts it on the open one.

    `since` is when it began (the last reading before the silence, the start of the first window).
    `value`, `limit` and `baseline` are in the unit of the kind, None where there is none.
    `parent` is the subject whose alert explains this one; `facts` are JSON-ready.
    """

    kind: Kind
    subject: Subject
    severity: Severity
    since: datetime
    value: float | None = None
    limit: float | None = None
    baseline: float | None = None
    parent: Subject | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Matter:
    """The kind and the subject of an alert: at most one is open for each."""

    kind: Kind
    subject: Subject


EXPLAINED_BY: dict[On, Kind] = {
    On.TRANSFORMER: Kind.TRANSFORMER_OUTAGE,
    On.FEEDER: Kind.FEEDER_OUTAGE,
    On.REGION: Kind.REGION_OUTAGE,
    On.GATEWAY: Kind.GATEWAY_LOST,
    On.SYSTEM: Kind.NO_INPUT,
}
"""Which alert of a subject explains those below it; an overloaded region explains nothing."""

PLANNABLE = frozenset(
    {
        Kind.OUTAGE,
        Kind.SILENT,
        Kind.TRANSFORMER_OUTAGE,
        Kind.FEEDER_OUTAGE,
        Kind.REGION_OUTAGE,
        Kind.DROP,
        Kind.VOLTAGE,
        Kind.LOAD_UNKNOWN,
    }
)
"""What planned work explains in its place and time."""
