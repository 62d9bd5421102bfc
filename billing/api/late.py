"""Corrections by REST."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import late_serializers as serializers
from billing.api.queries import DayQuerySerializer
from billing.api.serializers import IntervalsSerializer, ReasonSerializer
from billing.models import Correction, CorrectionLine
from billing.selectors import invoices, late
from billing.services import correcting
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, page, sent
from segs_site.lib.conflicts import Refusals

NEWEST = paging.Order(("id",), descending=True)
REFUSALS = Refusals(
    {
        correcting.Decided: (
            "decided",
            "It was decided before, or later data have put another in its place.",
        ),
    }
)


def shown(correction: Correction) -> dict[str, Any]:
    """Return a correction with its lines, as it is answered."""
    carried = late.billed_on([correction]).get(correction.pk)
    lines = [each.line for each in late.lines(correction)]
    head = serializers.CorrectionSerializer(correction).data
    return head | {
        "billed_on": None if carried is None else carried.number,
        "lines": serializers.CorrectionLineSerializer(lines, many=True).data,
    }


class CorrectionsView(APIView):
    """What late data change in issued invoices."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="corrections",
        parameters=[serializers.CorrectionsQuerySerializer],
        responses=serializers.CorrectionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer corrections of live invoices, newest first."""
        query = asked(serializers.CorrectionsQuerySerializer, request)
        found = late.listed(state=query.get("state", ""), account=query.get("account", ""))
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.CorrectionSerializer
        )


class CorrectionView(APIView):
    """One correction."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(operation_id="correction", responses=serializers.WholeCorrectionSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer a correction with every line that it changes."""
        return Response(shown(get_object_or_404(late.listed(), pk=pk)))


class CorrectionIntervalsView(APIView):
    """What a line of a correction is made of."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="correction_intervals",
        parameters=[DayQuerySerializer],
        responses=IntervalsSerializer,
    )
    def get(self, request: Request, pk: str, place: str) -> Response:
        """Answer by how much each interval changed, with its price and how that arose."""
        query = asked(DayQuerySerializer, request)
        lines = CorrectionLine.objects.filter(correction__in=late.listed().filter(pk=pk))
        line = lines.filter(place=place).select_related("corrects__invoice").first()
        if line is None:
            raise Http404("There is no such line.")
        found = invoices.changed_intervals(line, day=query.get("day"))
        return Response(IntervalsSerializer({"intervals": found}).data)


class ApproveCorrectionView(APIView):
    """Lets a correction go on the next bill."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="correction_approve",
        request=serializers.ApprovalSerializer,
        responses={200: serializers.WholeCorrectionSerializer, 409: REFUSALS.described()},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Put its lines on the account's next bill."""
        said = sent(serializers.ApprovalSerializer, request)
        found, by = get_object_or_404(late.listed(), pk=pk), request.user.get_username()
        with REFUSALS.told():
            correcting.approve(correction=found, note=said["note"], by=by, now=timezone.now())
        return Response(shown(found))


class RejectCorrectionView(APIView):
    """Lets a difference be."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="correction_reject",
        request=ReasonSerializer,
        responses={200: serializers.WholeCorrectionSerializer, 409: REFUSALS.described()},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Bill nothing of it; what comes later is held against it, too."""
        said = sent(ReasonSerializer, request)
        found, by = get_object_or_404(late.listed(), pk=pk), request.user.get_username()
        with REFUSALS.told():
            correcting.reject(correction=found, reason=said["reason"], by=by, now=timezone.now())
        return Response(shown(found))
