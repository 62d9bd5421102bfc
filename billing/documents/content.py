"""What an invoice says on paper, as texts: the template sets them and decides nothing.

Everything is read from the invoice as it was issued. Amounts are those of its rows, never
reckoned anew.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.choices import Of
from billing.documents import charts, differing, figures, notes, paying, wording
from billing.models import Invoice, InvoiceLine
from billing.rating.daily import DayUse
from billing.rating.differences import Difference
from segs_site.lib import money

Text = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a document is made of: an issued invoice, its lines in order, and what is told of it.

    `why` is None for an account's first bill.
    """

    invoice: Invoice
    lines: Sequence[InvoiceLine]
    days: Sequence[DayUse]
    why: Difference | None

    @property
    def supplier(self) -> dict[str, str]:
        """The utility as it was when the invoice was issued."""
        found: dict[str, str] = self.invoice.parties.get("supplier", {})
        return found

    @property
    def number(self) -> str:
        """The invoice's number; raises ValueError for a draft."""
        if self.invoice.number is None:
            message = "a draft has no document"
            raise ValueError(message)
        return self.invoice.number


def of(facts: Facts) -> Text:
    """Return the content of a document, in the language that is active."""
    invoice = facts.invoice
    named = _("Invoice %(number)s") % {"number": facts.number}
    return {
        "lang": (get_language() or "en").split("-")[0],
        "title": named,
        "heading": _("Invoice"),
        "supplier": _supplier(facts.supplier),
        "customer": _customer(invoice),
        "facts": _head(facts),
        "due": _due(invoice),
        "pay": _pay(facts),
        "why": _why(facts),
        "chart": charts.chart(facts.days),
        "summary": _summary(facts),
        "details": _details(facts),
        "notes": notes.of(invoice, contact=facts.supplier.get("contact", "")),
        "footer": f"{facts.supplier.get('name', '')} · {named}",
        "page": _("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
    }


def _supplier(supplier: dict[str, str]) -> Text:
    lines = [*_parts(supplier.get("address", "")), *_parts(supplier.get("contact", ""))]
    if tax_id := supplier.get("tax_id"):
        lines.append(_("Tax number %(number)s") % {"number": tax_id})
    return {"name": supplier.get("name", ""), "lines": lines}


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(";") if part.strip()]


def _customer(invoice: Invoice) -> Text:
    customer = invoice.parties.get("customer", {})
    address = next((part["address"] for part in invoice.sections if part.get("address")), "")
    return {"name": customer.get("name", ""), "lines": [address] if address else []}


def _head(facts: Facts) -> list[list[str]]:
    invoice = facts.invoice
    return [
        [_("Invoice number"), facts.number],
        [_("Date"), figures.day(_issued(invoice).date())],
        [_("Period"), figures.period(invoice.starts_on, invoice.ends_on)],
        [_("Account"), str(invoice.parties.get("account", ""))],
        [_("Customer number"), str(invoice.parties.get("customer", {}).get("code", ""))],
    ]


def _issued(invoice: Invoice) -> datetime:
    moment = invoice.issued_at or invoice.drafted_at
    return moment.astimezone(ZoneInfo(invoice.zone))


def _due(invoice: Invoice) -> Text:
    total, currency = invoice.total, invoice.currency
    if total > 0 and invoice.due_on is not None:
        words, note = _("Total due"), _("Please pay by %(day)s.")
        note = note % {"day": figures.day(invoice.due_on)}
    elif total < 0:
        words, note = _("Your credit"), _("Nothing is to be paid: we owe you this amount.")
    else:
        words, note = _("Total due"), _("Nothing is to be paid.")
    return {"label": words, "amount": figures.paid(abs(total), currency), "note": note}


def _pay(facts: Facts) -> Text | None:
    invoice, supplier = facts.invoice, facts.supplier
    if invoice.total <= 0:
        return None
    amount = money.rounded(invoice.total, invoice.currency)
    iban, bic = supplier.get("iban", ""), supplier.get("bic", "")
    paid = {"iban": iban, "currency": invoice.currency, "amount": amount}
    is_transfer = paying.is_transfer(**paid)  # type: ignore[arg-type]
    rows = [[_("Reference"), facts.number]]
    if iban:
        rows = [[_("Pay to"), supplier.get("name", "")], ["IBAN", paying.grouped(iban)], *rows]
    if bic:
        rows.insert(-1, ["BIC", bic])
    return {
        "rows": rows,
        "code": paying.code(
            reference=facts.number, name=supplier.get("name", ""), bic=bic,
            iban=iban, amount=amount, currency=invoice.currency,
        ),
        "caption": _("Scan it with your bank's app") if is_transfer else _("Payment reference"),
        "alt": _("Code to pay %(amount)s with the reference %(number)s")
        % {"amount": figures.paid(invoice.total, invoice.currency), "number": facts.number},
    }  # fmt: skip


