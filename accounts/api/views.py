"""Signing in and out by REST."""

from typing import Any

from django.contrib.auth import authenticate
from django.core.exceptions import ObjectDoesNotExist
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework_simplejwt.exceptions import InvalidToken, TokenError
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import RefreshToken

from accounts.api import serializers
from accounts.api.throttles import FailedLogins


class TokenView(APIView):
    """Open to everybody: what is sent is the proof."""

    permission_classes = [AllowAny]
    authentication_classes = []

    def get_authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is a 401."""
        return 'Bearer realm="api"'


class LoginView(TokenView):
    """Exchanges e-mail address and password for tokens."""

    @extend_schema(
        operation_id="auth_login",
        request=serializers.CredentialsSerializer,
        responses=serializers.TokensSerializer,
    )
    def post(self, request: Request) -> Response:
        """Answer a pair of tokens; 401 when they do not belong together, 429 after many."""
        credentials = _valid(serializers.CredentialsSerializer(data=request.data))
        failures = FailedLogins(request, credentials["email"])
        failures.check()
        user = authenticate(request._request, **credentials)
        if user is None:
            failures.count()
            raise AuthenticationFailed(
                "This address and password do not belong together.", "wrong_credentials"
            )
        refresh = RefreshToken.for_user(user)
        return Response({"access": str(refresh.access_token), "refresh": str(refresh)})


class RefreshView(TokenView):
    """Exchanges a refresh token for a new pair; each works once."""

    @extend_schema(
        operation_id="auth_refresh",
        request=serializers.RefreshSerializer,
        responses=serializers.TokensSerializer,
    )
    def post(self, request: Request) -> Response:
        """Answer a new pair; 401 when the token is used, ended or its user barred."""
        _valid(serializers.RefreshSerializer(data=request.data))
        renewal = TokenRefreshSerializer(data=request.data)
        try:
            renewal.is_valid(raise_exception=True)
        except (TokenError, ObjectDoesNotExist) as problem:
            raise InvalidToken from problem
        return Response(renewal.validated_data)


class LogoutView(TokenView):
    """Ends a refresh token."""

    @extend_schema(
        operation_id="auth_logout",
        request=serializers.RefreshSerializer,
        responses={204: OpenApiResponse(description="The token has ended.")},
    )
    def post(self, request: Request) -> Response:
        """End the token; one that has ended already is well."""
        sent = _valid(serializers.RefreshSerializer(data=request.data))
        try:
            RefreshToken(sent["refresh"]).blacklist()
        except TokenError:
            return Response(status=204)
        return Response(status=204)


def _valid(serializer: BaseSerializer[Any]) -> Any:
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data
