"""Setting up and changing the second factor by REST.

Open to the signed-in, and to whoever the sign-in sent here to enrol with a proof.
"""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import NotAuthenticated, NotFound, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.api import refusals, serializers
from accounts.api.base import person, sent
from accounts.models import User
from accounts.services import factors, one_time_codes, passkeys, people
from accounts.services import second_factor as services
from segs_site.lib import schema

OPTIONS = OpenApiResponse(dict, description="Options of navigator.credentials.create.")
REMOVED = OpenApiResponse(description="It is removed.")
AGAIN = refusals.LINK | refusals.PASSWORD
NOT_BEGUN = {409: schema.refusal("There is no code to confirm.", "app_not_begun")}
TOO_MANY = {409: schema.refusal("There are as many passkeys as may be.", "too_many_passkeys")}


class SecondFactorView(APIView):
    """What the person has turned on."""

    @extend_schema(operation_id="auth_second_factor", responses=serializers.SecondFactorSerializer)
    def get(self, request: Request) -> Response:
        """Answer what can prove the person."""
        return Response(serializers.SecondFactorSerializer(factors.held(person(request))).data)


class EnrolView(APIView):
    """Lets in a signed-in person or one with a proof to enrol."""

    permission_classes = [AllowAny]


class AppView(EnrolView):
    """Begins codes of an authenticator app."""

    @extend_schema(
        operation_id="auth_second_factor_app",
        request=serializers.AgainSerializer,
        responses={200: serializers.AppSerializer} | AGAIN,
    )
    def post(self, request: Request) -> Response:
        """Answer a new secret; it counts once it is confirmed."""
        now = timezone.now()
        with refusals.answered(now=now):
            user = _again(request, sent(serializers.AgainSerializer, request), now=now)
            uri = one_time_codes.begin(user=user)
        secret = parse_qs(urlsplit(uri).query)["secret"][0]
        return Response({"uri": uri, "secret": secret})


class ConfirmAppView(EnrolView):
    """Turns codes of an app on."""

    @extend_schema(
        operation_id="auth_second_factor_app_confirm",
        request=serializers.ConfirmAppSerializer,
        responses={200: serializers.RecoveryCodesSerializer}
        | refusals.LINK
        | refusals.FACTOR
        | refusals.LOCKED
        | NOT_BEGUN,
    )
    def post(self, request: Request) -> Response:
        """Take a first code of the app, and answer recovery codes if there were none."""
        now = timezone.now()
        typed = sent(serializers.ConfirmAppSerializer, request)
        with refusals.answered(now=now):
            user = _person(request, typed, now=now)
            codes = services.confirm_app(user=user, code=typed["code"], now=now)
        return Response({"recovery_codes": codes})


class RemoveAppView(APIView):
    """Turns codes of an app off."""

    @extend_schema(
        operation_id="auth_second_factor_app_remove",
        request=serializers.AgainSerializer,
        responses={204: REMOVED} | refusals.PASSWORD | refusals.LAST,
    )
    def post(self, request: Request) -> Response:
        """Turn them off."""
        now = timezone.now()
        with refusals.answered(now=now):
            user = _again(request, sent(serializers.AgainSerializer, request), now=now)
            services.remove_app(user=user)
        return Response(status=204)


class PasskeyOptionsView(EnrolView):
    """Asks a device to make a passkey."""

    @extend_schema(
        operation_id="auth_second_factor_passkey_options",
        request=serializers.AgainSerializer,
        responses={200: OPTIONS} | AGAIN | TOO_MANY,
    )
    def post(self, request: Request) -> Response:
        """Answer what `navigator.credentials.create` takes as `publicKey`, as JSON."""
        now = timezone.now()
        with refusals.answered(now=now):
            user = _again(request, sent(serializers.AgainSerializer, request), now=now)
            return Response(passkeys.ask_for_new(user=user, now=now))


class PasskeysView(EnrolView):
    """Keeps passkeys."""

    @extend_schema(
        operation_id="auth_second_factor_passkeys",
        request=serializers.NewPasskeySerializer,
        responses={200: serializers.RecoveryCodesSerializer}
        | refusals.LINK
        | refusals.FACTOR
        | refusals.LOCKED
        | TOO_MANY,
    )
    def post(self, request: Request) -> Response:
        """Keep the passkey a device made, and answer recovery codes if there were none."""
        now = timezone.now()
        typed = sent(serializers.NewPasskeySerializer, request)
        with refusals.answered(now=now):
            user = _person(request, typed, now=now)
            codes = services.add_passkey(
                user=user, name=typed["name"], answer=typed["passkey"], now=now
            )
        return Response({"recovery_codes": codes})


class RemovePasskeyView(APIView):
    """Forgets a passkey."""

    @extend_schema(
        operation_id="auth_second_factor_passkey_remove",
        request=serializers.AgainSerializer,
        responses={204: REMOVED} | refusals.PASSWORD | refusals.LAST,
    )
    def post(self, request: Request, passkey_id: int) -> Response:
        """Forget it; 404 when it is not the person's."""
        now = timezone.now()
        with refusals.answered(now=now):
            user = _again(request, sent(serializers.AgainSerializer, request), now=now)
            if not services.remove_passkey(user=user, passkey_id=passkey_id):
                raise NotFound
        return Response(status=204)


class RecoveryCodesView(APIView):
    """Makes recovery codes anew."""

    @extend_schema(
        operation_id="auth_second_factor_recovery_codes",
        request=serializers.AgainSerializer,
        responses={200: serializers.RecoveryCodesSerializer} | refusals.PASSWORD,
    )
    def post(self, request: Request) -> Response:
        """Answer new codes; those of before end."""
        now = timezone.now()
        with refusals.answered(now=now):
            user = _again(request, sent(serializers.AgainSerializer, request), now=now)
            codes = services.renew_recovery_codes(user=user)
        return Response({"recovery_codes": codes})


def _person(request: Request, typed: dict[str, Any], *, now: datetime) -> User:
    """Return who is signed in or enrols; a proof to enrol is good until there is a factor."""
    if request.user.is_authenticated:
        return person(request)
    if "proof" not in typed:
        raise NotAuthenticated
    return factors.enrolling(typed["proof"], now=now)


def _again(request: Request, typed: dict[str, Any], *, now: datetime) -> User:
    """Return who it is, after the password once more; the proof tells of one just given."""
    user = _person(request, typed, now=now)
    if request.user.is_authenticated:
        if "password" not in typed:
            raise ValidationError({"password": ["Say your password once more."]}, "required")
        people.confirm_password(user=user, password=typed["password"], now=now)
    return user
