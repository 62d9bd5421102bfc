"""What an alert says in one line, from what was found; when it began is shown beside it.

Of an outage of a node `value` counts the meters that are dark and `baseline` those below it.
"""

from collections.abc import Callable, Iterable

from alerts.conditions.kinds import Kind, Trigger

_WORDS: dict[Kind, Callable[[Trigger], str]] = {
    Kind.OUTAGE: lambda _: "no supply",
    Kind.SILENT: lambda _: "no readings",
    Kind.TRANSFORMER_OUTAGE: lambda found: _dark(found),
    Kind.FEEDER_OUTAGE: lambda found: _dark(found),
    Kind.REGION_OUTAGE: lambda found: _dark(found),
    Kind.GATEWAY_LOST: lambda found: f"head-end lost, {_of(found)} unheard",
    Kind.NO_INPUT: lambda _: "no readings from any meter",
    Kind.OVERLOAD: lambda found: f"load {_number(found.value)} %{_limit(found, ' %')}",
    Kind.LOAD_UNKNOWN: lambda _: "load unknown, too few meters report",
    Kind.SPIKE: lambda found: f"{_number(found.value)} kW{_usual(found, ' kW')}",
    Kind.DROP: lambda found: f"{_number(found.value)} kW{_usual(found, ' kW')}",
    Kind.FROZEN: lambda found: f"the same value for long, {_number(found.value)} kW",
    Kind.VOLTAGE: lambda found: f"{_number(found.value)} V{_limit(found, ' V')}",
    Kind.CLOCK: lambda found: f"clock {_number(found.value)} s off",
    Kind.CONFLICT: lambda _: "two values for one moment",
    Kind.UNATTENDED: lambda _: "a critical alert waits and no operator is connected",
}


def message(trigger: Trigger, *, name: str) -> str:
    """Return the line for an alert about the subject that people know by `name`."""
    words = _WORDS[trigger.kind](trigger)
    return f"{name}: {words}" if name else words[:1].upper() + words[1:]


def _dark(found: Trigger) -> str:
    return f"{_of(found)} without supply"


def _of(found: Trigger) -> str:
    """Return `398 of 402 meters`, as far as the numbers are known."""
    if found.value is None:
        return "meters"
    if found.baseline is None:
        return f"{found.value:.0f} meters"
    return f"{found.value:.0f} of {found.baseline:.0f} meters"


def _limit(found: Trigger, unit: str) -> str:
    return "" if found.limit is None else f", limit {_number(found.limit)}{unit}"


def _usual(found: Trigger, unit: str) -> str:
    return "" if found.baseline is None else f", usually {_number(found.baseline)}{unit}"


def _number(value: float | None) -> str:
    """Return up to two decimals, no more than tell something."""
    return "?" if value is None else f"{value:.2f}".rstrip("0").rstrip(".")


_FOR_CUSTOMERS: dict[Kind, str] = {
    Kind.OUTAGE: "Outage at your address.",
    Kind.SILENT: "We do not hear from your meter.",
    Kind.SPIKE: "Your consumption is much higher than usual.",
    Kind.DROP: "Your consumption is much lower than usual.",
    Kind.VOLTAGE: "The voltage at your address is outside its limits.",
}
_ANOTHER = "Something is wrong with your meter."
_OUTAGE_NEARBY = "Outage at your address: supply in your area is interrupted."
_PLANNED = "No supply at your address because of planned work."
_KNOWN = "Our crew is informed."
_DARK = frozenset({Kind.OUTAGE, Kind.SILENT})


FOR_CUSTOMERS = (*_FOR_CUSTOMERS.values(), _ANOTHER, _OUTAGE_NEARBY, _PLANNED, _KNOWN)
"""Every sentence that a customer may be told; catalogs translate them one by one."""


def for_customer(
    kind: Kind, *, is_explained: bool, is_planned: bool, is_known: bool = False
) -> list[str]:
    """Return sentences for whoever lives there: no technical terms, nobody's name.

    `is_known` says that somebody at the utility looks after it.
    """
    if kind in _DARK and is_planned:
        return [_PLANNED]
    is_nearby = kind in _DARK and is_explained
    said = _OUTAGE_NEARBY if is_nearby else _FOR_CUSTOMERS.get(kind, _ANOTHER)
    return [said, _KNOWN] if is_known else [said]


def pinged(*, answered: Iterable[str], not_answered: Iterable[str]) -> str:
    """Return what pings of some meters, by serial, have shown; at least one was asked."""
    words = {"Ping answered, so with supply": answered, "Ping not answered": not_answered}
    found = {said: ", ".join(serials) for said, serials in words.items()}
    return " ".join(f"{said}: {serials}." for said, serials in found.items() if serials)
