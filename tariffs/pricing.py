"""The price of a slot: bands by load, kept from flapping, held when the load is unknown.

A slot is decided once, shortly before it starts, by `decide`; one that nobody decided in time is
decided afterwards by `fill`, which never looks at a load. All values are exact decimals.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

from tariffs.bands import Band, band_of

PRICE_STEP = Decimal("0.000001")
PERCENT_STEP = Decimal("0.000001")
SLOT_MINUTES = (1, 5, 15, 30, 60)


def as_kept(price: Decimal) -> Decimal:
    """Return a price rounded half up to six places, as prices are kept and shown."""
    return price.quantize(PRICE_STEP, ROUND_HALF_UP)


class Trigger(StrEnum):
    """What decided a price; the words that events carry."""

    AUTO = "AUTO"
    OVERRIDE = "OVERRIDE"
    HELD = "HELD"
    BASE = "BASE"


class Flag(StrEnum):
    """Why a price deserves a second look."""

    NONE = ""
    LOAD_UNKNOWN = "load_unknown"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Rules:
    """By what a region's prices are decided. Prices are per kWh and may be negative.

    `hysteresis_pct` is how far below its edge the load must fall before a band is left;
    `min_dwell` how long a band stands at least; a step smaller than `min_change` is not taken.
    """

    base_price: Decimal
    bands: Sequence[Band]
    hysteresis_pct: Decimal = Decimal(0)
    min_dwell: timedelta = timedelta(0)
    min_change: Decimal = Decimal(0)
    cap: Decimal | None = None
    floor: Decimal | None = None
    hold_for: timedelta = timedelta(hours=1)

    def price(self, multiplier: Decimal) -> Decimal:
        """Return base × multiplier within floor and cap, rounded half up to six places."""
        return self.limited(self.base_price * multiplier)

    def limited(self, price: Decimal) -> Decimal:
        """Return the price within floor and cap, rounded half up to six places."""
        rounded = as_kept(price)
        if self.cap is not None:
            rounded = min(rounded, self.cap)
        return rounded if self.floor is None else max(rounded, self.floor)


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest price that a known load decided.

    `since` is the start of the first slot of its unbroken run in the band; `until` the end of
    its slot. `same_rules` tells whether the rules of then are those of now.
    """

    price: Decimal
    multiplier: Decimal
    band_from_pct: Decimal
    since: datetime
    until: datetime
    same_rules: bool = True


@dataclass(frozen=True, slots=True)
class Override:
    """A price, or a multiplier of the base price, that a person set, and why."""

    reason: str
    price: Decimal | None = None
    multiplier: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A slot's price and how it arose; a multiplier or band that has no meaning is None."""

    price: Decimal
    multiplier: Decimal | None
    band_from_pct: Decimal | None
    band_since: datetime | None
    reason: str
    triggered_by: Trigger
    flag: Flag = Flag.NONE


def load_pct(load_mw: int | None, capacity_mw: int | None) -> Decimal | None:
    """Return the load in % of the capacity, rounded down so that no edge is reached by rounding.

    None when either is unknown, or the capacity is nothing.
    """
    if load_mw is None or not capacity_mw or capacity_mw < 0:
        return None
    return (Decimal(100 * load_mw) / capacity_mw).quantize(PERCENT_STEP, ROUND_FLOOR)


def decide(
    *,
    rules: Rules,
    load: Decimal | None,
    standing: Standing | None,
    override: Override | None,
    slot_start: datetime,
) -> Decision:
    """Return the price of a slot that has not started; `load` is in %, None where unknown.

    `override` is the one live now for this slot; it outranks the bands, not floor and cap.
    """
    if override is not None:
        return overridden(rules, override)
    if load is None:
        return _without_load(rules, standing, slot_start, Flag.LOAD_UNKNOWN)
    return _by_load(rules, load, _trusted(rules, standing, slot_start), slot_start)


def fill(
    *, rules: Rules, standing: Standing | None, override: Override | None, slot_start: datetime
) -> Decision:
    """Return the price of a slot that nobody decided in time: held or base, flagged.

    `override` is the one that was live when the slot was due.
    """
    if override is not None:
        return overridden(rules, override, Flag.MISSED)
    return _without_load(rules, standing, slot_start, Flag.MISSED)


def overridden(rules: Rules, override: Override, flag: Flag = Flag.NONE) -> Decision:
    """Return what an override makes of a slot's price."""
    wanted = override.price
    if wanted is None:
        wanted = rules.base_price * (override.multiplier or Decimal(0))
    return Decision(
        price=rules.limited(wanted),
        multiplier=override.multiplier,
        band_from_pct=None,
        band_since=None,
        reason=override.reason,
        triggered_by=Trigger.OVERRIDE,
        flag=flag,
    )


def deviation_pct(rules: Rules, override: Override) -> Decimal | None:
    """Return how far an override is from the base price in %; None where the base is nothing."""
    if rules.base_price == 0:
        return None
    price = overridden(rules, override).price
    return abs(100 * (price - rules.base_price) / rules.base_price)


def _trusted(rules: Rules, standing: Standing | None, slot_start: datetime) -> Standing | None:
    """Return the standing price while it is young enough to be held on to."""
    if standing is None or slot_start - standing.until >= rules.hold_for:
        return None
    return standing


def _without_load(
    rules: Rules, standing: Standing | None, slot_start: datetime, flag: Flag
) -> Decision:
    cause = "nobody decided in time" if flag is Flag.MISSED else "load unknown"
    held = _trusted(rules, standing, slot_start)
    if held is None:
        return Decision(
            price=rules.price(Decimal(1)),
            multiplier=Decimal(1),
            band_from_pct=None,
            band_since=None,
            reason=f"{cause}: base price",
            triggered_by=Trigger.BASE,
            flag=flag,
        )
    return Decision(
        price=held.price,
        multiplier=held.multiplier,
        band_from_pct=held.band_from_pct,
        band_since=held.since,
        reason=f"{cause}: price held",
        triggered_by=Trigger.HELD,
        flag=flag,
    )


def _by_load(
    rules: Rules, load: Decimal, standing: Standing | None, slot_start: datetime
) -> Decision:
    wanted = band_of(rules.bands, load)
    kept, why = _kept(rules, wanted, load, standing, slot_start)
    if kept is not None and standing is not None:
        return _banded(rules, kept, standing.since, f"load {load:.3f} %, {kept}{why}")
    return _banded(rules, wanted, slot_start, f"load {load:.3f} %, {wanted}")


def _banded(rules: Rules, band: Band, since: datetime, reason: str) -> Decision:
    return Decision(
        price=rules.price(band.multiplier),
        multiplier=band.multiplier,
        band_from_pct=band.from_pct,
        band_since=since,
        reason=reason,
        triggered_by=Trigger.AUTO,
    )


def _kept(
    rules: Rules, wanted: Band, load: Decimal, standing: Standing | None, slot_start: datetime
) -> tuple[Band | None, str]:
    """Return the band that is not left although the load asks for another, and why.

    New rules are taken whole: nothing of the old ones is held on to.
    """
    if standing is None or not standing.same_rules:
        return None, ""
    current = next(band for band in rules.bands if band.from_pct == standing.band_from_pct)
    if wanted == current:
        return current, ""
    if current.from_pct - rules.hysteresis_pct <= load < current.from_pct:
        return current, ": kept, the load fell by less than the hysteresis"
    if slot_start - standing.since < rules.min_dwell:
        return current, ": kept for its shortest time"
    if abs(rules.price(wanted.multiplier) - rules.price(current.multiplier)) < rules.min_change:
        return current, ": kept, the change is too small"
    return None, ""
