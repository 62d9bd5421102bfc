"""What a rate plan holds: how energy is priced, and what else is charged.

A plan is written as JSON and read by `read`, which refuses whatever could not be priced and names
it. Money is written as text, in the plan's currency. Times are local to the site, in steps of a
quarter-hour; seasons and hours are written by their beginnings, so they leave no gap.
`docs/plans.md` shows each form.
"""

import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

PRICE_PLACES, PRICE_LIMIT = 6, Decimal(1_000_000)
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Charge = Literal["energy", "standing", "demand", "minimum", "export"]
CHARGES: tuple[Charge, ...] = ("energy", "standing", "demand", "minimum", "export")
Text = Annotated[str, Meta(min_length=1, max_length=60)]


class Dynamic(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="dynamic"):
    """Energy at the price in force when it was used, and `added` to it per kWh."""

    added: Decimal = Decimal(0)


class Flat(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="flat"):
    """Energy at one price per kWh."""

    price: Decimal


class Days(Struct, frozen=True, forbid_unknown_fields=True):
    """On some days of the week, or on holidays: from which local time on which rate holds."""

    on: Annotated[list[Day], Meta(min_length=1)]
    from_: dict[str, Text] = field(name="from")


class TimeOfUse(
    Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="time_of_use"
):
    """Energy at a rate by season, day and time of day.

    `seasons` are named by the day they begin on (`MM-DD`); the last reaches round the year's end.
    A holiday is a day of its own where a season has one, else the day of the week it is.
    """

    rates: Annotated[dict[Text, Decimal], Meta(min_length=1)]
    seasons: Annotated[dict[str, list[Days]], Meta(min_length=1)]
    holidays: list[date] = field(default_factory=list)


class Block(Struct, frozen=True, forbid_unknown_fields=True):
    """A price per kWh for what is used in a billing period up to a limit; the last has none."""

    price: Decimal
    up_to_kwh: Decimal | None = None


class Blocks(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="blocks"):
    """Energy at a price that steps with what the billing period has used so far."""

    blocks: Annotated[list[Block], Meta(min_length=1)]


class Tax(Struct, frozen=True, forbid_unknown_fields=True):
    """A percentage of some of the charges, as their lines are printed."""

    name: Text
    pct: Decimal
    on: list[Charge] = field(default_factory=lambda: list(CHARGES))


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole plan. The minimum is of a whole billing period, before export credit and tax.

    `demand_per_kw` is charged for the highest mean of a quarter-hour in the billing period.
    """

    energy: Dynamic | Flat | TimeOfUse | Blocks
    standing_per_day: Decimal = Decimal(0)
    demand_per_kw: Decimal = Decimal(0)
    minimum: Decimal = Decimal(0)
    export: Dynamic | Flat | None = None
    taxes: list[Tax] = field(default_factory=list)


class BadPlan(Exception):
    """The plan holds what could not be priced; the text says where and what."""


def read(written: Mapping[str, Any]) -> Plan:
    """Return the plan as written. Raises BadPlan for the first thing that cannot be priced."""
    try:
        plan = msgspec.json.decode(msgspec.json.encode(written), type=Plan)
    except msgspec.MsgspecError as fault:
        raise BadPlan(str(fault)) from fault
    for name, price in _prices(plan):
        _check_price(name, price)
    for name in ("standing_per_day", "demand_per_kw", "minimum"):
        _check(getattr(plan, name) >= 0, f"{name} is negative.")
    for tax in plan.taxes:
        _check_price(f"The percentage of {tax.name}", tax.pct)
        _check(tax.pct >= 0, f"The percentage of {tax.name} is negative.")
        _check(len(set(tax.on)) == len(tax.on), f"{tax.name} names a charge twice.")
    if isinstance(plan.energy, Blocks):
        _check_blocks(plan.energy)
    if isinstance(plan.energy, TimeOfUse):
        _check_seasons(plan.energy)
    return plan


def _prices(plan: Plan) -> list[tuple[str, Decimal]]:
    named = [
        (name, getattr(plan, name)) for name in ("standing_per_day", "demand_per_kw", "minimum")
    ]
    match plan.energy:
        case Flat(price=price):
            named.append(("The price of energy", price))
        case Dynamic(added=added):
            named.append(("What is added to the price", added))
        case TimeOfUse(rates=rates):
            named += [(f"The rate {name}", price) for name, price in rates.items()]
        case Blocks(blocks=blocks):
            named += [(f"The price of block {n}", b.price) for n, b in enumerate(blocks, 1)]
    match plan.export:
        case Flat(price=price):
            named.append(("The price of export", price))
        case Dynamic(added=added):
            named.append(("What is added to the price of export", added))
    return named


def _check(holds: bool, fault: str) -> None:
    if not holds:
        raise BadPlan(fault)


def _check_price(name: str, price: Decimal) -> None:
    _check(price.is_finite() and abs(price) < PRICE_LIMIT, f"{name} is too large: {price}.")
    is_fine = price == round(price, PRICE_PLACES)
    _check(is_fine, f"{name} has more than {PRICE_PLACES} decimals: {price}.")


def _check_blocks(energy: Blocks) -> None:
    below = Decimal(0)
    for number, block in enumerate(energy.blocks[:-1], 1):
        _check(block.up_to_kwh is not None, f"Block {number} has no limit, but is not the last.")
        limit = block.up_to_kwh or Decimal(0)
        _check(
            limit.is_finite() and limit == round(limit, PRICE_PLACES),
            f"The limit of block {number} has more than {PRICE_PLACES} decimals: {limit}.",
        )
        _check(limit > below, f"Block {number} ends at {limit} kWh, not above the one before.")
        below = limit
    _check(energy.blocks[-1].up_to_kwh is None, "The last block has a limit: what comes above it?")


def _check_seasons(energy: TimeOfUse) -> None:
    for start, days in energy.seasons.items():
        month_and_day(start)
        named = [day for rule in days for day in rule.on]
        for day in WEEK:
            _check(day in named, f"The season from {start} says nothing of {day}.")
        for day in set(named):
            _check(named.count(day) == 1, f"The season from {start} names {day} twice.")
        for rule in days:
            _check_hours(start, rule, energy.rates)


def _check_hours(season: str, rule: Days, rates: Mapping[str, Decimal]) -> None:
    where = f"The season from {season}, {'/'.join(rule.on)},"
    starts = [time_of_day(text) for text in rule.from_]
    _check(bool(starts) and starts[0] == time(0), f"{where} does not begin at 00:00.")
    _check(starts == sorted(set(starts)), f"{where} has times out of order.")
    for rate in rule.from_.values():
        _check(rate in rates, f"{where} names the rate {rate}, which has no price.")


def month_and_day(text: str) -> tuple[int, int]:
    """Return month and day of `MM-DD`. Raises BadPlan; 29 February does not begin a season."""
    found = re.fullmatch(r"(\d\d)-(\d\d)", text)
    try:
        day = date(2025, int(found[1]), int(found[2])) if found else None
    except ValueError:
        day = None
    if day is None:
        message = f"A season begins on a day of every year, as in 04-01, not on {text}."
        raise BadPlan(message)
    return day.month, day.day


def time_of_day(text: str) -> time:
    """Return the local time of `HH:MM`. Raises BadPlan for one that begins no quarter-hour."""
    found = re.fullmatch(r"([01]\d|2[0-3]):(00|15|30|45)", text)
    if found is None:
        message = f"A rate begins on a quarter-hour, as in 07:30, not at {text}."
        raise BadPlan(message)
    return time(int(found[1]), int(found[2]))
