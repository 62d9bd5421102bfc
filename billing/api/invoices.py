"""Invoices by REST: read, explained to the interval, issued and taken back."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import queries, serializers
from billing.models import BillingTerms, Invoice, InvoiceLine
from billing.selectors import invoices, standing
from billing.services import issuing
from segs_site.lib import idempotency, paging, schema
from segs_site.lib.access import Action, Needs, may
from segs_site.lib.asking import asked, page, sent, user_id
from segs_site.lib.conflicts import Refusals

KEY = OpenApiParameter(
    idempotency.HEADER, str, OpenApiParameter.HEADER, description="so that a repeat does nothing"
)
NEWEST = paging.Order(("starts_on", "id"), descending=True)
REFUSALS = Refusals(
    {
        issuing.NotOver: ("not_over", "The billing period is not over."),
        issuing.NotSummed: (
            "not_summed",
            "Readings are not summed yet: come again.",
        ),
        issuing.Quarantined: ("quarantined", "Readings of the period wait in quarantine."),
        issuing.NotWhole: ("not_whole", "Some part of the bill has no price."),
        issuing.Overlapping: ("overlapping", "A live invoice covers some of the period."),
        issuing.NotLive: ("not_live", "The invoice is a draft, or was made void."),
    }
)


def seen(request: Request, pk: str) -> Invoice:
    """Return an invoice that whoever asks may see; raises Http404 for every other."""
    found = invoices.seen_by(
        user_id=user_id(request), sees_all=may(request.user, Action.SEE_CUSTOMERS)
    )
    return get_object_or_404(found, pk=pk)


class InvoicesView(APIView):
    """Invoices: one's own, or everybody's to those who see customers."""

    permission_classes = [Needs(Action.SEE_OWN, to_change=Action.BILL)]

    @extend_schema(
        operation_id="invoices",
        parameters=[queries.InvoicesQuerySerializer],
        responses={
            200: serializers.InvoicesSerializer,
            404: schema.refusal("There is no such account.", "not_found"),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer invoices, newest first; customers see what was issued."""
        query = asked(queries.InvoicesQuerySerializer, request)
        own_id = user_id(request)
        sees_all = may(request.user, Action.SEE_CUSTOMERS)
        found = invoices.seen_by(user_id=own_id, sees_all=sees_all)
        if "account" in query:
            own = invoices.accounts_of(user_id=own_id).filter(number=query["account"])
            if not sees_all and not own.exists():
                raise Http404("There is no such account.")
            found = found.filter(account__number=query["account"])
        if "state" in query:
            found = found.in_state(query["state"])
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.InvoiceSerializer
        )

    @extend_schema(
        operation_id="invoice_issue",
        parameters=[KEY],
        request=serializers.IssueSerializer,
        responses={
            201: serializers.InvoiceSerializer,
            409: REFUSALS.described(),
            422: schema.KEY_REUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Issue an account's invoice; the one that is issued, when there is one."""
        said = sent(serializers.IssueSerializer, request)
        account, day = said["account"], said["day"]
        terms = BillingTerms.objects.filter(account=account).first() or BillingTerms()
        with REFUSALS.told():
            invoice = issuing.issue(
                account=account,
                cycle=terms.cycle_of(day),
                by=request.user.get_username(),
                now=timezone.now(),
                waived=said["waived"],
            )
        shown = serializers.InvoiceSerializer(seen(request, str(invoice.pk))).data
        return Response(shown, status=status.HTTP_201_CREATED)


class InvoiceView(APIView):
    """One invoice."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(operation_id="invoice", responses=serializers.WholeInvoiceSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer the invoice with what is paid of it."""
        invoice = seen(request, pk)
        paid = standing.paid(invoice)
        shown = serializers.InvoiceSerializer(invoice).data | {
            "parties": invoice.parties,
            "sections": invoice.sections,
            "paid": f"{paid:.3f}",
            "fees": f"{standing.fees(invoice):.3f}",
            "open": f"{standing.open_amount(invoice):.3f}",
        }
        return Response(shown)


class LinesView(APIView):
    """What an invoice is made of."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(operation_id="invoice_lines", responses=serializers.LinesSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer every line with its components."""
        lines = seen(request, pk).lines.all()
        return Response(serializers.LinesSerializer({"lines": lines}).data)


class IntervalsView(APIView):
    """What a line is made of."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="invoice_intervals",
        parameters=[queries.DayQuerySerializer],
        responses=serializers.IntervalsSerializer,
    )
    def get(self, request: Request, pk: str, place: str) -> Response:
        """Answer the line's intervals with quality, price, and how it arose."""
        query = asked(queries.DayQuerySerializer, request)
        lines = InvoiceLine.objects.filter(invoice=seen(request, pk)).select_related("invoice")
        line = lines.filter(place=place).first()
        if line is None:
            raise Http404("There is no such line.")
        found = invoices.intervals(line, day=query.get("day"))
        return Response(serializers.IntervalsSerializer({"intervals": found}).data)


class VoidView(APIView):
    """Takes an invoice back."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="invoice_void",
        request=serializers.ReasonSerializer,
        responses={
            201: serializers.CreditNoteSerializer,
            409: REFUSALS.described(issuing.NotLive),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Credit the invoice as a whole; its period can be billed again."""
        said = sent(serializers.ReasonSerializer, request)
        with REFUSALS.told():
            note = issuing.void(
                invoice=seen(request, pk),
                reason=said["reason"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        shown = serializers.CreditNoteSerializer(note).data
        return Response(shown, status=status.HTTP_201_CREATED)
