"""All meters, for operators: the list, one of them, what it said, and who uses most."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from grid.models import Region
from meters.api import exchange, queries, rows, serializers
from meters.api.pages import ROWS_AT_ONCE, page_of_history
from meters.models import Meter, MeterInstallation
from meters.selectors import energy, fleet, registers
from meters.selectors.energy import Consumer, Span
from segs_site.lib import caching, csvs, paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked
from segs_site.lib.money import bare
from segs_site.lib.periods import QUARTER, Period, expected_intervals, floor
from segs_site.lib.quantities import to_kw, to_kwh

NO_METER = "There is no such meter."
TOP_KEPT_S = 60


class FleetView(APIView):
    """Shows meters to those who watch the grid."""

    permission_classes = [Needs(Action.WATCH_GRID)]


def _wanted(query: Mapping[str, Any]) -> fleet.Wanted:
    names = ("search", "region", "state", "feeder", "transformer", "seen_since", "seen_before")
    return fleet.Wanted(**{name: query[name] for name in names})


def _order(ordering: str) -> paging.Order:
    key = ordering.removeprefix("-")
    keys = (key,) if key == "serial" else (key, "id")
    return paging.Order(keys, descending=ordering.startswith("-"))


def _listed(query: Mapping[str, Any], order: paging.Order, now: datetime) -> fleet.Rows:
    found = fleet.meters(_wanted(query), now=now)
    return fleet.with_seen_at(found) if "seen_at" in order.keys else found


class MeterListView(FleetView):
    """The list of meters."""

    @extend_schema(
        operation_id="meters_list",
        parameters=[queries.MeterListQuerySerializer],
        responses=serializers.MeterListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the meters that are wanted."""
        now = timezone.now()
        query = asked(queries.MeterListQuerySerializer, request, now=now)
        order = _order(query["ordering"])
        page = paging.cut(
            _listed(query, order, now),
            order=order,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(page.document(request, [rows.meter(row, now=now) for row in page.rows]))


class MeterExportView(FleetView):
    """The list of meters as a download."""

    @extend_schema(
        operation_id="meters_export_csv",
        parameters=[queries.MeterFilterSerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponseBase:
        """Stream every meter that is wanted; the first line names the columns."""
        now = timezone.now()
        query = asked(queries.MeterFilterSerializer, request, now=now)
        order = _order(query["ordering"])
        found = _listed(query, order, now).order_by(*order.fields)
        header = list(serializers.MeterSerializer().fields)
        answered = (rows.meter(row, now=now) for row in found.iterator(chunk_size=ROWS_AT_ONCE))
        return csvs.answer(
            request._request,
            name="meters.csv",
            header=header,
            rows=([row[name] for name in header] for row in answered),
        )


class MeterView(FleetView):
    """One meter."""

    @extend_schema(operation_id="meters_retrieve", responses=serializers.MeterDetailSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer a meter, what it said last, and every place it hung at."""
        now = timezone.now()
        try:
            row = fleet.meter(pk=int(pk), now=now)
        except Meter.DoesNotExist as problem:
            raise Http404(NO_METER) from problem
        places = MeterInstallation.objects.filter(meter_id=pk).order_by("during")
        places = places.select_related("service_point__region")
        exchanges = registers.exchanges(meter_id=int(pk))
        return Response(
            rows.meter(row, now=now)
            | {
                "installations": [_place(place) for place in places],
                "exchanges": [exchange.document(each) for each in exchanges],
            }
        )


def _place(place: MeterInstallation) -> dict[str, Any]:
    return {
        "service_point": place.service_point.code,
        "region": place.service_point.region.code,
        "since": place.during.lower,
        "until": place.during.upper,
        "multiplier": bare(place.multiplier),
    }


class MeterHistoryView(FleetView):
    """What one meter said, row by row."""

    @extend_schema(
        operation_id="meters_history",
        parameters=[queries.HistoryQuerySerializer],
        responses=serializers.HistorySerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer a page of readings or windows, oldest first, wherever the meter hung."""
        query = asked(queries.HistoryQuerySerializer, request, now=timezone.now())
        if not Meter.objects.filter(pk=pk).exists():
            raise Http404(NO_METER)
        return Response(page_of_history(request, [Span(0, int(pk), query["period"])], query))


class TopConsumersView(FleetView):
    """Who used most."""

    @extend_schema(
        operation_id="top_consumers",
        parameters=[queries.TopQuerySerializer],
        responses=serializers.TopConsumersSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the meters that used most in the quarter-hours of a period."""
        now = timezone.now()
        query = asked(queries.TopQuerySerializer, request, now=now)
        region = _region(query["region"])
        period = _in_quarters(query["period"])
        key = f"top:{region}:{query['limit']}:{period.start.isoformat()}:{period.end.isoformat()}"
        return Response(
            caching.kept(
                key,
                seconds=TOP_KEPT_S,
                make=lambda: _top(period, region, query["limit"], now),
            )
        )


def _region(code: str) -> int | None:
    if not code:
        return None
    found = Region.objects.filter(code=code).values_list("pk", flat=True).first()
    if found is None:
        raise ValidationError({"region": ["There is no such region."]})
    return found


def _in_quarters(period: Period) -> Period:
    """Return whole quarter-hours, so that whoever asks within one shares an answer."""
    start, end = floor(period.start, QUARTER), floor(period.end, QUARTER)
    return Period(start, end if start < end else start + QUARTER)


def _top(period: Period, region: int | None, limit: int, now: datetime) -> dict[str, Any]:
    found = energy.top_consumers(period=period, region_id=region, limit=limit, now=now)
    return {
        "start": period.start,
        "end": period.end,
        "as_of": now,
        "intervals_expected": expected_intervals(period, QUARTER),
        "consumers": [_consumer(each) for each in found],
    }


def _consumer(found: Consumer) -> dict[str, Any]:
    return {
        "serial": found.serial,
        "service_point": found.service_point,
        "region": found.region,
        "kwh": to_kwh(found.energy_mwh),
        "estimated_kwh": to_kwh(found.estimated_mwh),
        "peak_kw": to_kw(found.highest_mw),
        "intervals_found": found.found,
    }
