"""Components and lines: exact until the line, which is rounded once and says by how much.

A component's amount is its printed quantity times its printed price, to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from segs_site.lib import money


class Of(StrEnum):
    """What a line charges for; `tariffs.plans.Charge` and the tax on them."""

    ENERGY = "energy"
    STANDING = "standing"
    DEMAND = "demand"
    MINIMUM = "minimum"
    EXPORT = "export"
    TAX = "tax"


@dataclass(frozen=True, slots=True)
class Component:
    """A quantity at a price; `label` says which rate, band, block or day it is."""

    label: str
    quantity: Decimal
    unit: str
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """Quantity times price, exactly."""
        return money.product(self.quantity, self.price)

    def printed(self) -> dict[str, str]:
        """Return the component as texts, in full: what is stored, and what is shown."""
        return {
            "label": self.label,
            "quantity": f"{self.quantity:f}",
            "unit": self.unit,
            "price": f"{self.price:f}",
            "amount": f"{self.amount:f}",
        }


@dataclass(frozen=True, slots=True)
class Line:
    """What is charged for one thing: the sum of its components, rounded once."""

    of: Of
    label: str
    currency: str
    components: Sequence[Component]

    @property
    def exact(self) -> Decimal:
        """The sum of the components, before rounding."""
        return money.total(component.amount for component in self.components)

    @property
    def amount(self) -> Decimal:
        """What is paid."""
        return money.rounded(self.exact, self.currency)

    @property
    def rounding(self) -> Decimal:
        """What rounding added: the visible last component."""
        return money.total((self.amount, self.exact.copy_negate()))


@dataclass(frozen=True, slots=True)
class Bill:
    """Every line; the total is the sum of what the lines print."""

    currency: str
    lines: Sequence[Line]

    @property
    def total(self) -> Decimal:
        """What is owed; negative is owed to the customer."""
        return money.total(line.amount for line in self.lines)

    def sum_of(self, *what: Of) -> Decimal:
        """Return the sum of the lines that charge for some things."""
        return money.total(line.amount for line in self.lines if line.of in what)
