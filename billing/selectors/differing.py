"""Why a bill differs from the one before: what of each hangs on use, on days and on neither."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from billing.choices import Of
from billing.models import Invoice, InvoiceLine
from billing.rating.differences import Billed, Difference, between
from segs_site.lib.quantities import exact_kwh

BY_USE, BY_DAY = {Of.ENERGY}, {Of.STANDING, Of.MINIMUM}


def bill_before(bill: Invoice) -> Invoice | None:
    """Return the account's last live bill before a bill, in the same currency."""
    live = Invoice.objects.live().filter(account=bill.account_id, currency=bill.currency)
    return live.filter(ends_on__lte=bill.starts_on).order_by("-starts_on", "-pk").first()


def of_bill(bill: Invoice) -> Difference | None:
    """Return why a bill differs from the one before; None for an account's first."""
    before = bill_before(bill)
    if before is None:
        return None
    return between(_billed(bill), _billed(before), currency=bill.currency)


def _billed(bill: Invoice) -> Billed:
    lines = [line for line in bill.lines.all() if line.corrects_id is None]
    sections = range(len(bill.sections))
    by_section = [
        (bill.sections[place], [line for line in lines if line.section == place])
        for place in sections
    ]
    days = max((section.get("days", 0) for section in bill.sections), default=0)
    return Billed(
        total=bill.total,
        energy_kwh=exact_kwh(bill.energy_mwh),
        days=days or (bill.ends_on - bill.starts_on).days,
        by_use=_sum(_with_tax(BY_USE, *each) for each in by_section),
        by_day=_sum(_with_tax(BY_DAY, *each) for each in by_section),
    )


def _with_tax(kinds: set[Of], section: dict[str, object], lines: Sequence[InvoiceLine]) -> Decimal:
    """Return the lines of some kinds with their share of the section's taxes."""
    definition = section.get("plan", {}).get("definition", {})  # type: ignore[attr-defined]
    taxes = definition.get("taxes", [])
    charged = [line for line in lines if line.of != Of.TAX]
    weights = {line.pk: line.amount * _pct_on(line.of, taxes) for line in charged}
    tax = _sum(line.amount for line in lines if line.of == Of.TAX)
    chosen = [line for line in charged if line.of in kinds]
    whole = _sum(weights.values())
    share = _sum(weights[line.pk] for line in chosen) / whole if whole else Decimal(0)
    return _sum(line.amount for line in chosen) + tax * share


def _pct_on(kind: str, taxes: Iterable[dict[str, object]]) -> Decimal:
    found = (Decimal(str(tax["pct"])) for tax in taxes if kind in tax.get("on", tuple(Of)))  # type: ignore[operator]
    return _sum(found)


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
