"""Payments and disputes by REST."""

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import receipt_serializers as serializers
from billing.api.invoices import KEY, seen
from billing.models import Dispute, Payment
from billing.services import disputing, receiving
from segs_site.lib import idempotency, paging, schema
from segs_site.lib.access import Action, Needs, may
from segs_site.lib.asking import asked, page, sent, user_id
from segs_site.lib.conflicts import Refusals

NEWEST = paging.Order(("id",), descending=True)
REFUSALS = Refusals(
    {
        receiving.BookedBefore: ("booked_before", "Another payment has this reference."),
        receiving.NotTheirs: ("not_theirs", "The invoice is another account's, or void."),
        receiving.BadAmount: ("bad_amount", "That is no amount of this currency."),
        disputing.NotDisputable: ("not_disputable", "It is no live invoice, or disputed already."),
        disputing.NotOpen: ("not_open", "The dispute is closed, or was taken up."),
    }
)


class PaymentsView(APIView):
    """Money that came in: one's own, or everybody's to those who see customers."""

    permission_classes = [Needs(Action.SEE_OWN, to_change=Action.BILL)]

    @extend_schema(
        operation_id="payments",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.PaymentsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer payments, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = Payment.objects.select_related("account", "invoice")
        if not may(request.user, Action.SEE_CUSTOMERS):
            found = found.filter(account__customer__user=user_id(request))
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.PaymentSerializer
        )

    @extend_schema(
        operation_id="payment_book",
        parameters=[KEY],
        request=serializers.PaymentOrderSerializer,
        responses={
            201: serializers.PaymentSerializer,
            409: REFUSALS.described(
                receiving.BookedBefore, receiving.NotTheirs, receiving.BadAmount
            ),
            422: schema.KEY_REUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Book a payment; the same reference again is the payment that is booked."""
        said = sent(serializers.PaymentOrderSerializer, request)
        now, by = timezone.now(), request.user.get_username()

        def act() -> Response:
            with REFUSALS.told():
                made = receiving.receive(**said, by=by, now=now)
            return Response(serializers.PaymentSerializer(made).data, status.HTTP_201_CREATED)

        return idempotency.once(request, now=now, act=act)


class DisputesView(APIView):
    """Objections: one's own, or everybody's to those who see customers."""

    permission_classes = [Needs(Action.SEE_OWN)]

    @extend_schema(
        operation_id="disputes",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.DisputesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer disputes, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = Dispute.objects.select_related("invoice")
        if not may(request.user, Action.SEE_CUSTOMERS):
            found = found.filter(invoice__account__customer__user=user_id(request))
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.DisputeSerializer
        )

    @extend_schema(
        operation_id="dispute_open",
        request=serializers.DisputeOrderSerializer,
        responses={
            201: serializers.DisputeSerializer,
            404: schema.refusal("There is no such invoice.", "not_found"),
            409: REFUSALS.described(disputing.NotDisputable),
        },
    )
    def post(self, request: Request) -> Response:
        """Object to an invoice that one may see."""
        said = sent(serializers.DisputeOrderSerializer, request)
        with REFUSALS.told():
            made = disputing.open_dispute(
                invoice=seen(request, str(said["invoice"])),
                reason=said["reason"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        return Response(serializers.DisputeSerializer(made).data, status.HTTP_201_CREATED)


class ReviewView(APIView):
    """Takes a dispute up."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="dispute_review",
        request=None,
        responses={
            200: serializers.DisputeSerializer,
            409: REFUSALS.described(disputing.NotOpen),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Say that somebody looks into it."""
        with REFUSALS.told():
            taken = disputing.review(dispute=get_object_or_404(Dispute, pk=pk))
        return Response(serializers.DisputeSerializer(taken).data)


class CloseView(APIView):
    """Answers a dispute."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="dispute_close",
        request=serializers.DisputeAnswerSerializer,
        responses={
            200: serializers.DisputeSerializer,
            409: REFUSALS.described(disputing.NotOpen),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Resolve or reject it, with an answer."""
        said = sent(serializers.DisputeAnswerSerializer, request)
        dispute = get_object_or_404(Dispute.objects.select_related("invoice"), pk=pk)
        with REFUSALS.told():
            closed = disputing.close(
                dispute=dispute,
                **said,
                by=request.user.get_username(),
                now=timezone.now(),
            )
        return Response(serializers.DisputeSerializer(closed).data)
