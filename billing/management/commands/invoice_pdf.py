"""`manage.py invoice_pdf INV-000001 [--out FILE]`: writes the document of an invoice."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.documents.fonts import MissingFont
from billing.models import Invoice, InvoiceDocument
from billing.selectors import documents
from billing.services import drawing

SHOWN_AT_ONCE = 50


class Command(BaseCommand):
    """Writes the PDF as it is kept; draws what is due first, as a worker would."""

    help = "Write the PDF of an issued invoice, as it is kept; it is drawn when it was not yet."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare which invoice, and where to."""
        parser.add_argument("number", help="of the invoice, such as INV-000001")
        parser.add_argument("--out", type=Path, metavar="FILE", help="NUMBER.pdf when left out")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find, draw when it is due, write, and say the fingerprint."""
        invoice = Invoice.objects.issued().filter(number=options["number"]).first()
        if invoice is None:
            message = f"no invoice has the number {options['number']}"
            raise CommandError(message)
        document = self._document(invoice)
        path = options["out"] or Path(f"{invoice.number}.pdf")
        try:
            path.write_bytes(bytes(document.pdf or b""))
        except OSError as fault:
            message = f"{path} cannot be written: {fault.strerror}"
            raise CommandError(message) from fault
        self.stdout.write(f"{path}  sha256 {document.sha256}  drawn {document.drawn_at:%F %T} UTC")

    def _document(self, invoice: Invoice) -> InvoiceDocument:
        try:
            while not documents.drawing_of(invoice).is_done:
                if not drawing.draw_due(now=timezone.now(), limit=SHOWN_AT_ONCE):
                    break
            return documents.of(invoice)
        except MissingFont as fault:
            raise CommandError(str(fault)) from fault
        except documents.NotDrawn as fault:
            why = documents.drawing_of(invoice).fault or "a worker is at it"
            message = f"it cannot be drawn: {why}"
            raise CommandError(message) from fault
