"""How the way of a reading does, and what fell off it."""

from typing import Any

from django.forms.models import model_to_dict
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters.api import serializers
from meters.selectors import path
from segs_site.lib import caching, dead, paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked
from segs_site.lib.models import DeadLetter

IN_ORDER = paging.Order(("id",))
VITALS_KEPT_S = 2
NO_LETTER = "There is no such dead letter."


class PathView(APIView):
    """Opened to those who watch the grid; replaying is for those who operate it."""

    permission_classes = [Needs(Action.OPERATE_GRID)]


class DeadLetterListView(PathView):
    """Entries that could not be processed."""

    @extend_schema(
        operation_id="dead_letters_list",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.DeadLetterListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page, oldest first, as workers saw them seconds ago."""
        query = asked(paging.PageQuerySerializer, request, now=timezone.now())
        page = paging.cut(
            DeadLetter.objects.all(),
            order=IN_ORDER,
            cursor=query.get("cursor"),
            limit=query["limit"],
        )
        return Response(page.document(request, [model_to_dict(row) for row in page.rows]))


class ReplayView(PathView):
    """Appends an entry to its stream again, once what broke it is mended."""

    @extend_schema(
        operation_id="dead_letters_replay",
        request=None,
        responses={202: serializers.DeadLetterSerializer},
    )
    def post(self, request: Request, pk: str) -> Response:
        """Have a worker replay it; asking again changes nothing."""
        try:
            row = dead.ask_replay(pk=int(pk), by=str(request.user), now=timezone.now())
        except DeadLetter.DoesNotExist as problem:
            raise Http404(NO_LETTER) from problem
        return Response(model_to_dict(row), status=202)


class MetricsView(PathView):
    """The figures of the whole path."""

    @extend_schema(operation_id="metrics", responses=serializers.VitalsSerializer)
    def get(self, request: Request) -> Response:
        """Answer what is stored and what workers said of themselves; kept for two seconds."""
        return Response(caching.kept("vitals", seconds=VITALS_KEPT_S, make=_vitals))


def _vitals() -> dict[str, Any]:
    now = timezone.now()
    found = path.vitals(now=now)
    same = (
        "readings_last_minute", "readings_last_hour", "minutes_closed_until", "marks_waiting",
        "lag_s", "looked_at", "quarantine_open", "dead_letters",
    )  # fmt: skip
    return {name: getattr(found, name) for name in same} | {
        "shards": [model_to_dict(shard, exclude=["looked_at"]) for shard in found.shards],
        "processes": [
            model_to_dict(process) | {"alive": path.is_alive(process, now=now)}
            for process in found.processes
        ],
    }
