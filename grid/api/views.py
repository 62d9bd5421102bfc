"""The grid by REST: state, topology, loads."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grid import selectors as grid
from grid.api import serializers
from grid.selectors import RegionStatus
from meters import selectors as meters
from segs_site.lib import bodies
from segs_site.lib.access import MayWatchGrid
from tariffs.selectors import prices as tariffs
from tariffs.selectors.prices import Tariff


@method_decorator(conditional_page, name="dispatch")
class GridStatusView(APIView):
    """How loaded every region is."""

    permission_classes = [MayWatchGrid]

    @extend_schema(
        operation_id="grid_status",
        responses={
            200: serializers.GridStatusSerializer,
            304: OpenApiResponse(description="It has not changed since that ETag."),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer the newest closed minute of each region, and its price in force."""
        now = timezone.now()
        prices = tariffs.current(now=now)
        regions = [
            _priced(status, prices.get(status.code)) for status in grid.region_statuses(now=now)
        ]
        return Response(serializers.GridStatusSerializer({"regions": regions}).data)


def _priced(status: RegionStatus, tariff: Tariff | None) -> dict[str, Any]:
    return asdict(status) | {
        "price": tariff.price_per_kwh if tariff else None,
        "price_until": tariff.effective_until if tariff else None,
    }


class LoadView(APIView):
    """How loaded the regions were lately."""

    permission_classes = [MayWatchGrid]

    @extend_schema(
        operation_id="grid_load",
        parameters=[serializers.LoadQuerySerializer],
        responses=serializers.LoadHistorySerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the last closed minutes, also those of which nothing is known."""
        query = serializers.LoadQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        history = grid.load_history(minutes=query.validated_data["minutes"], now=timezone.now())
        # Not through the serializer: a day of four regions is 11,520 values.
        names = ("regions", "minutes", "load_kw", "capacity_kw")
        return Response({name: getattr(history, name) for name in names})


_topology = bodies.Kept()


class TopologyView(APIView):
    """Where regions and meters are."""

    permission_classes = [MayWatchGrid]

    @extend_schema(
        operation_id="grid_topology",
        responses={
            200: serializers.TopologySerializer,
            304: OpenApiResponse(description="It has not changed since that ETag."),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Answer every installed meter's place, in the order of the map frames."""
        now = timezone.now()
        edges = meters.edges(now=now)
        etag = f'W/"{edges.version}"'  # weak: the same for packed and plain
        unchanged = get_conditional_response(request._request, etag=etag)
        if unchanged is not None:
            return unchanged
        kept = _topology.body(edges if edges.stamp else None, lambda: _places(now))
        answer = kept.answer(request)
        answer["ETag"] = etag
        return answer


def _places(now: datetime) -> dict[str, Any]:
    everything = asdict(meters.topology(now=now))
    version, regions = everything.pop("version"), everything.pop("regions")
    # Not through the serializer: it would take each of 500,000 values by the hand.
    return {"version": version, "regions": regions, "meters": everything}
