"""Why a bill differs from the one before: by days, by use and by price, to the last cent."""

from dataclasses import dataclass
from decimal import Decimal

from segs_site.lib import money

FINE = Decimal("1e-9")


@dataclass(frozen=True, slots=True)
class Billed:
    """What of a bill its difference to another is told by; money in its currency.

    `by_use` is what energy costs, `by_day` what days cost (standing charge, minimum), each with
    its tax; the rest of `total` (demand, energy fed in, corrections) is neither.
    """

    total: Decimal
    energy_kwh: Decimal
    days: int
    by_use: Decimal
    by_day: Decimal

    @property
    def rest(self) -> Decimal:
        """What neither use nor days cost."""
        return self.total - self.by_use - self.by_day

    @property
    def kwh_a_day(self) -> Decimal:
        """How much was used a day."""
        return self.energy_kwh / self.days

    @property
    def price(self) -> Decimal | None:
        """What a kWh cost with tax; None where none was used."""
        return self.by_use / self.energy_kwh if self.energy_kwh else None


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more this bill is than the one before, and for what: the parts add up to it."""

    now: Billed
    before: Billed
    days: Decimal
    use: Decimal
    price: Decimal
    other: Decimal

    @property
    def total(self) -> Decimal:
        """How much more it is."""
        return self.now.total - self.before.total

    @property
    def parts(self) -> list[tuple[str, Decimal]]:
        """The parts that are not nothing, the greatest first."""
        named = {"use": self.use, "price": self.price, "days": self.days, "other": self.other}
        found = [(name, amount) for name, amount in named.items() if amount]
        return sorted(found, key=lambda part: -abs(part[1]))


def between(now: Billed, before: Billed, *, currency: str) -> Difference:
    """Return what makes a bill differ from the one before.

    Days first, at what a day cost before; then use a day, at what a kWh cost before; what is left
    of days and use is price. Where one of them used nothing a kWh has no price: all of it is use.
    """
    more_days = now.days - before.days
    days = more_days * (before.by_use + before.by_day) / before.days
    old_price = before.price if before.price is not None else now.price
    use = (now.energy_kwh - before.energy_kwh * now.days / before.days) * (old_price or 0)
    if not before.energy_kwh or not now.energy_kwh:
        use = now.by_use - before.by_use * now.days / before.days
    days, use = money.rounded(days, currency), money.rounded(use, currency)
    other = money.rounded(now.rest - before.rest, currency)
    price = now.total - before.total - days - use - other
    return Difference(now, before, days, use, price, other)
