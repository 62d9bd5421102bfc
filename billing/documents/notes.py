"""What an invoice explains at its end: how it is estimated, disputed, and checked."""

from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _

from billing.documents import figures
from billing.models import Invoice


def of(invoice: Invoice, *, contact: str) -> list[list[str]]:
    """Return headings with their texts."""
    return [
        [_("How estimated energy was treated"), _estimated(invoice)],
        [_("If something is wrong"), _dispute(invoice, contact)],
        [_("How to check it"), _check(invoice)],
    ]


def _estimated(invoice: Invoice) -> str:
    if not invoice.estimated_mwh:
        return _("All energy of this invoice was measured; none of it was estimated.")
    share = 100 * Decimal(invoice.estimated_mwh) / Decimal(max(invoice.energy_mwh, 1))
    words = _(
        "%(estimated)s of %(energy)s (%(share)s %%) were estimated, because no reading covered "
        "them. When readings arrive later, this invoice stays as it is: the difference is charged "
        "or given back on your next one, at the prices of the hours concerned."
    )
    return words % {
        "estimated": figures.kwh(invoice.estimated_mwh),
        "energy": figures.kwh(invoice.energy_mwh),
        "share": figures.figure(share, 1),
    }


def _dispute(invoice: Invoice, contact: str) -> str:
    words = _(
        "Sign in at %(site)s, open this bill and dispute it: say what you object to. While your "
        "dispute is open the bill is not overdue and you get no reminder of it."
    )
    said = [words % {"site": settings.SEGS_SITE_URL}]
    if contact:
        other = _("Or ask us, naming the number %(number)s: %(contact)s.")
        said.append(other % {"number": invoice.number, "contact": contact.replace(";", ",")})
    return " ".join(said)


def _check(invoice: Invoice) -> str:
    words = _(
        "Each quantity times its price is the amount beside it; what rounding added is printed "
        "below. Every quarter-hour with its energy, price and quality is in the table of "
        "intervals that you find beside this document. Days are those of %(zone)s."
    )
    return words % {"zone": invoice.zone}
