"""Overrides by REST: request, approve by a second person, end early."""

from collections.abc import Callable
from datetime import datetime

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from segs_site.lib import idempotency, schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.conflicts import Refusals
from tariffs.api import serializers
from tariffs.models import PriceOverride
from tariffs.selectors import overrides
from tariffs.services import overrides as services
from tariffs.services.overrides import Order, Person

KEY = OpenApiParameter(
    idempotency.HEADER, str, OpenApiParameter.HEADER, description="so that a repeat does nothing"
)


REFUSALS = Refusals(
    {
        services.NoPolicy: ("no_policy", "No pricing policy rules this region."),
        services.NothingToPrice: ("nothing_to_price", "No undecided slot begins in this window."),
        services.Overlapping: (
            "overlapping",
            "Another override of the region overlaps this window.",
        ),
        services.SamePerson: (
            "same_person",
            "Another person than the requester has to approve it.",
        ),
        services.NotWaiting: ("not_waiting", "This override does not wait for approval."),
        services.NotOpen: ("not_open", "This override has ended already."),
    }
)


def person(request: Request) -> Person:
    """Return whoever is signed in."""
    return Person(int(request.user.pk or 0), request.user.get_username())


def answered(act: Callable[[], PriceOverride], *, now: datetime, code: int = 200) -> Response:
    """Return the override that `act` made or changed; a refusal is a conflict with its code."""
    with REFUSALS.told():
        row = act()
    shown = serializers.OverrideSerializer(row, context={"now": now}).data
    return Response(shown, status=code)


class OverridesView(APIView):
    """Prices that people set."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.SET_PRICES)]

    @extend_schema(operation_id="overrides", responses=serializers.OverridesSerializer)
    def get(self, request: Request) -> Response:
        """Answer the overrides that wait, act or will act."""
        now = timezone.now()
        found = {"overrides": overrides.open_overrides(now=now)}
        return Response(serializers.OverridesSerializer(found, context={"now": now}).data)

    @extend_schema(
        operation_id="override_request",
        parameters=[KEY],
        request=serializers.OverrideOrderSerializer,
        responses={
            201: serializers.OverrideSerializer,
            409: REFUSALS.described(
                services.NoPolicy, services.NothingToPrice, services.Overlapping
            ),
            422: schema.KEY_REUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Set a price; far from the base price it waits for a second person."""
        now = timezone.now()
        sent = serializers.OverrideOrderSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        order = Order(data["region"], data["start"], data["end"], sent.override())
        return idempotency.once(
            request,
            now=now,
            act=lambda: answered(
                lambda: services.request(order=order, by=person(request), now=now),
                now=now,
                code=status.HTTP_201_CREATED,
            ),
        )


class OverrideView(APIView):
    """One price that somebody set."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.SET_PRICES)]

    @extend_schema(operation_id="override", responses=serializers.OverrideSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer the override."""
        row = get_object_or_404(PriceOverride, pk=pk)
        return answered(lambda: row, now=timezone.now())

    @extend_schema(
        operation_id="override_end",
        responses={200: serializers.OverrideSerializer, 409: REFUSALS.described(services.NotOpen)},
    )
    def delete(self, request: Request, pk: str) -> Response:
        """End the override for the slots that are not decided yet."""
        now, row = timezone.now(), get_object_or_404(PriceOverride, pk=pk)
        return answered(lambda: services.end(override=row, by=person(request), now=now), now=now)


class ApproveView(APIView):
    """The second person's word."""

    permission_classes = [Needs(Action.SET_PRICES)]

    @extend_schema(
        operation_id="override_approve",
        request=None,
        responses={
            200: serializers.OverrideSerializer,
            409: REFUSALS.described(),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Approve the override; 409 for whoever requested it."""
        now, row = timezone.now(), get_object_or_404(PriceOverride, pk=pk)
        return answered(
            lambda: services.approve(override=row, by=person(request), now=now), now=now
        )
