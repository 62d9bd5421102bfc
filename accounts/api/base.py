"""What the views of people share."""

from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from accounts.api import refusals
from accounts.models import User
from accounts.services import guarding


class OpenView(APIView):
    """Open to everybody: what is sent is the proof."""

    permission_classes = [AllowAny]
    authentication_classes: Any = []

    def get_authenticate_header(self, request: Request) -> str:
        """Name the scheme, so that a refusal is a 401."""
        return refusals.BEARER


def sent(serializer: type[BaseSerializer[Any]], request: Request) -> Any:
    """Return what was sent, valid; raises ValidationError."""
    read = serializer(data=request.data)
    read.is_valid(raise_exception=True)
    return read.validated_data


def person(request: Request) -> User:
    """Return who is signed in, where the view lets nobody else in."""
    if not isinstance(request.user, User):
        raise NotAuthenticated
    return request.user


def caller(request: Request) -> str:
    """Return the network address that a request comes from."""
    return guarding.caller(request.META)
