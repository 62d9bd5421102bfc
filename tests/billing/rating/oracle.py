"""Another way to the same bill: fractions, minute by minute, and nothing shared with the product.

It reads a plan as it is written, knows no columns and groups nothing. It is slow.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
MINUTE = timedelta(minutes=1)
Price = Callable[[datetime], Fraction]


def cents(amount: Fraction) -> int:
    """Round half away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * int(abs(amount) * 100 + Fraction(1, 2))


def total(
    plan: dict[str, Any],
    kwh: Sequence[tuple[Fraction, Fraction]],
    *,
    start: datetime,
    length: timedelta,
    price: Price,
    days: int,
    nominal: int,
    zone: ZoneInfo,
) -> int:
    """Return the bill in cents of what was drawn and what was fed in, interval by interval."""
    minutes = length // MINUTE
    drawn: list[tuple[datetime, Fraction]] = []
    fed: list[tuple[datetime, Fraction]] = []
    for place, (taken, given) in enumerate(kwh):
        for minute in range(minutes):
            moment = start + place * length + minute * MINUTE
            drawn.append((moment, taken / minutes))
            fed.append((moment, given / minutes))
    charged = {"energy": _energy(plan["energy"], drawn, price, Fraction(days, nominal), zone)}
    charged["standing"] = cents(days * Fraction(plan.get("standing_per_day", "0")))
    charged["demand"] = cents(_demand(drawn) * Fraction(plan.get("demand_per_kw", "0")))
    share = round(Fraction(days, nominal), 6)
    least = cents(share * Fraction(plan.get("minimum", "0")))
    has_minimum = Fraction(plan.get("minimum", "0")) > 0
    charged["minimum"] = max(0, least - sum(charged.values())) if has_minimum else 0
    if "export" in plan:
        worth = Fraction(plan["export"].get("price", plan["export"].get("added", "0")))
        is_dynamic = plan["export"]["kind"] == "dynamic"
        earned = sum((e * (worth + (price(m) if is_dynamic else 0)) for m, e in fed), Fraction(0))
        charged["export"] = cents(-earned)
    taxes = [
        cents(Fraction(tax["pct"]) * sum(charged.get(of, 0) for of in tax["on"]) / 10_000)
        for tax in plan.get("taxes", [])
    ]
    return sum(charged.values()) + sum(taxes)


def _energy(
    energy: dict[str, Any],
    drawn: Sequence[tuple[datetime, Fraction]],
    price: Price,
    share: Fraction,
    zone: ZoneInfo,
) -> int:
    if energy["kind"] == "blocks":
        return cents(_blocks(energy["blocks"], sum((e for _, e in drawn), Fraction(0)), share))
    each: dict[str, Price] = {
        "flat": lambda _: Fraction(energy["price"]),
        "dynamic": lambda moment: price(moment) + Fraction(energy.get("added", "0")),
        "time_of_use": lambda moment: _rate(energy, moment.astimezone(zone)),
    }
    return cents(sum((e * each[energy["kind"]](m) for m, e in drawn), Fraction(0)))


def _blocks(blocks: Sequence[dict[str, Any]], used: Fraction, share: Fraction) -> Fraction:
    cost, below = Fraction(0), Fraction(0)
    for block in blocks:
        above = used
        if block.get("up_to_kwh"):
            milliwatt_hours = Fraction(block["up_to_kwh"]) * share * 1_000_000
            above = min(used, Fraction(milliwatt_hours.__floor__(), 1_000_000))
        cost += max(Fraction(0), above - below) * Fraction(block["price"])
        below = max(below, above)
    return cost


def _rate(energy: dict[str, Any], local: datetime) -> Fraction:
    day = f"{local:%m-%d}"
    seasons = sorted(energy["seasons"])
    season = max((start for start in seasons if start <= day), default=seasons[-1])
    names = {name for rule in energy["seasons"][season] for name in rule["on"]}
    is_holiday = f"{local:%Y-%m-%d}" in energy.get("holidays", []) and "holiday" in names
    today = "holiday" if is_holiday else WEEK[local.weekday()]
    (rule,) = (rule for rule in energy["seasons"][season] if today in rule["on"])
    begun = max(start for start in rule["from"] if start <= f"{local:%H:%M}")
    return Fraction(energy["rates"][rule["from"][begun]])


def _demand(drawn: Sequence[tuple[datetime, Fraction]]) -> Fraction:
    quarters: dict[tuple[datetime, int], Fraction] = {}
    for moment, energy in drawn:
        key = (moment.replace(minute=0), moment.minute // 15)
        quarters[key] = quarters.get(key, Fraction(0)) + energy
    return max(quarters.values(), default=Fraction(0)) * 4
