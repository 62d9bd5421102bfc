"""API keys by REST: an administrator hands them out, sees their use, and revokes them."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api.base import sent
from accounts.choices import KeyScope, KeyState
from accounts.models import ApiKey
from accounts.services import keys
from segs_site.lib import paging
from segs_site.lib.access import Action, Needs

ORDER = paging.Order(("id",), descending=True)


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key by what it is recognised by; the key itself is kept by nobody."""

    state = serializers.SerializerMethodField()

    class Meta:
        model = ApiKey
        fields = [
            "id", "name", "prefix", "scope", "state", "created_at", "expires_at", "revoked_at",
            "last_used_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_state(self, key: ApiKey) -> KeyState:
        """Return whether it opens anything now."""
        return key.state(now=timezone.now())


class ApiKeyListSerializer(serializers.Serializer[Any]):
    """A page of keys, newest first."""

    next = serializers.URLField(allow_null=True)
    results = ApiKeySerializer(many=True)


class NewApiKeySerializer(serializers.Serializer[Any]):
    """Who gets a key, and until when."""

    name = serializers.CharField(max_length=100, help_text="whose it is, e.g. the head-end")
    scope = serializers.ChoiceField(KeyScope.choices, default=KeyScope.INGEST)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class IssuedApiKeySerializer(ApiKeySerializer):
    """A new key, with its text: shown this once."""

    key = serializers.CharField(read_only=True)

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "key"]
        read_only_fields = fields


class ApiKeyQuerySerializer(paging.PageQuerySerializer):
    """Which keys."""

    state = serializers.ChoiceField(KeyState.choices, required=False)


class ApiKeysView(APIView):
    """The keys of head-ends."""

    permission_classes = [Needs(Action.ADMINISTER)]

    @extend_schema(
        operation_id="api_keys_list",
        parameters=[ApiKeyQuerySerializer],
        responses=ApiKeyListSerializer,
    )
    def get(self, request: Request) -> Response:
        """Answer a page of keys."""
        query = ApiKeyQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        page = paging.cut(
            _in_state(asked.get("state")),
            order=ORDER,
            cursor=asked.get("cursor"),
            limit=asked["limit"],
        )
        return Response(page.document(request, list(ApiKeySerializer(page.rows, many=True).data)))

    @extend_schema(
        operation_id="api_keys_create",
        request=NewApiKeySerializer,
        responses={201: IssuedApiKeySerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a key and show it, this once."""
        asked = sent(NewApiKeySerializer, request)
        try:
            row, secret = keys.hand_out(
                name=asked["name"], expires_at=asked["expires_at"], now=timezone.now()
            )
        except keys.EndsBeforeItBegins as problem:
            raise ValidationError({"expires_at": ["This moment is past."]}) from problem
        body = ApiKeySerializer(row).data | {"key": secret}
        return Response(body, status=201, headers={"Cache-Control": "no-store"})


class ApiKeyView(APIView):
    """One key."""

    permission_classes = [Needs(Action.ADMINISTER)]

    @extend_schema(
        operation_id="api_keys_revoke",
        responses={204: OpenApiResponse(description="The key opens nothing any more.")},
    )
    def delete(self, request: Request, pk: int) -> Response:
        """Revoke a key; ingest refuses it within seconds. Its row stays."""
        key = ApiKey.objects.filter(pk=pk).first()
        if key is None:
            raise Http404("There is no such key.")
        keys.revoke_key(key=key, now=timezone.now())
        return Response(status=204)


def _in_state(state: str | None) -> QuerySet[ApiKey]:
    found = ApiKey.objects.all()
    return found if state is None else found.in_state(KeyState(state), now=timezone.now())
