"""One's own meters: what each said, and what was used. Another's meter does not exist here."""

from datetime import datetime, timedelta
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors as accounts
from accounts.selectors import Counted, Supply
from meters.api import queries, rows, serializers
from meters.api.asking import over
from meters.api.pages import page_of_history
from meters.choices import Reporting
from meters.intervals import Granularity
from meters.mapframes import SILENT_AFTER_INTERVALS
from meters.models import LatestReading
from meters.selectors import energy
from meters.selectors.energy import Span
from segs_site.lib import schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, user_id
from segs_site.lib.periods import Period
from segs_site.lib.quantities import to_kw

NO_METER = "There is no such meter."
NOT_THERE = schema.refusal(NO_METER, "not_found")


class OwnView(APIView):
    """Shows what belongs to whoever asks."""

    permission_classes = [Needs(Action.SEE_OWN)]

    def spans_of(self, request: Request, serial: str, period: Period) -> list[Span]:
        """Return when a meter counts for the asker; raises Http404 when it never does."""
        supplies = accounts.supplies(user_id=user_id(request))
        try:
            return accounts.spans_of_meter(supplies, serial=serial, period=period)
        except accounts.NotYours as problem:
            raise Http404(NO_METER) from problem

    def share_of(self, request: Request, query: dict[str, Any]) -> tuple[list[Span], list[Period]]:
        """Return the spans asked for, and when something was to be measured in them."""
        period: Period = query["period"]
        if query.get("meter") is not None:
            spans = self.spans_of(request, query["meter"], period)
            return spans, [span.period for span in spans]
        supplies = accounts.supplies(user_id=user_id(request))
        return accounts.spans_of(supplies, period=period), rows.stays(supplies, period)


@method_decorator(conditional_page, name="dispatch")
class MyMetersView(OwnView):
    """Which meters are one's own, and what each said last."""

    @extend_schema(
        operation_id="telemetry_my_meters",
        responses={
            200: serializers.OwnMetersSerializer,
            304: OpenApiResponse(description="It has not changed since that ETag."),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer every meter with the time in which it counts for the asker."""
        supplies = accounts.supplies(user_id=user_id(request))
        ids = {meter.meter_id for supply in supplies for meter in supply.meters}
        newest = LatestReading.objects.in_bulk(ids)
        now = timezone.now()
        return Response(
            {
                "meters": [
                    _own(supply, meter, newest.get(meter.meter_id), now)
                    for supply in supplies
                    for meter in supply.meters
                ]
            }
        )


def _own(
    supply: Supply, meter: Counted, latest: LatestReading | None, now: datetime
) -> dict[str, Any]:
    current = meter.stay.includes(now)
    # What a meter says after it moved on is somebody else's.
    seen = latest if latest and meter.stay.includes(latest.ts) else None
    return {
        "serial": meter.serial,
        "service_point": supply.point,
        "address": supply.address,
        "region": supply.region,
        "since": meter.stay.start,
        "until": meter.stay.end,
        "state": _state(meter, seen, now) if current else None,
        "last_reading_at": seen.ts if seen else None,
        "power_kw": to_kw(seen.power_mw) if seen else None,
        "voltage_v": rows.volts(seen.voltage_mv) if seen else None,
    }


def _state(meter: Counted, seen: LatestReading | None, now: datetime) -> str:
    if seen is None:
        return Reporting.UNHEARD.value
    patience = timedelta(seconds=SILENT_AFTER_INTERVALS * meter.interval_s)
    is_late = now - seen.received_at > patience
    return Reporting.SILENT.value if is_late else Reporting.REPORTING.value


class OwnHistoryView(OwnView):
    """What one meter said, row by row."""

    @extend_schema(
        operation_id="telemetry_history",
        parameters=[queries.OwnHistoryQuerySerializer],
        responses={200: serializers.HistorySerializer, 404: NOT_THERE},
    )
    def get(self, request: Request) -> Response:
        """Answer a page of readings or windows, oldest first."""
        query = asked(queries.OwnHistoryQuerySerializer, request, now=timezone.now())
        spans = self.spans_of(request, query["meter"], query["period"])
        return Response(page_of_history(request, spans, query))


class StatsView(OwnView):
    """A period as one sum."""

    @extend_schema(
        operation_id="telemetry_stats",
        parameters=[queries.MeterSumQuerySerializer],
        responses={200: serializers.StatsSerializer, 404: NOT_THERE},
    )
    def get(self, request: Request) -> Response:
        """Answer energy, power and voltage of one meter, or of all together."""
        now = timezone.now()
        query = asked(queries.MeterSumQuerySerializer, request, now=now)
        period: Period = query["period"]
        spans, parts = self.share_of(request, query)
        found = energy.total(energy.sums(spans=spans, buckets=[period]).values())
        expected = rows.expected(parts, period, over(period, now))
        return Response(
            {"start": period.start, "end": period.end, "mean_v": rows.volts(found.mean_mv)}
            | rows.figures(found, expected)
        )


class DailyView(OwnView):
    """A period day by day."""

    @extend_schema(
        operation_id="telemetry_daily",
        parameters=[queries.DailyQuerySerializer],
        responses={200: serializers.SeriesSerializer, 404: NOT_THERE},
    )
    def get(self, request: Request) -> Response:
        """Answer the site's days, of 23, 24 or 25 hours."""
        return self.cut(request, queries.DailyQuerySerializer, Granularity.DAY)

    def cut(
        self,
        request: Request,
        kind: type[queries.MeterSumQuerySerializer],
        granularity: Granularity,
    ) -> Response:
        """Answer one meter, or all together, at a granularity."""
        now = timezone.now()
        query = asked(kind, request, now=now)
        period: Period = query["period"]
        spans, parts = self.share_of(request, query)
        return Response(
            rows.series(
                spans=spans,
                parts=parts,
                period=period,
                over=over(period, now),
                granularity=granularity,
            )
        )


class MonthlyView(DailyView):
    """A period month by month."""

    @extend_schema(
        operation_id="telemetry_monthly",
        parameters=[queries.MonthlyQuerySerializer],
        responses={200: serializers.SeriesSerializer, 404: NOT_THERE},
    )
    def get(self, request: Request) -> Response:
        """Answer the months of the site's calendar."""
        return self.cut(request, queries.MonthlyQuerySerializer, Granularity.MONTH)
