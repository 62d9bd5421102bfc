"""The worklist of validation, and what a person decides about intervals."""

from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from meters.choices import FillMethod, FindingState, RuleKind
from meters.models import Finding
from meters.selectors import findings as selectors
from meters.selectors.findings import Beside
from meters.services import editing
from meters.services.editing import Decision
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.asking import asked, sent
from segs_site.lib.choices import Quality
from segs_site.lib.conflicts import Refusals
from segs_site.lib.paging import PageQuerySerializer
from segs_site.lib.quantities import to_kwh

NEWEST_FIRST = paging.Order(("found_at", "id"), descending=True)
MOST_VALUES = 3_000
NO_FINDING = "There is no such finding."
REFUSALS = Refusals(
    {
        editing.AlreadySettled: ("already_settled", "It is decided, or late data healed it."),
        editing.NothingThere: ("nothing_there", "No value stands there that could be accepted."),
        editing.NotEstimable: (
            "not_estimable",
            "Neither neighbours nor history nor registers say what it was.",
        ),
        editing.Misentered: ("misentered", "The energies do not fit."),
    }
)


class FindingQuerySerializer(PageQuerySerializer):
    """Which findings; newest first."""

    state = serializers.ChoiceField(choices=FindingState.choices, default=FindingState.OPEN.value)
    rule = serializers.ChoiceField(choices=RuleKind.choices, required=False, default="")
    meter = serializers.CharField(
        required=False, max_length=64, default="", help_text="serial of the meter"
    )


class SettlingSerializer(serializers.Serializer[Any]):
    """Why it is decided so."""

    reason = serializers.CharField(max_length=500)


class EnteredSerializer(SettlingSerializer):
    """Energies: one a quarter-hour, or their sum; kWh, negative where energy was fed in."""

    kwh = serializers.ListField(
        child=serializers.DecimalField(max_digits=15, decimal_places=6),
        min_length=1,
        max_length=MOST_VALUES,
        help_text="one value is the sum",
    )


class BesideSerializer(serializers.Serializer[Beside]):
    """A quarter-hour: what the meter gave beside what is final."""

    start = serializers.DateTimeField()
    raw_kwh = serializers.SerializerMethodField()
    final_kwh = serializers.SerializerMethodField()
    quality = serializers.SerializerMethodField()
    method = serializers.ChoiceField(choices=FillMethod.choices, allow_blank=True)
    rule = serializers.ChoiceField(choices=RuleKind.choices, allow_blank=True)
    by = serializers.CharField()
    reason = serializers.CharField()

    @extend_schema_field({"type": ["number", "null"]})
    def get_raw_kwh(self, row: Beside) -> float | None:
        """Return what the meter gave."""
        return to_kwh(row.raw_mwh)

    def get_final_kwh(self, row: Beside) -> float:
        """Return what counts."""
        return to_kwh(row.final_mwh) or 0.0

    def get_quality(self, row: Beside) -> str:
        """Return the word of the quality."""
        return str(Quality(row.quality).label)


class FindingSerializer(serializers.ModelSerializer[Finding]):
    """Quarter-hours of one meter that a rule fired on; `value` and `limit` in the rule's unit."""

    meter = serializers.CharField(source="meter.serial")
    message = serializers.CharField(source="get_rule_display")

    class Meta:
        model = Finding
        fields = [
            "id", "meter", "rule", "message", "start", "end", "state", "value", "limit",
            "found_at", "changed_at", "decided_by", "reason",
        ]  # fmt: skip


class FindingPageSerializer(serializers.Serializer[Any]):
    """A page of findings."""

    next = serializers.URLField(allow_null=True)
    results = FindingSerializer(many=True)


class FindingDetailSerializer(FindingSerializer):
    """A finding with its quarter-hours."""

    intervals = serializers.SerializerMethodField()

    class Meta(FindingSerializer.Meta):
        fields = [*FindingSerializer.Meta.fields, "intervals"]

    @extend_schema_field(BesideSerializer(many=True))
    def get_intervals(self, row: Finding) -> list[Any]:
        """Return those that have a value."""
        return [BesideSerializer(each).data for each in selectors.beside(row)]


class ValidationView(APIView):
    """For those who operate the grid."""

    permission_classes = [Needs(Action.OPERATE_GRID)]


class FindingListView(ValidationView):
    """The worklist."""

    @extend_schema(
        operation_id="validation_list",
        parameters=[FindingQuerySerializer],
        responses=FindingPageSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page, newest first; what is open unless another state is asked for."""
        query = asked(FindingQuerySerializer, request, now=timezone.now())
        found = selectors.findings(
            states=[query["state"]], rule=query["rule"], serial=query["meter"]
        )
        page = paging.cut(
            found, order=NEWEST_FIRST, cursor=query.get("cursor"), limit=query["limit"]
        )
        return Response(page.document(request, [FindingSerializer(row).data for row in page.rows]))


class FindingView(ValidationView):
    """One finding."""

    @extend_schema(operation_id="validation_read", responses=FindingDetailSerializer)
    def get(self, request: Request, pk: str) -> Response:
        """Answer it with its quarter-hours, raw beside final."""
        found = Finding.objects.filter(pk=int(pk)).select_related("meter").first()
        if found is None:
            raise Http404(NO_FINDING)
        return Response(FindingDetailSerializer(found).data)


def _decision(request: Request, said: dict[str, Any]) -> Decision:
    return Decision(by=str(request.user), reason=said["reason"], now=timezone.now())


def _answer(found: Finding) -> Response:
    return Response(FindingDetailSerializer(found).data)


class AcceptView(ValidationView):
    """Lets stand what stands."""

    @extend_schema(
        operation_id="validation_accept",
        request=SettlingSerializer,
        responses={
            200: FindingDetailSerializer,
            409: REFUSALS.described(editing.AlreadySettled, editing.NothingThere),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the finding: its raw values count, or its estimates stay."""
        said = sent(SettlingSerializer, request)
        with REFUSALS.told():
            try:
                found = editing.accept(pk=int(pk), decision=_decision(request, said))
            except Finding.DoesNotExist as problem:
                raise Http404(NO_FINDING) from problem
        return _answer(found)


class EditView(ValidationView):
    """Enters energies."""

    @extend_schema(
        operation_id="validation_edit",
        request=EnteredSerializer,
        responses={
            200: FindingDetailSerializer,
            409: REFUSALS.described(editing.AlreadySettled, editing.Misentered),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the finding: what was entered is final, the raw values stay beside."""
        said = sent(EnteredSerializer, request)
        kwh = said["kwh"] if len(said["kwh"]) > 1 else said["kwh"][0]
        with REFUSALS.told():
            try:
                found = editing.edit(pk=int(pk), kwh=kwh, decision=_decision(request, said))
            except Finding.DoesNotExist as problem:
                raise Http404(NO_FINDING) from problem
        return _answer(found)


class EstimateView(ValidationView):
    """Has estimates put in."""

    @extend_schema(
        operation_id="validation_estimate",
        request=SettlingSerializer,
        responses={
            200: FindingDetailSerializer,
            409: REFUSALS.described(editing.AlreadySettled, editing.NotEstimable),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Answer the finding: a line, or the meter's own profile, stands in its place."""
        said = sent(SettlingSerializer, request)
        with REFUSALS.told():
            try:
                found = editing.estimate(pk=int(pk), decision=_decision(request, said))
            except Finding.DoesNotExist as problem:
                raise Http404(NO_FINDING) from problem
        return _answer(found)
