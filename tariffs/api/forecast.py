"""What load and price the coming hours are expected to bring, by REST, with its error stated."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from tariffs.api.serializers import UNKNOWN, RegionField, price
from tariffs.selectors import forecasts

SHARE = "0 to 1; null where nothing can be judged yet"


class ForecastQuerySerializer(serializers.Serializer[Any]):
    """Which region, how far ahead and how far back."""

    region = RegionField()
    hours = serializers.IntegerField(min_value=1, max_value=24, default=24)
    past_hours = serializers.IntegerField(min_value=0, max_value=168, default=24)


class ExpectedSerializer(serializers.Serializer[Any]):
    """One hour. Of ten outcomes one is meant to lie below P10, five below P50, nine below P90."""

    start = serializers.DateTimeField()
    p10_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    p50_kw = serializers.FloatField(allow_null=True, help_text="mean of the hour")
    p90_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)
    p10_price = price(allow_null=True, help_text="per kWh, what the load P10 would bring")
    p50_price = price(allow_null=True, help_text="null without rules or capacity")
    p90_price = price(allow_null=True)


class PastSerializer(ExpectedSerializer):
    """A past hour as it was first forecast, a day ahead, and what came."""

    load_kw = serializers.FloatField(allow_null=True, help_text=UNKNOWN)


class MeasuredSerializer(serializers.Serializer[Any]):
    """How right the forecasts of the last 28 days were, each hour as first forecast."""

    hours = serializers.IntegerField(source="scores.hours", help_text="that can be judged by")
    wape = serializers.FloatField(
        source="scores.wape", allow_null=True, help_text="Σ|error| ÷ Σ|load|"
    )
    rmae = serializers.FloatField(
        source="scores.rmae", allow_null=True, help_text="mean error ÷ (P99 − P1 of the load)"
    )
    better_than_last_week = serializers.FloatField(
        source="scores.better",
        allow_null=True,
        help_text='by what share the error is less than that of "same slot last week"',
    )
    inside = serializers.FloatField(
        source="scores.inside",
        allow_null=True,
        help_text=f"share of outcomes from P10 to P90, meant to be 0.8: {SHARE}",
    )
    price_right = serializers.FloatField(
        allow_null=True, help_text=f"share of hours whose load brought the price P50: {SHARE}"
    )


class ForecastSerializer(serializers.Serializer[Any]):
    """A region's forecast. Prices follow from loads: overrides and hysteresis are left out."""

    region = serializers.CharField()
    made_at = serializers.DateTimeField(
        allow_null=True, help_text="up to when loads were known; null without a forecast"
    )
    model_version = serializers.CharField(allow_blank=True)
    missing = serializers.CharField(
        allow_blank=True, help_text="why there is no forecast; empty where there is one"
    )
    hours = ExpectedSerializer(many=True)
    past = PastSerializer(many=True)
    measured = MeasuredSerializer()


class ForecastView(APIView):
    """What is to come. Prices are public to whoever is signed in, and so is what they follow."""

    @extend_schema(
        operation_id="tariffs_forecast",
        parameters=[ForecastQuerySerializer],
        responses=ForecastSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the hours from this one on, the past ones beside what came, and the error."""
        query = ForecastQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        region, now = query.validated_data["region"], timezone.now()
        hours, past_hours = query.validated_data["hours"], query.validated_data["past_hours"]
        found = forecasts.kept(region, hours=hours, past_hours=past_hours, now=now)
        return Response(ForecastSerializer(found).data)
