"""Regions by REST: how loaded they were over a period, and what they can carry."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grid import selectors, services
from grid.api import serializers
from grid.models import Region, RegionCapacity
from segs_site.lib import idempotency, schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.periods import QUARTER, Period, floor

NO_REGION = "There is no such region."
IDEMPOTENCY_KEY = OpenApiParameter(
    idempotency.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A text of your own: the same request with it again is answered, not done again.",
)


class RegionStatsView(APIView):
    """How loaded the regions were."""

    permission_classes = [Needs(Action.WATCH_GRID)]

    @extend_schema(
        operation_id="regions_stats",
        parameters=[serializers.StatsQuerySerializer],
        responses=serializers.RegionStatsListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer each region over the whole quarter-hours of a period."""
        query = serializers.StatsQuerySerializer(
            data=request.query_params, context={"now": timezone.now()}
        )
        query.is_valid(raise_exception=True)
        period = _in_quarters(query.validated_data["period"])
        answer = {
            "start": period.start,
            "end": period.end,
            "regions": selectors.region_stats(period=period),
        }
        return Response(serializers.RegionStatsListSerializer(answer).data)


def _in_quarters(period: Period) -> Period:
    start, end = floor(period.start, QUARTER), floor(period.end, QUARTER)
    return Period(start, end if start < end else start + QUARTER)


class CapacityTaken(APIException):
    """The region has a capacity from that moment on already."""

    status_code = 409
    default_code = "capacity_exists"
    default_detail = "The region has a capacity from this moment on already."


class CapacityLate(APIException):
    """The moment is past."""

    status_code = 409
    default_code = "in_the_past"
    default_detail = "What is closed keeps its capacity: choose a moment to come."


class CapacitiesView(APIView):
    """What a region can carry, from when on."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.OPERATE_GRID)]

    @extend_schema(
        operation_id="regions_capacities_list", responses=serializers.CapacitiesSerializer
    )
    def get(self, request: Request, code: str) -> Response:
        """Answer every capacity of the region, newest first."""
        rows = RegionCapacity.objects.filter(region=_region(code)).order_by("-effective_from")
        return Response(serializers.CapacitiesSerializer({"capacities": rows}).data)

    @extend_schema(
        operation_id="regions_capacities_create",
        parameters=[IDEMPOTENCY_KEY],
        request=serializers.CapacitySerializer,
        responses={
            201: serializers.CapacitySerializer,
            409: schema.refusal("It is past, or taken.", "capacity_exists", "in_the_past"),
            422: schema.KEY_REUSED,
        },
    )
    def post(self, request: Request, code: str) -> Response:
        """Enter a capacity from a moment on; 409 when it is past or taken."""
        return idempotency.once(
            request, now=timezone.now(), act=lambda: self._enter(request.data, code)
        )

    def _enter(self, said: Any, code: str) -> Response:
        now = timezone.now()
        sent = serializers.CapacitySerializer(data=said)
        sent.is_valid(raise_exception=True)
        try:
            row = services.set_capacity(
                region=_region(code),
                capacity_kw=sent.validated_data["capacity_kw"],
                effective_from=sent.validated_data.get("effective_from") or now,
                now=now,
            )
        except services.CapacityInThePast as problem:
            raise CapacityLate from problem
        except services.CapacityExists as problem:
            raise CapacityTaken from problem
        return Response(serializers.CapacitySerializer(row).data, status=201)


def _region(code: str) -> Region:
    found = Region.objects.filter(code=code).first()
    if found is None:
        raise Http404(NO_REGION)
    return found
