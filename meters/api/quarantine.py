"""What waits in quarantine, and what a person decides about it."""

from collections.abc import Callable, Mapping
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters import verdicts
from meters.api import queries, serializers
from meters.models import QuarantinedReading
from meters.selectors import held as selectors
from meters.services import quarantine, turning
from segs_site.lib import paging, schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, sent

NEWEST_FIRST = paging.Order(("received_at", "id"), descending=True)
NO_ENTRY = "There is no such entry in the quarantine."
Decide = Callable[..., QuarantinedReading]
DECISIONS: Mapping[str, Decide] = {
    "adopt": quarantine.adopt,
    "confirm": quarantine.confirm,
    "discard": quarantine.discard,
}
REFUSALS = (quarantine.AlreadyDecided, quarantine.NotAdoptable, turning.NotARollover)


class Refused(APIException):
    """What was asked does not go with how things stand."""

    status_code = 409


class QuarantineView(APIView):
    """Opened to those who watch the grid; decisions are for those who operate it."""

    permission_classes = [Needs(Action.OPERATE_GRID)]


class QuarantineListView(QuarantineView):
    """What waits, or waited."""

    @extend_schema(
        operation_id="quarantine_list",
        parameters=[queries.QuarantineQuerySerializer],
        responses=serializers.QuarantineListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page, newest first; what is open unless another state is asked for."""
        query = asked(queries.QuarantineQuerySerializer, request, now=timezone.now())
        found = selectors.quarantined(
            state=query["state"],
            reason=query["reason"],
            serial=query["meter"],
            received_since=query["received_since"],
            received_before=query["received_before"],
        )
        page = paging.cut(
            found, order=NEWEST_FIRST, cursor=query.get("cursor"), limit=query["limit"]
        )
        return Response(page.document(request, [document(row) for row in page.rows]))


def document(row: QuarantinedReading) -> dict[str, Any]:
    """Return an entry as it is answered."""
    return {
        "id": row.pk,
        "meter": row.serial,
        "at": row.ts,
        "reading_id": row.reading_id,
        "reason": row.reason,
        "message": row.get_reason_display(),
        "raw": row.raw,
        "received_at": row.received_at,
        "state": row.state,
        "decided_by": row.decided_by,
        "decided_at": row.decided_at,
        "note": row.note,
        "appended_at": row.appended_at,
    }


class DecisionView(QuarantineView):
    """One decision."""

    decision = "adopt"

    def decide(self, request: Request, pk: str) -> Response:
        """Take the decision, or say why it cannot be taken: 404, 409."""
        note = sent(queries.DecisionSerializer, request)["note"]
        try:
            row = DECISIONS[self.decision](
                pk=int(pk), by=str(request.user), note=note, now=timezone.now()
            )
        except QuarantinedReading.DoesNotExist as problem:
            raise Http404(NO_ENTRY) from problem
        except REFUSALS as problem:
            raise Refused(str(problem), code(problem)) from problem
        return Response(document(row))


def code(problem: Exception) -> str:
    """Return the stable word for a refusal."""
    if isinstance(problem, quarantine.NotAdoptable):
        return problem.code
    if isinstance(problem, turning.NotARollover):
        return "not_a_rollover"
    return "already_decided"


class AdoptView(DecisionView):
    """Has a reading counted all the same."""

    decision = "adopt"

    @extend_schema(
        operation_id="quarantine_adopt",
        request=queries.DecisionSerializer,
        responses={
            200: serializers.QuarantinedSerializer,
            409: schema.refusal(
                "It is decided, or cannot be counted.",
                "already_decided",
                "conflict",
                *verdicts.MESSAGES,
            ),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the entry; `appended_at` is set once it is in the stream, seconds later."""
        return self.decide(request, pk)


class ConfirmView(DecisionView):
    """Says that a register rolled over."""

    decision = "confirm"

    @extend_schema(
        operation_id="quarantine_confirm",
        request=queries.DecisionSerializer,
        responses={
            200: serializers.QuarantinedSerializer,
            409: schema.refusal(
                "It is decided, cannot be counted, or is no rollover.",
                "already_decided",
                "not_a_rollover",
                "conflict",
                *verdicts.MESSAGES,
            ),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the entry; those held after it that go on from it are adopted with it."""
        return self.decide(request, pk)


class DiscardView(DecisionView):
    """Leaves a reading out for good."""

    decision = "discard"

    @extend_schema(
        operation_id="quarantine_discard",
        request=queries.DecisionSerializer,
        responses={
            200: serializers.QuarantinedSerializer,
            409: schema.refusal("It is decided.", "already_decided"),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the entry, which stays to be looked at."""
        return self.decide(request, pk)


class BulkView(QuarantineView):
    """One decision on many."""

    @extend_schema(
        operation_id="quarantine_bulk",
        request=queries.BulkDecisionSerializer,
        responses=serializers.BulkOutcomeSerializer,
    )
    def post(self, request: Request) -> Response:
        """Answer which were decided, and why the others were not."""
        said = sent(queries.BulkDecisionSerializer, request)
        decided: list[int] = []
        refused: list[dict[str, Any]] = []
        for pk in dict.fromkeys(said["ids"]):
            problem = _problem(pk, said, by=str(request.user))
            if problem is None:
                decided.append(pk)
            else:
                refused.append({"id": pk} | problem)
        return Response({"decided": decided, "refused": refused})


def _problem(pk: int, said: Mapping[str, Any], *, by: str) -> dict[str, str] | None:
    try:
        DECISIONS[said["decision"]](pk=pk, by=by, note=said["note"], now=timezone.now())
    except QuarantinedReading.DoesNotExist:
        return {"code": "not_found", "detail": NO_ENTRY}
    except REFUSALS as problem:
        return {"code": code(problem), "detail": str(problem)}
    return None
