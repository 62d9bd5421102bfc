"""What is done to alerts by REST: to one, or to thousands."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from alerts.api import queries, rows, serializers
from alerts.api.asking import CONFLICTS, DeskView, by, refusals
from alerts.models import Alert
from alerts.selectors import desk
from alerts.services import acting, shelving
from segs_site.lib.asking import sent, user_id

SHOWN: dict[int | tuple[int, str], Any] = {
    200: serializers.AlertSerializer,
    409: CONFLICTS.described(acting.NotPossible),
}


class ActView(DeskView):
    """One thing done to one alert."""

    def done(self, pk: str, act: Callable[[Alert], Alert]) -> Response:
        """Do it and answer the alert, or say why it cannot be done: 400, 404, 409."""
        with refusals():
            changed = act(get_object_or_404(Alert, pk=pk))
        shown = Alert.objects.select_related(*desk.SHOWN_WITH).get(pk=changed.pk)
        return Response(rows.alerts([shown])[0])


class AcknowledgeView(ActView):
    """Says that somebody has seen the alert."""

    @extend_schema(
        operation_id="alerts_acknowledge",
        request=queries.AlertNotedSerializer,
        responses=SHOWN,
    )
    def post(self, request: Request, pk: str) -> Response:
        """Acknowledge; an alert that has cleared is over with that."""
        said, now = sent(queries.AlertNotedSerializer, request), timezone.now()
        return self.done(
            pk,
            lambda alert: acting.acknowledge(
                alert=alert, by=by(request), note=said["note"], now=now
            ),
        )

    @extend_schema(
        operation_id="alerts_acknowledge_put",
        request=queries.AlertNotedSerializer,
        responses=SHOWN,
    )
    def put(self, request: Request, pk: str) -> Response:
        """Acknowledge, as a POST does."""
        return self.post(request, pk)


class ResolveView(ActView):
    """Says that the alert is over."""

    @extend_schema(
        operation_id="alerts_resolve", request=queries.AlertNotedSerializer, responses=SHOWN
    )
    def post(self, request: Request, pk: str) -> Response:
        """Resolve, and those with it that it explains; the next occurrence is another alert."""
        said, now = sent(queries.AlertNotedSerializer, request), timezone.now()
        return self.done(
            pk,
            lambda alert: acting.resolve(alert=alert, by=by(request), note=said["note"], now=now),
        )


class AssignView(ActView):
    """Gives the alert to somebody."""

    @extend_schema(
        operation_id="alerts_assign", request=queries.AlertAssignSerializer, responses=SHOWN
    )
    def post(self, request: Request, pk: str) -> Response:
        """Assign to a person who may work on it, or to nobody."""
        said, now = sent(queries.AlertAssignSerializer, request), timezone.now()
        return self.done(
            pk,
            lambda alert: acting.assign(
                alert=alert, to=said["assigned_to"], by=by(request), note=said["note"], now=now
            ),
        )


class NoteView(ActView):
    """Writes to the alert's journal."""

    @extend_schema(
        operation_id="alerts_note", request=queries.AlertTextSerializer, responses=SHOWN
    )
    def post(self, request: Request, pk: str) -> Response:
        """Write a note."""
        said, now = sent(queries.AlertTextSerializer, request), timezone.now()
        return self.done(
            pk,
            lambda alert: acting.note(alert=alert, text=said["note"], by=by(request), now=now),
        )


class ShelveView(ActView):
    """Puts the alert aside."""

    @extend_schema(
        operation_id="alerts_shelve",
        request=queries.AlertShelveSerializer,
        responses={
            200: serializers.AlertSerializer,
            409: CONFLICTS.described(acting.NotPossible, shelving.AlreadyShelved),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Shelve until a moment, with a reason; it comes back by itself."""
        said, now = sent(queries.AlertShelveSerializer, request), timezone.now()
        until = queries.end_of_shelf(said, now=now)
        return self.done(
            pk,
            lambda alert: shelving.shelve(
                alert=alert, until=until, reason=said["reason"], by=by(request), now=now
            ),
        )


class UnshelveView(ActView):
    """Takes the alert from the shelf."""

    @extend_schema(
        operation_id="alerts_unshelve",
        request=queries.AlertNotedSerializer,
        responses={
            200: serializers.AlertSerializer,
            409: CONFLICTS.described(shelving.NotShelved),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Unshelve before the time is up."""
        said, now = sent(queries.AlertNotedSerializer, request), timezone.now()
        return self.done(
            pk,
            lambda alert: shelving.unshelve(
                alert=alert, by=by(request), note=said["note"], now=now
            ),
        )


class BulkView(DeskView):
    """One thing done to many alerts."""

    @extend_schema(
        operation_id="alerts_bulk",
        request=queries.AlertBulkSerializer,
        responses=serializers.AlertBulkOutcomeSerializer,
    )
    def post(self, request: Request) -> Response:
        """Answer to which it was done; the others do not exist, or it does not go with them."""
        said, now = sent(queries.AlertBulkSerializer, request), timezone.now()
        ids = said.get("ids") or _found(said["where"], user_id(request), now)
        with refusals():
            done = _act(said, ids, by(request), now)
        refused = sorted(set(ids) - set(done))
        return Response({"done": sorted(done), "refused": refused})


def _found(where: Mapping[str, Any], user_id: int, now: datetime) -> list[int]:
    found = desk.alerts(queries.wanted(dict(where), me=user_id), now=now)
    return list(
        found.open()
        .order_by("-severity", "-raised_at", "-id")
        .values_list("pk", flat=True)[: queries.MOST]
    )


def _act(said: Mapping[str, Any], ids: Sequence[int], by: str, now: datetime) -> list[int]:
    """Do what is said to alerts; return to which it was done."""
    same: dict[str, Any] = {"ids": ids, "by": by, "now": now}
    match said["action"]:
        case "acknowledge":
            return acting.acknowledge_all(note=said["note"], **same)
        case "resolve":
            return acting.resolve_all(note=said["note"], **same)
        case "unshelve":
            return shelving.unshelve_all(note=said["note"], **same)
        case "assign":
            return acting.assign_all(to=said["assigned_to"], note=said["note"], **same)
        case "note":
            return acting.note_all(text=said["note"], **same)
    until = queries.end_of_shelf(dict(said), now=now)
    return shelving.shelve_all(until=until, reason=said["reason"], **same)
