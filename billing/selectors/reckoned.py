"""What an account owes for a billing period: sections, totals, and what to look at before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from billing.choices import Trouble
from billing.invoicing import Cycle
from billing.models import CorrectionLine, InvoiceLine
from billing.packing import Billed
from billing.rating.bill import Rated, Stay
from billing.rating.corrections import Difference
from billing.rating.energy import Slices
from billing.rating.lines import Of
from billing.rating.usage import Usage, Whole
from billing.selectors.supplies import Part
from segs_site.lib import money
from segs_site.lib.periods import Period
from tariffs.models import RatePlan

BLOCKING = {Trouble.NO_AGREEMENT, Trouble.NO_PRICE, Trouble.UNBILLABLE}
ESTIMATED_ABOVE_PCT = 10  # a bill with more of it estimated is looked at


@dataclass(frozen=True, slots=True)
class Section:
    """One agreement's part of a bill: what was used, on which plan, and what it costs.

    `usage` and `quality` have a row an interval; energies in milliwatt-hours.
    """

    part: Part
    plan: RatePlan
    stay: Stay
    usage: Usage
    quality: Whole
    rated: Rated
    estimated_mwh: int
    expected: int
    found: int

    @property
    def energy_mwh(self) -> int:
        """The energy drawn."""
        return int(self.usage.drawn.sum())

    @property
    def slices(self) -> Mapping[Of, Slices]:
        """What its energy lines are made of, by what they charge for."""
        return {Of.ENERGY: self.rated.drawn, Of.EXPORT: self.rated.fed}

    def billed(self, slices: Slices) -> Billed:
        """Return the intervals of a line as they are kept."""
        return Billed(
            start=self.usage.starts[slices.interval],
            component=slices.component,
            quality=self.quality[slices.interval],
            energy=slices.energy,
        )


@dataclass(frozen=True, slots=True)
class Carried:
    """An approved correction of `line`, as the next bill carries it."""

    stored: CorrectionLine
    line: InvoiceLine
    difference: Difference

    @property
    def label(self) -> str:
        """What the line on the next bill is called."""
        return f"{self.stored.label}, correction of {self.line.invoice.number}"


@dataclass(frozen=True, slots=True)
class Reckoning:
    """What an account owes for a billing period, as far as it can be told.

    `agreed` are the plans of its agreements. `troubles` say what a clerk must look at; those of
    `BLOCKING` leave a part without its price. `issued_before` is how many invoices the account
    had when it was reckoned: those that corrections go by.
    """

    account_id: int
    cycle: Cycle
    period: Period
    currency: str
    agreed: Sequence[RatePlan]
    sections: Sequence[Section]
    troubles: Mapping[Trouble, str] = field(default_factory=dict)
    corrections: Sequence[Carried] = ()
    issued_before: int = 0

    @property
    def total(self) -> Decimal:
        """What is owed, as the lines print it, corrections of earlier bills among them."""
        sections = (section.rated.bill.total for section in self.sections)
        corrected = (each.difference.amount for each in self.corrections)
        return money.total((*sections, *corrected))

    @property
    def energy_mwh(self) -> int:
        """The energy drawn in every section."""
        return sum(section.energy_mwh for section in self.sections)

    @property
    def estimated_mwh(self) -> int:
        """The part of it that no reading covered."""
        return sum(section.estimated_mwh for section in self.sections)

    @property
    def is_whole(self) -> bool:
        """Whether every part of it has its price."""
        return not BLOCKING & self.troubles.keys()


def doubts(sections: Sequence[Section]) -> dict[Trouble, str]:
    """Return what does not hinder a bill and should be looked at before it goes out."""
    found = {}
    missing = sum(max(0, section.expected - section.found) for section in sections)
    if missing:
        expected = sum(section.expected for section in sections)
        found[Trouble.MISSING] = f"{missing} of {expected} quarter-hours are not known"
    energy = sum(section.energy_mwh for section in sections)
    estimated = sum(section.estimated_mwh for section in sections)
    if energy and 100 * estimated > ESTIMATED_ABOVE_PCT * energy:
        found[Trouble.ESTIMATED] = f"{100 * estimated / energy:.1f} % of the energy is estimated"
    if money.total(section.rated.bill.total for section in sections) < 0:
        found[Trouble.NEGATIVE] = "the customer would be paid"
    return found
