"""Prices by REST: now, before, and what a use costs. Prices are public to whoever is signed in."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.selectors import revenue
from grid.models import Region
from segs_site.lib import schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked
from segs_site.lib.paging import Order, cut
from segs_site.lib.periods import Period
from tariffs.api import serializers
from tariffs.models import PricingPolicy, RatePlan
from tariffs.selectors import histories, policies, prices

LONGEST_ESTIMATE = timedelta(days=31)
NEWEST_FIRST = Order(("starts_at",), descending=True)


class CurrentView(APIView):
    """What electricity costs now."""

    @extend_schema(
        operation_id="tariffs_current",
        parameters=[serializers.CurrentQuerySerializer],
        responses=serializers.CurrentSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the price in force in every region that has one, and the next if decided."""
        now = timezone.now()
        query = asked(serializers.CurrentQuerySerializer, request, now=now)
        current, following = prices.current(now=now), prices.decided_next(now=now)
        wanted = [query["region"].code] if "region" in query else list(current)
        found = [
            serializers.CurrentTariff(current[code], following.get(code))
            for code in wanted
            if code in current
        ]
        return Response(serializers.CurrentSerializer({"regions": found}).data)


class RegionView(APIView):
    """What electricity costs in one region, and by what rules."""

    @extend_schema(operation_id="tariffs_region", responses=serializers.RegionTariffSerializer)
    def get(self, request: Request, code: str) -> Response:
        """Answer price now and next with the policy in force; what there is none of is null."""
        now = timezone.now()
        region = get_object_or_404(Region, code=code)
        policy = policies.policy_at(now, region_id=region.pk)
        answer = {
            "region": region.code,
            "name": region.name,
            "current": prices.current(now=now).get(code),
            "next": prices.decided_next(now=now).get(code),
            "policy": _rules(policy) if policy else None,
        }
        return Response(serializers.RegionTariffSerializer(answer).data)


class HistoryView(APIView):
    """What electricity cost."""

    @extend_schema(
        operation_id="tariffs_history",
        parameters=[serializers.HistoryQuerySerializer],
        responses=serializers.PriceHistorySerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a region's decided prices, newest first; the last day unless asked."""
        query = asked(serializers.HistoryQuerySerializer, request, now=timezone.now())
        found = histories.history(region=query["region"], period=query["period"])
        page = cut(
            prices.as_rows(found),
            order=NEWEST_FIRST,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        rows = [prices.tariff(row) for row in page.rows]
        shown = serializers.TariffSerializer(rows, many=True).data
        return Response(page.document(request, list(shown)))


class EstimateView(APIView):
    """What a use of electricity costs."""

    @extend_schema(
        operation_id="tariffs_estimate",
        parameters=[serializers.EstimateQuerySerializer],
        responses={
            200: serializers.EstimateSerializer,
            404: schema.refusal("This region has no price yet.", "not_found"),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer what `kwh` cost, spread evenly; 404 while the region has no price."""
        now = timezone.now()
        query = asked(serializers.EstimateQuerySerializer, request, now=now)
        region, kwh, period = query["region"], query["kwh"], _period(query, now)
        found = histories.estimate(region=region, kwh=kwh, period=period)
        if found is None:
            raise NotFound("This region has no price yet.")
        answer = {"region": region.code, "kwh": kwh, "start": period.start, "end": period.end}
        return Response(serializers.EstimateSerializer(answer | asdict(found)).data)


class PlansView(APIView):
    """By what plans energy is sold."""

    @extend_schema(operation_id="tariffs_plans", responses=serializers.PlansSerializer)
    def get(self, request: Request) -> Response:
        """Answer every plan."""
        plans = RatePlan.objects.all()
        return Response(serializers.PlansSerializer({"plans": plans}).data)


class AnalyticsView(APIView):
    """How prices behaved."""

    permission_classes = [Needs(Action.WATCH_GRID)]

    @extend_schema(
        operation_id="tariffs_analytics",
        parameters=[serializers.AnalyticsQuerySerializer],
        responses=serializers.AnalyticsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer average, extremes, and time and energy by band; the last week unless asked."""
        query = asked(serializers.AnalyticsQuerySerializer, request, now=timezone.now())
        region, period = query["region"], query["period"]
        found = histories.analytics(region=region, period=period)
        answer = {"region": region.code, "start": period.start, "end": period.end}
        earned = {"revenue": revenue.kept(region_id=region.pk, period=period)}
        return Response(serializers.AnalyticsSerializer(answer | asdict(found) | earned).data)


def _period(query: dict[str, Any], now: datetime) -> Period:
    start = query.get("start") or now
    end = query.get("end") or start + timedelta(hours=1)
    if not start < end <= start + LONGEST_ESTIMATE:
        words = f"The end comes after the start, at most {LONGEST_ESTIMATE.days} days."
        raise ValidationError({"end": [words]})
    return Period(start, end)


def _rules(policy: PricingPolicy) -> dict[str, Any]:
    rules = policy.rules()
    return {
        "version": policy.version,
        "effective_from": policy.effective_from,
        "currency": policy.currency,
        "base_price": policy.base_price,
        "bands": [
            {
                "from_pct": band.from_pct,
                "to_pct": band.to_pct,
                "multiplier": band.multiplier,
                "price": rules.price(band.multiplier),
            }
            for band in rules.bands
        ],
        "cap": policy.cap,
        "floor": policy.floor,
        "slot_minutes": policy.slot_minutes,
        "lead_s": policy.lead_s,
    }
