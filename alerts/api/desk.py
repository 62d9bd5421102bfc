"""The desk by REST: its alerts, one of them, their journal, counts."""

from dataclasses import asdict

from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import conditional_page
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.api import queries, rows, serializers
from alerts.api.asking import DeskView
from alerts.models import Alert
from alerts.selectors import desk
from segs_site.lib import paging
from segs_site.lib.asking import asked, user_id

NEWEST_FIRST = paging.Order(("at", "id"), descending=True)
WORST_FIRST = paging.Order(("severity", "raised_at", "id"), descending=True)
STEPS_SHOWN = 100
UNCHANGED = OpenApiResponse(description="It has not changed since that ETag.")


def order_of(ordering: str) -> paging.Order:
    """Return the order that is asked for."""
    if ordering == "-severity":
        return WORST_FIRST
    key = ordering.removeprefix("-")
    return paging.Order((key, "id"), descending=ordering.startswith("-"))


@method_decorator(conditional_page, name="dispatch")
class AlertListView(DeskView):
    """The alerts of the desk."""

    @extend_schema(
        operation_id="alerts_list",
        parameters=[queries.AlertListQuerySerializer],
        responses={200: serializers.AlertListSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the alerts that are asked for; open causes unless more is."""
        now = timezone.now()
        query = asked(queries.AlertListQuerySerializer, request, now=now)
        found = desk.alerts(queries.wanted(query, me=user_id(request)), now=now)
        page = paging.cut(
            found.select_related(*desk.SHOWN_WITH),
            order=order_of(query["ordering"]),
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(page.document(request, rows.alerts(page.rows)))


@method_decorator(conditional_page, name="dispatch")
class AlertView(DeskView):
    """One alert."""

    @extend_schema(
        operation_id="alerts_alert",
        responses={200: serializers.AlertDetailSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer the alert with its newest steps."""
        found = get_object_or_404(Alert.objects.select_related(*desk.SHOWN_WITH), pk=pk)
        steps = desk.events(alert_id=found.pk).order_by("-at", "-id")[:STEPS_SHOWN]
        return Response(rows.alerts([found])[0] | {"steps": [rows.step(row) for row in steps]})


class JournalView(DeskView):
    """What happened at the desk, to all alerts or to one."""

    @extend_schema(
        operation_id="alerts_journal",
        parameters=[queries.JournalQuerySerializer],
        responses=serializers.AlertStepListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of steps, newest first."""
        return self.page(request)

    def page(self, request: Request, alert_id: int | None = None) -> Response:
        """Answer a page of steps of one alert, or of all."""
        query = asked(queries.JournalQuerySerializer, request, now=timezone.now())
        found = desk.events(
            alert_id=alert_id,
            step=query["step"],
            by=query["by"],
            since=query["since"],
            before=query["before"],
        )
        page = paging.cut(
            found, order=NEWEST_FIRST, cursor=query.get("cursor"), limit=query["limit"]
        )
        return Response(page.document(request, [rows.step(row) for row in page.rows]))


class AlertJournalView(JournalView):
    """What happened to one alert."""

    @extend_schema(
        operation_id="alerts_alert_journal",
        parameters=[queries.JournalQuerySerializer],
        responses=serializers.AlertStepListSerializer,
    )
    def get(self, request: Request, pk: str) -> Response:  # type: ignore[override]
        """Answer a page of steps, newest first."""
        return self.page(request, get_object_or_404(Alert, pk=pk).pk)


@method_decorator(conditional_page, name="dispatch")
class StatsView(DeskView):
    """How the desk stands."""

    @extend_schema(
        operation_id="alerts_stats",
        responses={200: serializers.AlertStatsSerializer, 304: UNCHANGED},
    )
    def get(self, request: Request) -> Response:
        """Answer counts of this moment."""
        return Response(asdict(desk.stats(now=timezone.now())))
