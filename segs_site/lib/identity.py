"""Who is behind a socket: the session's user or the token's.

A request is asked once, a socket lives for hours: whoever holds one asks again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.settings import api_settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

_sessions = import_module(settings.SESSION_ENGINE)


class NotSignedIn(Exception):
    """There is no valid session or token, or its user may not sign in any more."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in user; `until` is when the token ends, None for a session."""

    user: Any
    until: datetime | None = None


def by_token(token: str) -> Visitor:
    """Return whom an access token names; raises NotSignedIn."""
    try:
        valid = AccessToken(token)  # type: ignore[arg-type]
        user = _reader().get_user(valid)
    except (TokenError, AuthenticationFailed) as problem:
        raise NotSignedIn from problem
    return Visitor(user, datetime.fromtimestamp(valid["exp"], UTC))


def _reader() -> Any:
    """Return what reads the API's tokens, so that what ends one ends it here too."""
    kinds: Any = api_settings.DEFAULT_AUTHENTICATION_CLASSES
    return next(kind for kind in kinds if hasattr(kind, "get_validated_token"))()


def by_session(key: str) -> Visitor:
    """Return whom a session key belongs to; raises NotSignedIn.

    A changed password ends the session here as it does on pages.
    """
    request = HttpRequest()
    request.session = _sessions.SessionStore(key)
    user = auth.get_user(request)
    if not user.is_authenticated:
        raise NotSignedIn
    return Visitor(user)
