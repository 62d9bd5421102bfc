"""What rules there are, what each may do, and between which bounds its parameters lie."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a rule looks for. Of several that fire on one interval the first here is kept."""

    BEYOND_LIMIT = "beyond_limit"
    NEGATIVE = "negative"
    CONFLICT = "conflict"
    CLOCK_SKEW = "clock_skew"
    SPIKE = "spike"
    ZERO = "zero"
    FROZEN = "frozen"
    GAP = "gap"
    SUM_CHECK = "sum_check"
    CONSECUTIVE = "consecutive"


class Action(StrEnum):
    """What follows when a rule fires; in each case a person finds it in the worklist."""

    NOTE = "note"
    SUSPECT = "suspect"
    ESTIMATE = "estimate"


class BadParameters(ValueError):
    """The parameters of a rule are not what its kind takes; the text says which and why."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that a kind of rule takes: what it is unless given, its bounds, what it means."""

    default: float
    least: float
    most: float
    means: str


OF_ONE = (Action.NOTE, Action.SUSPECT, Action.ESTIMATE)
ACTIONS: Mapping[Kind, tuple[Action, ...]] = {
    Kind.BEYOND_LIMIT: OF_ONE,
    Kind.NEGATIVE: OF_ONE,
    Kind.CONFLICT: OF_ONE,
    Kind.CLOCK_SKEW: OF_ONE,
    Kind.SPIKE: OF_ONE,
    Kind.ZERO: OF_ONE,
    Kind.FROZEN: OF_ONE,
    Kind.GAP: (Action.NOTE, Action.ESTIMATE),
    Kind.SUM_CHECK: (Action.NOTE,),
    Kind.CONSECUTIVE: (Action.NOTE,),
}
_WEEKS = Parameter(4, 1, 26, "weeks of own history that are looked at")
PARAMETERS: Mapping[Kind, Mapping[str, Parameter]] = {
    Kind.BEYOND_LIMIT: {
        "limit_pct": Parameter(100, 1, 1000, "share of what can flow through the meter"),
    },
    Kind.NEGATIVE: {},
    Kind.CONFLICT: {},
    Kind.CLOCK_SKEW: {
        "ahead_s": Parameter(60, 1, 300, "seconds that a reading is stamped after it arrived"),
    },
    Kind.SPIKE: {
        "times": Parameter(3, 1, 100, "times the highest of like times"),
        "least_kwh": Parameter(1, 0, 1_000_000, "less than this is no spike"),
        "weeks": _WEEKS,
        "least_values": Parameter(10, 3, 500, "fewer values of like times say nothing"),
    },
    Kind.ZERO: {
        "weeks": _WEEKS,
        "least_values": Parameter(20, 3, 500, "fewer values of like times say nothing"),
    },
    Kind.FROZEN: {
        "intervals": Parameter(24, 2, 96, "intervals of one and the same energy, not zero"),
    },
    Kind.GAP: {
        "wait_min": Parameter(1440, 0, 44_640, "minutes that a gap without an end waits"),
        "linear_min": Parameter(120, 0, 1440, "minutes up to which a gap is filled by a line"),
        "weeks": Parameter(8, 2, 52, "weeks of own history that make the profile"),
        "least_days": Parameter(3, 1, 30, "fewer like days are no profile"),
    },
    Kind.SUM_CHECK: {
        "tolerance_pct": Parameter(2, 0, 100, "of what the register counted"),
        "tolerance_kwh": Parameter(0.2, 0, 10_000, "and at least this"),
    },
    Kind.CONSECUTIVE: {
        "hours": Parameter(24, 1, 744, "hours estimated in a row"),
    },
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it is applied: `parameters` are whole, those not given at their default."""

    kind: Kind
    action: Action
    parameters: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.parameters[name]


def checked(kind: Kind, action: Action, given: object) -> Rule:
    """Return the rule; raises BadParameters for a name, a value or an action it does not take."""
    if action not in ACTIONS[kind]:
        message = f"{kind} can only {', '.join(ACTIONS[kind])}"
        raise BadParameters(message)
    if not isinstance(given, Mapping):
        message = "an object of numbers by name is meant"
        raise BadParameters(message)
    known = PARAMETERS[kind]
    if strange := sorted(set(given) - set(known)):
        message = f"{kind} takes {', '.join(known) or 'no parameters'}, not {', '.join(strange)}"
        raise BadParameters(message)
    values = {
        name: _within(name, given.get(name, each.default), each) for name, each in known.items()
    }
    return Rule(kind, action, values)


def _within(name: str, value: object, parameter: Parameter) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{name} is a number: {parameter.means}"
        raise BadParameters(message)
    if not parameter.least <= value <= parameter.most:
        message = f"{name} is between {parameter.least:g} and {parameter.most:g}"
        raise BadParameters(message)
    return value
