"""What late energy changes: a bill as it would be now, less the bill as it was printed.

Prices are those in force when the energy was used, so a difference is of quantities alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.rating.lines import Component
from segs_site.lib import money

Key = tuple[str, str, Decimal]  # label, unit, price


@dataclass(frozen=True, slots=True)
class Booked:
    """A line as it is booked: what was printed first, with every correction since."""

    amount: Decimal
    components: Sequence[Component]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a line owes beyond what is booked of it, in components that may be negative.

    `amount` is a difference of amounts that were each rounded once, so that what is booked in
    the end is what the line would print today; `rounding` is what its components leave open.
    """

    amount: Decimal
    components: Sequence[Component]

    @property
    def exact(self) -> Decimal:
        """The sum of the components."""
        return money.total(component.amount for component in self.components)

    @property
    def rounding(self) -> Decimal:
        """What is owed less the components."""
        return money.total((self.amount, self.exact.copy_negate()))


def booked(lines: Iterable[Booked]) -> Booked:
    """Return a line and its corrections as one."""
    found = list(lines)
    components = [component for line in found for component in line.components]
    return Booked(money.total(line.amount for line in found), _merged(components))


def difference(*, now: Booked, before: Booked) -> Difference | None:
    """Return what a line owes beyond what is booked; None when it owes exactly that."""
    changed = _merged([*now.components, *(_negative(each) for each in before.components)])
    amount = money.total((now.amount, before.amount.copy_negate()))
    if not changed and not amount:
        return None
    return Difference(amount, changed)


def _merged(components: Iterable[Component]) -> list[Component]:
    """Return components of one price as one, and leave out what adds up to nothing."""
    quantities: dict[Key, Decimal] = {}
    for each in components:
        key = (each.label, each.unit, each.price)
        quantities[key] = money.total((quantities.get(key, Decimal(0)), each.quantity))
    return [
        Component(label, quantity, unit, price)
        for (label, unit, price), quantity in quantities.items()
        if quantity
    ]


def _negative(component: Component) -> Component:
    return Component(
        component.label, component.quantity.copy_negate(), component.unit, component.price
    )


def read(written: Sequence[Mapping[str, str]]) -> list[Component]:
    """Return components as a line keeps them."""
    return [
        Component(each["label"], Decimal(each["quantity"]), each["unit"], Decimal(each["price"]))
        for each in written
    ]
