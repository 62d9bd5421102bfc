"""What people at the desk write down, by REST: planned work, shift notes, rules."""

from django.db.models import Q
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from alerts.api import queries, rows, serializers
from alerts.api.asking import CONFLICTS, DeskView, by, refusals
from alerts.models import AlertRule, PlannedWork, ShiftNote
from alerts.selectors import desk
from alerts.services import handover, planning
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, sent
from segs_site.lib.periods import Period

LATEST_FIRST = paging.Order(("planned_at", "id"), descending=True)
NEWEST_FIRST = paging.Order(("written_at", "id"), descending=True)
WORK_WITH = ("region", "feeder", "transformer")


class PlannedWorkListView(DeskView):
    """Work that makes meters dark."""

    @extend_schema(
        operation_id="planned_work_list",
        parameters=[queries.PlannedWorkQuerySerializer],
        responses=serializers.PlannedWorkListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of planned work, the last planned first."""
        now = timezone.now()
        query = asked(queries.PlannedWorkQuerySerializer, request, now=now)
        still_open = Q(cancelled_at=None, during__endswith__gt=now)
        page = paging.cut(
            PlannedWork.objects.filter(Q() if query["over"] else still_open).select_related(
                *WORK_WITH
            ),
            order=LATEST_FIRST,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(page.document(request, [rows.work(row, now=now) for row in page.rows]))

    @extend_schema(
        operation_id="planned_work_plan",
        request=queries.PlannedWorkOrderSerializer,
        responses={201: serializers.PlannedWorkSerializer},
    )
    def post(self, request: Request) -> Response:
        """Plan work; from its start to its end it explains what is dark there."""
        now, said = timezone.now(), sent(queries.PlannedWorkOrderSerializer, request)
        order = planning.Order(
            during=Period(said["start"], said["end"]),
            reason=said["reason"],
            region=said["region"],
            feeder=said["feeder"],
            transformer=said["transformer"],
        )
        with refusals():
            made = planning.plan(order=order, by=by(request), now=now)
        made.refresh_from_db()
        return Response(rows.work(made, now=now), status=status.HTTP_201_CREATED)


class PlannedWorkView(DeskView):
    """One piece of planned work."""

    @extend_schema(operation_id="planned_work", responses=serializers.PlannedWorkSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer the work."""
        return Response(rows.work(_work(pk), now=timezone.now()))

    @extend_schema(
        operation_id="planned_work_cancel",
        responses={
            200: serializers.PlannedWorkSerializer,
            409: CONFLICTS.described(planning.NotOpen),
        },
    )
    def delete(self, request: Request, pk: str) -> Response:
        """Call it off, or end it early; the row stays."""
        now = timezone.now()
        with refusals():
            planning.cancel(work=_work(pk), by=by(request), now=now)
        return Response(rows.work(_work(pk), now=now))


def _work(pk: str) -> PlannedWork:
    return get_object_or_404(PlannedWork.objects.select_related(*WORK_WITH), pk=pk)


class ShiftNotesView(DeskView):
    """What one shift tells the next."""

    @extend_schema(
        operation_id="shift_notes",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.ShiftNoteListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of notes, newest first."""
        query = asked(paging.PageQuerySerializer, request, now=timezone.now())
        page = paging.cut(
            ShiftNote.objects.all(),
            order=NEWEST_FIRST,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(page.document(request, [rows.shift_note(row) for row in page.rows]))

    @extend_schema(
        operation_id="shift_note_write",
        request=queries.ShiftTextSerializer,
        responses={201: serializers.ShiftNoteSerializer},
    )
    def post(self, request: Request) -> Response:
        """Write a note, which stays."""
        said = sent(queries.ShiftTextSerializer, request)
        with refusals():
            made = handover.write(text=said["text"], by=by(request), now=timezone.now())
        return Response(rows.shift_note(made), status=status.HTTP_201_CREATED)


class RuleDoor(APIView):
    """Rules are read by those who watch the grid, and set by administrators."""

    permission_classes = [Needs(Action.WATCH_GRID, to_change=Action.ADMINISTER)]


class RulesView(RuleDoor):
    """All rules."""

    @extend_schema(operation_id="alert_rules", responses=serializers.AlertRulesSerializer)
    def get(self, request: Request) -> Response:
        """Answer every rule: by kind, what holds for every region first."""
        found = queries.AlertRuleSerializer(desk.rules(), many=True)
        return Response({"rules": found.data})

    @extend_schema(
        operation_id="alert_rule_add",
        request=queries.AlertRuleSerializer,
        responses={201: queries.AlertRuleSerializer},
    )
    def post(self, request: Request) -> Response:
        """Add a region's own rule; it acts from the next sweep on."""
        said = queries.AlertRuleSerializer(data=request.data)
        said.is_valid(raise_exception=True)
        said.save()
        return Response(said.data, status=status.HTTP_201_CREATED)


class RuleView(RuleDoor):
    """One rule."""

    @extend_schema(operation_id="alert_rule", responses=queries.AlertRuleSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer the rule."""
        return Response(queries.AlertRuleSerializer(_rule(pk)).data)

    @extend_schema(
        operation_id="alert_rule_change",
        request=queries.AlertRuleChangeSerializer,
        responses=queries.AlertRuleSerializer,
    )
    def patch(self, request: Request, pk: str) -> Response:
        """Change what is sent; it acts from the next sweep on."""
        said = queries.AlertRuleChangeSerializer(_rule(pk), data=request.data, partial=True)
        said.is_valid(raise_exception=True)
        said.save()
        return Response(queries.AlertRuleSerializer(_rule(pk)).data)

    @extend_schema(operation_id="alert_rule_drop", responses={204: None})
    def delete(self, request: Request, pk: str) -> Response:
        """Drop the rule: what holds for every region, else the built-in default, acts again."""
        _rule(pk).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


def _rule(pk: str) -> AlertRule:
    return get_object_or_404(AlertRule.objects.select_related("region"), pk=pk)
