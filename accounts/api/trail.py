"""The audit trail by REST: read by administrators, changed by nobody."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from segs_site.lib import paging
from segs_site.lib.access import Action, Needs
from segs_site.lib.models import AuditEntry
from segs_site.lib.moments import MomentField

ORDER = paging.Order(("id",), descending=True)
VERBS = ("insert", "update", "delete", "truncate")


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """One change of one row."""

    before = serializers.DictField(allow_null=True, help_text="what changed, as it was")
    after = serializers.DictField(allow_null=True, help_text="what changed, as it is since")

    class Meta:
        model = AuditEntry
        fields = [
            "id", "at", "subject_type", "subject_id", "subject_name", "verb", "before", "after",
            "actor", "actor_id", "origin", "address", "request_id", "database_user",
            "transaction",
        ]  # fmt: skip
        read_only_fields = fields


class AuditListSerializer(serializers.Serializer[Any]):
    """A page of the trail, newest first."""

    next = serializers.URLField(allow_null=True)
    results = AuditEntrySerializer(many=True)


class AuditQuerySerializer(paging.PageQuerySerializer):
    """Which entries: every filter that is given must fit."""

    subject_type = serializers.CharField(
        required=False, max_length=60, help_text="a model, e.g. meters.Meter"
    )
    subject_id = serializers.CharField(required=False, max_length=40)
    verb = serializers.ChoiceField(VERBS, required=False)
    actor = serializers.CharField(required=False, max_length=254, help_text="an e-mail address")
    request_id = serializers.CharField(required=False, max_length=64)
    start = MomentField(required=False)
    end = MomentField(required=False, help_text="the first moment that is not asked for")


class AuditView(APIView):
    """Who changed what, when, from where."""

    permission_classes = [Needs(Action.READ_AUDIT)]

    @extend_schema(
        operation_id="audit_list",
        parameters=[AuditQuerySerializer],
        responses=AuditListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of the trail."""
        query = AuditQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        page = paging.cut(
            _entries(asked), order=ORDER, cursor=asked.get("cursor"), limit=asked["limit"]
        )
        return Response(
            page.document(request, list(AuditEntrySerializer(page.rows, many=True).data))
        )


def _entries(asked: dict[str, Any]) -> QuerySet[AuditEntry]:
    exact = ("subject_type", "subject_id", "verb", "actor", "request_id")
    found = AuditEntry.objects.filter(**{name: asked[name] for name in exact if name in asked})
    if "start" in asked:
        found = found.filter(at__gte=asked["start"])
    if "end" in asked:
        found = found.filter(at__lt=asked["end"])
    return found
