"""Documents of invoices that are drawn."""

from billing.models import Invoice, InvoiceDocument


class NotDrawn(Exception):
    """The invoice is a draft, or no worker has drawn its document yet."""


def of(invoice: Invoice) -> InvoiceDocument:
    """Return the document of an invoice with its bytes. Raises NotDrawn."""
    document = InvoiceDocument.objects.drawn().filter(invoice=invoice).first()
    if document is None:
        raise NotDrawn
    return document


def is_drawn(invoice: Invoice) -> bool:
    """Tell whether the document can be served, without reading it."""
    return InvoiceDocument.objects.drawn().filter(invoice=invoice).exists()