def _why(facts: Facts) -> Text:
    why, currency = facts.why, facts.invoice.currency
    rows = differing.reasons(why) if why is not None and why.total else []
    return {
        "title": _("Why it differs from your last bill"),
        "sentence": differing.sentence(why, currency),
        "rows": [[word, figures.signed(amount, currency)] for word, amount, _reason in rows],
    }


def _summary(facts: Facts) -> Text:
    """Return what is charged by kind, each the sum of the lines that follow."""
    currency = facts.invoice.currency
    kinds = {kind: label for kind, label in Of.choices if kind != Of.TAX}
    charged = [line for line in facts.lines if line.of != Of.TAX]
    taxes = [line for line in facts.lines if line.of == Of.TAX]
    rows = [
        [wording.label(group[0].label) if len(group) == 1 else _first_upper(str(label)),
         _energy_of(facts, kind), figures.amount(_sum(group), currency)]
        for kind, label in kinds.items()
        if (group := [line for line in charged if line.of == kind])
    ]  # fmt: skip
    net = _sum(charged)
    return {
        "title": _("What it is made of"),
        "rows": rows,
        "net": [_("Sum before tax"), "", figures.amount(net, currency)] if taxes else [],
        "taxes": [
            [wording.label(name), "", figures.amount(_sum(group), currency)]
            for name, group in _by_label(taxes)
        ],
        "total": [_("Total"), "", figures.paid(facts.invoice.total, currency)],
    }


def _first_upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _energy_of(facts: Facts, kind: str) -> str:
    return figures.kwh(facts.invoice.energy_mwh) if kind == Of.ENERGY else ""


def _by_label(lines: Iterable[InvoiceLine]) -> list[tuple[str, list[InvoiceLine]]]:
    ordered = sorted(lines, key=lambda line: line.label)
    return [(name, list(group)) for name, group in groupby(ordered, key=lambda line: line.label)]


def _sum(lines: Iterable[InvoiceLine]) -> Decimal:
    return money.total(line.amount for line in lines)


def _details(facts: Facts) -> Text:
    sections = [
        _section(facts, place, section) for place, section in enumerate(facts.invoice.sections)
    ]
    total = figures.paid(facts.invoice.total, facts.invoice.currency)
    return {
        "title": _("Every line"),
        "head": [_("Quantity"), _("Price"), _("Amount, %(currency)s")
                 % {"currency": facts.invoice.currency}],
        "rounding": _("rounding"),
        "sections": [section for section in sections if section["lines"]],
        "total": [_("Total"), total],
    }  # fmt: skip


def _section(facts: Facts, place: int, section: dict[str, Any]) -> Text:
    plan = section.get("plan", {}).get("name", "")
    meters = ", ".join(section.get("meters", []))
    said = [
        _("Plan %(plan)s") % {"plan": plan} if plan else "",
        _("Meter %(serial)s") % {"serial": meters} if meters else "",
        _("%(energy)s kWh")
        % {"energy": figures.exact(section["energy_kwh"])} if "energy_kwh" in section else "",
        wording.label(f"{section['days']} of {section['nominal_days']} days")
        if section.get("days") else "",
    ]  # fmt: skip
    return {
        "title": section.get("point", ""),
        "place": section.get("address", ""),
        "about": " · ".join(each for each in said if each),
        "lines": [_line(line, facts) for line in facts.lines if line.section == place],
    }


def _line(line: InvoiceLine, facts: Facts) -> Text:
    return {
        "label": wording.label(line.label),
        "amount": figures.amount(line.amount, facts.invoice.currency),
        "parts": _line_parts(line.components),
        "rounding": figures.exact(line.rounding) if line.rounding else "",
    }


def _line_parts(components: Sequence[dict[str, str]]) -> list[list[str]]:
    prices = figures.column([part["price"] for part in components])
    return [
        [
            wording.label(part["label"]),
            f"{figures.exact(part['quantity'])}{figures.NARROW}{wording.label(part['unit'])}",
            price,
            figures.exact(part["amount"]),
        ]
        for part, price in zip(components, prices, strict=True)
    ]
