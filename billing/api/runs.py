"""Bill runs by REST: ask for one, see how it stands, resolve, approve."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import run_serializers as serializers
from billing.api.invoices import KEY
from billing.api.serializers import ReasonSerializer
from billing.models import BillException, BillRun
from billing.selectors import runs
from billing.services import approving, cancelling, running
from segs_site.lib import idempotency, paging, schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, page, sent
from segs_site.lib.conflicts import Refusals
from segs_site.lib.quantities import exact_kwh

NEWEST = paging.Order(("id",), descending=True)
BY_ACCOUNT = paging.Order(("turn__account__number", "id"))
REFUSALS = Refusals(
    {
        approving.NothingToApprove: ("nothing_to_approve", "No turn is ready to be issued."),
        cancelling.NotCancellable: (
            "not_cancellable",
            "Some of it is approved or issued, or it was cancelled before.",
        ),
        approving.StillHeld: ("still_held", "It leaves a part without a price: mend the cause."),
    }
)


def shown(run: BillRun) -> dict[str, Any]:
    """Return a run with how it stands."""
    stands = runs.progress(run)
    progress = {
        "accounts": stands.accounts,
        "left": stands.left,
        "unresolved": stands.unresolved,
        "total": stands.total,
        "energy_kwh": str(exact_kwh(stands.energy_mwh)),
        "turns": {state.value: count for state, count in stands.turns.items()},
    }
    head = serializers.RunSerializer(run).data
    return head | {"progress": serializers.ProgressSerializer(progress).data}


class RunsView(APIView):
    """Bill runs."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_runs",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.RunsSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer runs, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = BillRun.objects.select_related("region", "account")
        return page(request, found, order=NEWEST, query=query, shown_as=serializers.RunSerializer)

    @extend_schema(
        operation_id="bill_run_request",
        parameters=[KEY],
        request=serializers.RunOrderSerializer,
        responses={201: serializers.WholeRunSerializer, 422: schema.KEY_REUSED},
    )
    def post(self, request: Request) -> Response:
        """Ask for a run; a worker takes it up within seconds."""
        said = sent(serializers.RunOrderSerializer, request)
        now, by = timezone.now(), request.user.get_username()

        def act() -> Response:
            run = running.request(**said, by=by, now=now)
            return Response(shown(run), status=status.HTTP_201_CREATED)

        return idempotency.once(request, now=now, act=act)


class RunView(APIView):
    """One bill run."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(operation_id="bill_run", responses=serializers.WholeRunSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer how the run stands."""
        found = BillRun.objects.select_related("region", "account")
        return Response(shown(get_object_or_404(found, pk=pk)))


class ApproveView(APIView):
    """Lets a run go out."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_run_approve",
        request=None,
        responses={
            200: serializers.DoneSerializer,
            409: REFUSALS.described(approving.NothingToApprove),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Issue what is rated, and what is held with every exception resolved."""
        run = get_object_or_404(BillRun, pk=pk)
        with REFUSALS.told():
            turns = approving.approve(run=run, by=request.user.get_username())
        return Response({"turns": turns})


class RetryView(APIView):
    """Tries again what was held or parked."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_run_retry", request=None, responses=serializers.DoneSerializer
    )
    def post(self, request: Request, pk: str) -> Response:
        """Reckon held and parked turns anew, from what is known by now."""
        return Response({"turns": approving.retry(run=get_object_or_404(BillRun, pk=pk))})


class CancelView(APIView):
    """Calls a run off."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_run_cancel",
        request=None,
        responses={
            200: serializers.WholeRunSerializer,
            409: REFUSALS.described(cancelling.NotCancellable),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Cancel a run of which nothing is approved; its drafts are deleted."""
        run = get_object_or_404(BillRun.objects.select_related("region", "account"), pk=pk)
        with REFUSALS.told():
            cancelling.cancel(run=run, by=request.user.get_username(), now=timezone.now())
        run.refresh_from_db()
        return Response(shown(run))


class ExceptionsView(APIView):
    """What a clerk must look at."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_run_exceptions",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.ExceptionsSerializer,
    )
    def get(self, request: Request, pk: str) -> Response:
        """Answer a run's exceptions, account by account."""
        query = asked(paging.PageQuerySerializer, request)
        found = runs.exceptions(get_object_or_404(BillRun, pk=pk))
        return page(
            request, found, order=BY_ACCOUNT, query=query, shown_as=serializers.ExceptionSerializer
        )


class ResolveView(APIView):
    """Lets an exception be."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bill_exception_resolve",
        request=ReasonSerializer,
        responses={
            200: serializers.ExceptionSerializer,
            409: REFUSALS.described(approving.StillHeld),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Resolve an exception with the reason."""
        said = sent(ReasonSerializer, request)
        found = BillException.objects.select_related("turn__account")
        with REFUSALS.told():
            resolved = approving.resolve(
                exception=get_object_or_404(found, pk=pk),
                note=said["reason"],
                by=request.user.get_username(),
                now=timezone.now(),
            )
        return Response(serializers.ExceptionSerializer(resolved).data)
