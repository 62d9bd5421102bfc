"""What head-ends fetch and answer: requests to their meters. They come with their API key."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import selectors
from accounts.choices import KeyState
from accounts.models import ApiKey
from accounts.services.keys import note_use
from meters.choices import RequestAction
from meters.models import GatewayRequest
from meters.services import requests
from segs_site.lib import keys, schema
from segs_site.lib.asking import sent
from segs_site.lib.conflicts import Refusals

ENDED = "key_ended"  # the word that telemetry has for it, too
REFUSALS = Refusals(
    {
        requests.NotWaiting: (
            "not_waiting",
            "This request is answered already, or its time is up.",
        ),
    }
)


@dataclass(frozen=True, slots=True)
class HeadEnd:
    """Who asks: no person, but the holder of a key."""

    key: ApiKey
    role: str = "head_end"
    is_authenticated: bool = True
    pk: None = None  # no row of the people, also to the audit trail

    @property
    def counted_as(self) -> str:
        """Whom its requests are counted with: its key's."""
        return f"key-{self.key.pk}"

    def get_username(self) -> str:
        """Return what the audit trail calls it."""
        return str(self.key)


class ByKey(BaseAuthentication):
    """Takes the key of a head-end in the three ways in which telemetry does."""

    def authenticate(self, request: Request) -> tuple[HeadEnd, ApiKey] | None:
        """Return whose key it is; raises AuthenticationFailed, or PermissionDenied once ended."""
        said = request.headers
        try:
            key = keys.presented(
                plain=said.get("X-Api-Key", ""), authorization=said.get("Authorization", "")
            )
        except keys.Missing:
            return None
        known, now = selectors.ingest_key(key), timezone.now()
        if known is None:
            raise AuthenticationFailed(_("This key is not known here."))
        if known.state(now=now) is not KeyState.ACTIVE:
            raise PermissionDenied(_("This key has ended."), ENDED)
        note_use(key=known, now=now)
        return HeadEnd(known), known

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is a 401."""
        return "Api-Key"


class ByKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Tells the API's description of the three ways, which telemetry has described."""

    target_class = "meters.api.head_ends.ByKey"
    name: Any = ["apiKey", "apiKeyAsAuthorization", "apiKeyAsPassword"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:
        """Say that any one of them is enough."""
        return [{each: []} for each in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:
        """Return a shape for each name; `segs_site.lib.schema` puts in the whole of it."""
        return [{"type": "apiKey", "in": "header", "name": "X-Api-Key"} for _name in self.name]


class HeadEndRequestSerializer(serializers.Serializer[Any]):
    """Something asked of a meter."""

    id = serializers.IntegerField()
    meter = serializers.CharField(help_text="its serial, the `meterId` of its readings")
    action = serializers.ChoiceField(RequestAction.choices)
    reason = serializers.CharField()
    requested_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="no answer is taken from then on")


class HeadEndRequestListSerializer(serializers.Serializer[Any]):
    """What waits, the oldest first."""

    results = HeadEndRequestSerializer(many=True)


class HeadEndAnswerSerializer(serializers.Serializer[Any]):
    """What the head-end says."""

    succeeded = serializers.BooleanField(help_text="the meter answered, or did what was asked")
    text = serializers.CharField(
        required=False, allow_blank=True, max_length=500, default="", help_text="in its own words"
    )


class HeadEndView(APIView):
    """Opened by the key of a head-end, and by nothing else."""

    authentication_classes: Any = [ByKey]
    permission_classes = [IsAuthenticated]


class RequestsView(HeadEndView):
    """What waits for a head-end."""

    @extend_schema(
        operation_id="head_end_requests",
        responses={
            200: HeadEndRequestListSerializer,
            403: schema.refusal("The key has expired or was revoked.", ENDED),
        },
    )
    def get(self, request: Request) -> Response:
        """Answer what waits for this head-end, the oldest 100; again until it is answered."""
        rows = requests.fetch(key_prefix=_key(request).prefix, now=timezone.now())
        body = {"results": [_shown(row) for row in rows]}
        return Response(body, headers={"Cache-Control": "no-store"})


class AnswerView(HeadEndView):
    """The answer to one request."""

    @extend_schema(
        operation_id="head_end_answer",
        request=HeadEndAnswerSerializer,
        responses={
            204: OpenApiResponse(description="It is written down."),
            403: schema.refusal("The key has expired or was revoked.", ENDED),
            409: REFUSALS.described(),
        },
    )
    def post(self, request: Request, pk: str) -> Response:
        """Write down what the head-end says of a request, once."""
        said = sent(HeadEndAnswerSerializer, request)
        answer = requests.Answer(succeeded=said["succeeded"], text=said["text"])
        try:
            with REFUSALS.told():
                requests.answer(
                    request_id=int(pk),
                    key_prefix=_key(request).prefix,
                    answer=answer,
                    now=timezone.now(),
                )
        except requests.NotYours as problem:
            raise Http404("There is no such request.") from problem
        return Response(status=204)


def _key(request: Request) -> ApiKey:
    assert isinstance(request.auth, ApiKey)
    return request.auth


def _shown(row: GatewayRequest) -> dict[str, Any]:
    return {
        "id": row.pk,
        "meter": row.meter.serial,
        "action": row.action,
        "reason": row.reason,
        "requested_at": row.requested_at,
        "expires_at": row.expires_at,
    }
