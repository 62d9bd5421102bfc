"""Bank files and their entries by REST: take in, assign, let be, undo."""

from collections.abc import Callable
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.api import bank_serializers as serializers
from billing.api.invoices import KEY
from billing.api.serializers import ReasonSerializer
from billing.models import BankEntry, BankFile
from billing.selectors import banking as questions
from billing.services import banking, matching, receiving
from meters.formats.base import Refused
from segs_site.lib import idempotency, paging, schema
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, page, sent
from segs_site.lib.conflicts import Refusals

NEWEST = paging.Order(("id",), descending=True)
REFUSALS = Refusals(
    {
        banking.AlreadyTaken: ("already_taken", "The same file was taken in before."),
        questions.UnknownFormat: ("unknown_format", "The format of the file is not plain."),
        Refused: ("refused", "The file cannot be read; nothing of it was kept."),
        matching.NotWaiting: ("not_waiting", "The entry waits for nobody."),
        matching.NotDecided: ("not_decided", "There is nothing to undo."),
        matching.OtherWay: ("other_way", "The money went the other way."),
        matching.TakenBack: ("taken_back", "The bank took its payment back: undo that first."),
        matching.WrongCurrency: ("wrong_currency", "It has another currency."),
        receiving.NotTheirs: ("not_theirs", "The invoice is a draft, or void."),
        receiving.BadAmount: ("bad_amount", "That is no amount of this currency."),
        receiving.Reversed: ("reversed", "The payment was taken back before."),
    }
)


class FilesView(APIView):
    """Files of banks."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_files",
        parameters=[paging.PageQuerySerializer],
        responses=serializers.BankFilesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer the files that were taken in, newest first."""
        query = asked(paging.PageQuerySerializer, request)
        found = BankFile.objects.all()
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.BankFileSerializer
        )

    @extend_schema(
        operation_id="bank_file_take_in",
        parameters=[KEY],
        request=serializers.BankFileOrderSerializer,
        responses={
            201: serializers.BankFileSerializer,
            409: REFUSALS.described(banking.AlreadyTaken, questions.UnknownFormat, Refused),
            422: schema.KEY_REUSED,
        },
    )
    def post(self, request: Request) -> Response:
        """Take a file in; a worker books what matches within seconds."""
        said = sent(serializers.BankFileOrderSerializer, request)
        now, by = timezone.now(), request.user.get_username()

        def act() -> Response:
            with REFUSALS.told():
                made = banking.take_in(
                    stream=said["content"], name=said["name"], format_name=said["format"],
                    by=by, now=now,
                )  # fmt: skip
            return Response(serializers.BankFileSerializer(made).data, status.HTTP_201_CREATED)

        return idempotency.once(request, now=now, act=act)


class EntriesView(APIView):
    """What banks told."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_entries",
        parameters=[serializers.BankEntriesQuerySerializer],
        responses=serializers.BankEntriesSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer entries, newest first: those that wait with `state=waiting`."""
        query = asked(serializers.BankEntriesQuerySerializer, request)
        found = questions.entries(state=query.get("state", ""))
        return page(
            request, found, order=NEWEST, query=query, shown_as=serializers.BankEntrySerializer
        )


def _decided(request: Request, pk: str, act: Callable[..., BankEntry], **said: Any) -> Response:
    entry = get_object_or_404(BankEntry, pk=pk)
    with REFUSALS.told():
        act(entry=entry, by=request.user.get_username(), now=timezone.now(), **said)
    shown = questions.entries().get(pk=entry.pk)
    return Response(serializers.BankEntrySerializer(shown).data)


class AssignView(APIView):
    """Books money that came in."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_entry_assign",
        request=serializers.BankAssignSerializer,
        responses={
            200: serializers.BankEntrySerializer,
            409: REFUSALS.described(
                matching.NotWaiting, matching.OtherWay, matching.WrongCurrency,
                receiving.NotTheirs, receiving.BadAmount,
            ),
        },
    )  # fmt: skip
    def post(self, request: Request, pk: str) -> Response:
        """Book an entry for an invoice, or for an account and what it owes."""
        said = sent(serializers.BankAssignSerializer, request)
        return _decided(request, pk, matching.assign, **said)


class TakeBackView(APIView):
    """Takes a payment back that the bank returned."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_entry_take_back",
        request=serializers.BankTakeBackSerializer,
        responses={
            200: serializers.BankEntrySerializer,
            409: REFUSALS.described(
                matching.NotWaiting, matching.OtherWay, matching.WrongCurrency, receiving.Reversed
            ),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Say which payment a return means: it is taken back, and its invoice open again."""
        said = sent(serializers.BankTakeBackSerializer, request)
        return _decided(request, pk, matching.take_back, **said)


class IgnoreView(APIView):
    """Lets an entry be."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_entry_ignore",
        request=ReasonSerializer,
        responses={
            200: serializers.BankEntrySerializer,
            409: REFUSALS.described(matching.NotWaiting),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Let an entry be, with the reason."""
        return _decided(request, pk, matching.ignore, **sent(ReasonSerializer, request))


class UndoView(APIView):
    """Takes back what was decided of an entry."""

    permission_classes = [Needs(Action.BILL)]

    @extend_schema(
        operation_id="bank_entry_undo",
        request=ReasonSerializer,
        responses={
            200: serializers.BankEntrySerializer,
            409: REFUSALS.described(matching.NotDecided, matching.TakenBack),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Let an entry wait again; its payments are taken back by rows of their own."""
        return _decided(request, pk, matching.undo, **sent(ReasonSerializer, request))
