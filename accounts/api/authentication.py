"""Who sends a token: one question to the database, and his language and zone from then on."""

from typing import Any

from django.db.models import Exists
from django.utils.translation import gettext as _
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import TokenFamily, User
from segs_site.lib import manners

FAMILY = "family"  # the claim that names the sign-in a token descends from


class ByToken(JWTAuthentication):
    """Takes access tokens until they end, or their sign-in does."""

    def authenticate(self, request: Request) -> tuple[Any, Token] | None:
        """See `JWTAuthentication`; the answer is in the person's language and zone."""
        found = super().authenticate(request)
        if found is not None:
            manners.speak_to(found[0])
        return found

    def get_user(self, validated_token: Token) -> Any:
        """Return whose token it is; raises AuthenticationFailed."""
        user = _user(validated_token)
        if user is None:
            raise AuthenticationFailed(_("User not found"), "user_not_found")
        if not user.is_active:
            raise AuthenticationFailed(_("User is inactive"), "user_inactive")
        if user.__dict__["has_left"]:
            raise AuthenticationFailed(_("This sign-in has ended."), "token_not_valid")
        under = validated_token.get(api_settings.REVOKE_TOKEN_CLAIM)
        if under != get_md5_hash_password(user.password):
            raise AuthenticationFailed(_("The password has changed."), "password_changed")
        return user


class ByTokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """Tells the API's description that these are the tokens it knows."""

    target_class = "accounts.api.authentication.ByToken"


def _user(token: Token) -> Any:
    """Return the user of a token with his preferences, and whether the sign-in has ended."""
    ended = TokenFamily.objects.filter(pk=token.get(FAMILY)).exclude(ended_at=None)
    users = User.objects.select_related("preferences").annotate(has_left=Exists(ended))
    return users.filter(pk=token.get(api_settings.USER_ID_CLAIM)).first()
