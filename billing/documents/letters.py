"""What a mail says that brings a bill, in the language that is active."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.documents import figures
from billing.models import Invoice


@dataclass(frozen=True, slots=True)
class Letter:
    """A subject and a text."""

    subject: str
    text: str


def of_bill(invoice: Invoice, *, link: str, is_attached: bool) -> Letter:
    """Return the words for a bill: attached, or behind a link where the customer signs in."""
    number = {"number": invoice.number}
    told = number | {
        "period": figures.period(invoice.starts_on, invoice.ends_on),
        "total": figures.paid(abs(invoice.total), invoice.currency),
    }
    lines = [
        _("Dear %(name)s,") % {"name": _named(invoice)},
        "",
        _say(invoice, told),
        _("It is attached as a PDF.") if is_attached else "",
        _("See every line of it here: %(link)s") % {"link": link},
        "",
        str(invoice.parties.get("supplier", {}).get("name", "")),
    ]
    kept = [line for place, line in enumerate(lines) if line or place in {1, 5}]
    return Letter(_("Your bill %(number)s") % number, "\n".join(kept).rstrip() + "\n")


def _named(invoice: Invoice) -> str:
    return " ".join(str(invoice.parties.get("customer", {}).get("name", "")).split())


def _say(invoice: Invoice, told: Mapping[str, object]) -> str:
    if invoice.total < 0:
        return _("your bill %(number)s for %(period)s: we owe you %(total)s.") % told
    said = _("your bill %(number)s for %(period)s comes to %(total)s.") % told
    if invoice.total > 0 and invoice.due_on is not None:
        return f"{said} {_('Please pay by %(day)s.') % {'day': figures.day(invoice.due_on)}}"
    return said
