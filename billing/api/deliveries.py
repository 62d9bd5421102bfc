"""Deliveries, mails that came back, and print batches by REST."""

from base64 import b64encode
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.choices import DeliveryState, DeliveryWay
from billing.models import Delivery, PrintBatch
from billing.services import delivering, printing
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, page, sent
from segs_site.lib.conflicts import Refusals

NEWEST = paging.Order(("id",), descending=True)


class NotMade(Exception):
    """The batch is being made: come again."""


REFUSALS = Refusals(
    {
        delivering.NotTroubled: ("not_troubled", "It arrived, waits, or was seen before."),
        printing.NothingToPrint: ("nothing_to_print", "No bill waits for paper."),
        printing.WantedAlready: ("wanted_already", "A batch is being made."),
        NotMade: ("not_made", "The batch is being made, or had no bill: come again."),
    }
)


class DeliveriesQuerySerializer(paging.PageQuerySerializer):
    """Which deliveries."""

    state = serializers.ChoiceField(DeliveryState.choices, required=False)


class DeliverySerializer(serializers.Serializer[Any]):
    """A bill on one way to the customer."""

    id = serializers.IntegerField()
    invoice = serializers.CharField(source="invoice.number")
    way = serializers.ChoiceField(DeliveryWay.choices)
    state = serializers.ChoiceField(DeliveryState.choices)
    address = serializers.CharField()
    attempts = serializers.IntegerField()
    fault = serializers.CharField()
    wanted_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    bounced_at = serializers.DateTimeField(allow_null=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    batch = serializers.IntegerField(source="batch_id", allow_null=True)


class DeliveriesSerializer(serializers.Serializer[Any]):
    """A page of deliveries, newest first."""

    next = serializers.CharField(allow_null=True)
    results = DeliverySerializer(many=True)


class BounceOrderSerializer(serializers.Serializer[Any]):
    """A mail that came back, whole, as the mail server gave it."""

    message = serializers.CharField(max_length=2_000_000, trim_whitespace=False)


class BounceSerializer(serializers.Serializer[Any]):
    """What came of it."""

    bounced = serializers.IntegerField()
    delayed = serializers.IntegerField()
    unknown = serializers.IntegerField()


class PrintBatchSerializer(serializers.Serializer[Any]):
    """Bills on paper in one PDF; without `made_at` it is being made."""

    id = serializers.IntegerField()
    wanted_at = serializers.DateTimeField()
    wanted_by = serializers.CharField()
    made_at = serializers.DateTimeField(allow_null=True)
    bills = serializers.IntegerField()
    pages = serializers.IntegerField()
    sha256 = serializers.CharField()


class PrintBatchesSerializer(serializers.Serializer[Any]):
    """A page of batches, newest first."""

    next = serializers.CharField(allow_null=True)
    results = PrintBatchSerializer(many=True)


class DeliveriesView(APIView):
    """How bills got to customers."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="deliveries",
        parameters=[DeliveriesQuerySerializer],
        responses=DeliveriesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer deliveries, newest first."""
        query = asked(DeliveriesQuerySerializer, request)
        found = Delivery.objects.select_related("invoice")
        if query.get("state"):
            found = found.filter(state=query["state"])
        return page(request, found, order=NEWEST, query=query, shown_as=DeliverySerializer)


class SeeView(APIView):
    """Takes note of a mail that did not arrive."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="delivery_see",
        request=None,
        responses={
            200: DeliverySerializer,
            409: REFUSALS.described(delivering.NotTroubled),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Say that it is seen to: the address is written to again."""
        found = get_object_or_404(Delivery.objects.select_related("invoice"), pk=pk)
        with REFUSALS.told():
            delivering.see(delivery=found, by=request.user.get_username(), now=timezone.now())
        found.refresh_from_db()
        return Response(DeliverySerializer(found).data)


class BouncesView(APIView):
    """Mails that came back."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bounce_take_up",
        request=BounceOrderSerializer,
        responses=BounceSerializer,
    )
    def post(self, request: Request) -> Response:
        """Take up a delivery status notification; the same again changes nothing."""
        said = sent(BounceOrderSerializer, request)
        content = said["message"].encode(errors="replace")
        return Response(
            BounceSerializer(delivering.take_bounce(content=content, now=timezone.now())).data
        )


class PrintBatchesView(APIView):
    """Bills on paper."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="print_batches",
        parameters=[paging.PageQuerySerializer],
        responses=PrintBatchesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer batches, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = PrintBatch.objects.defer("pdf")
        return page(request, found, order=NEWEST, query=query, shown_as=PrintBatchSerializer)

    @extend_schema(
        operation_id="print_batch_want",
        request=None,
        responses={
            201: PrintBatchSerializer,
            409: REFUSALS.described(printing.NothingToPrint, printing.WantedAlready),
        },
    )
    def post(self, request: Request) -> Response:
        """Ask for a batch of the bills that wait for paper; a worker makes it."""
        with REFUSALS.told():
            made = printing.want(by=request.user.get_username(), now=timezone.now())
        return Response(PrintBatchSerializer(made).data, status.HTTP_201_CREATED)


class PrintBatchFileView(APIView):
    """A batch to print."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="print_batch_pdf",
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            409: REFUSALS.described(NotMade),
        },
    )
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        """Answer the PDF: always the same bytes, whose SHA-256 `Repr-Digest` names."""
        batch = get_object_or_404(PrintBatch, pk=pk)
        with REFUSALS.told():
            if batch.pdf is None:
                raise NotMade
        digest = b64encode(bytes.fromhex(batch.sha256)).decode()
        return HttpResponse(
            bytes(batch.pdf or b""),
            content_type="application/pdf",
            headers={
                "Content-Disposition": f'attachment; filename="print-batch-{batch.pk}.pdf"',
                "Cache-Control": "private, no-cache",
                "ETag": f'"{batch.sha256}"',
                "Repr-Digest": f"sha-256=:{digest}:",
                "X-Content-Type-Options": "nosniff",
            },
        )
