"""Documents of invoices that are drawn, and what they are drawn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from billing.choices import Of
from billing.models import AsBilled, Invoice, InvoiceDocument
from billing.packing import unpack
from billing.rating import daily
from billing.rating.daily import DayUse
from segs_site.lib.periods import local_day


class NotDrawn(Exception):
    """The invoice is a draft, or no worker has drawn its document yet."""


def of(invoice: Invoice) -> InvoiceDocument:
    """Return the document of an invoice with its bytes. Raises NotDrawn."""
    document = InvoiceDocument.objects.drawn().filter(invoice=invoice).first()
    if document is None:
        raise NotDrawn
    return document


@dataclass(frozen=True, slots=True)
class Drawing:
    """How far a document is; `fault` is why it could not be drawn when it was last tried."""

    is_done: bool
    fault: str = ""


def drawing_of(invoice: Invoice) -> Drawing:
    """Return how far the document of an invoice is, without reading it."""
    found = InvoiceDocument.objects.filter(invoice=invoice).values_list("drawn_at", "fault")
    drawn_at, fault = found.first() or (None, "")
    return Drawing(drawn_at is not None, fault if drawn_at is None else "")


def days(invoice: Invoice) -> Sequence[DayUse]:
    """Return the energy drawn on each day, of the intervals that the invoice charges for."""
    zone = ZoneInfo(invoice.zone)
    rows = AsBilled.objects.filter(line__invoice=invoice, line__of=Of.ENERGY).order_by("day")
    billed = (
        (row.day, unpack(bytes(row.packed), day_start=local_day(row.day, zone).start))
        for row in rows
    )
    return daily.by_day(billed, start=invoice.starts_on, end=invoice.ends_on)
