"""What is handed out of an invoice: the PDF as it was drawn once, and its intervals as CSV."""

from base64 import b64encode
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from billing.api.invoices import seen
from billing.models import AsBilled, Invoice, InvoiceLine
from billing.selectors import documents, invoices
from segs_site.lib import csvs, money
from segs_site.lib.access import Action, Needs
from segs_site.lib.choices import Quality
from segs_site.lib.conflicts import Refusals

REFUSALS = Refusals(
    {
        documents.NotDrawn: (
            "not_drawn",
            "The invoice is a draft, or its document is being drawn: come again.",
        ),
    }
)
HEADER: Final = (
    "place", "line", "start", "energy_kwh", "quality", "component", "price", "amount", "currency",
)  # fmt: skip


class DocumentView(APIView):
    """The invoice on paper."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="invoice_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            409: REFUSALS.described(documents.NotDrawn),
        },
    )
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        """Answer the PDF: always the same bytes, whose SHA-256 `Repr-Digest` names."""
        invoice = seen(request, pk)
        with REFUSALS.told():
            document = documents.of(invoice)
        digest = b64encode(bytes.fromhex(document.sha256)).decode()
        name = csvs.file_name(invoice.number or "")
        return HttpResponse(
            bytes(document.pdf or b""),
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'inline; filename="{name}.pdf"',
                "Cache-Control": "private, no-cache",
                "ETag": f'"{document.sha256}"',
                "Repr-Digest": f"sha-256=:{digest}:",
                "X-Content-Type-Options": "nosniff",
            },
        )


class IntervalFileView(APIView):
    """Every interval that an invoice charges for."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="invoice_intervals_csv",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        """Stream the intervals as they were billed; the first line names the columns."""
        invoice = seen(request, pk)
        name = csvs.file_name(invoice.number or f"draft-{invoice.pk}")
        return csvs.answer(
            request._request, name=f"{name}-intervals.csv", header=HEADER, rows=_rows(invoice)
        )


def _rows(invoice: Invoice) -> Iterator[tuple[Any, ...]]:
    opens = AsBilled.objects.filter(line__invoice=invoice).values("line")
    lines = InvoiceLine.objects.filter(pk__in=opens).select_related("invoice").order_by("place")
    for line in lines:
        for each in invoices.intervals(line):
            yield (
                line.place,
                line.label,
                each.start,
                _figure(each.energy_kwh),
                Quality(each.quality).label,
                each.component,
                _figure(each.price),
                _figure(each.amount),
                invoice.currency,
            )


def _figure(value: Decimal) -> Decimal:
    """Return the same number without zeros at its end; numbers, unlike texts, are no formulas."""
    return Decimal(money.bare(value))
