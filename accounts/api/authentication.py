"""Who sends a token: one question to the database, and his language and zone from then on."""

from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from drf_spectacular.contrib.rest_framework_simplejwt import SimpleJWTScheme
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import Token
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.models import Preferences, User
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
        found = _user(validated_token)
        if found is None:
            raise AuthenticationFailed(_("User not found"), "user_not_found")
        user, has_left = found
        if not user.is_active:
            raise AuthenticationFailed(_("User is inactive"), "user_inactive")
        if has_left:
            raise AuthenticationFailed(_("This sign-in has ended."), "token_not_valid")
        under = validated_token.get(api_settings.REVOKE_TOKEN_CLAIM)
        if under != get_md5_hash_password(user.password):
            raise AuthenticationFailed(_("The password has changed."), "password_changed")
        return user


class ByTokenScheme(SimpleJWTScheme):  # type: ignore[no-untyped-call]
    """Tells the API's description that these are the tokens it knows."""

    target_class = "accounts.api.authentication.ByToken"


# Asked with every request, so put together once: that costs the ORM more than the answer.
_PERSON = tuple(field.attname for field in User._meta.concrete_fields)
_MANNERS = tuple(field.attname for field in Preferences._meta.concrete_fields)
_WHO = f"""
SELECT {", ".join(f'u."{name}"' for name in _PERSON)},
       {", ".join(f'p."{name}"' for name in _MANNERS)},
       EXISTS (SELECT 1 FROM accounts_tokenfamily
               WHERE id = %(family)s::uuid AND ended_at IS NOT NULL) AS has_left
FROM accounts_user u LEFT JOIN accounts_preferences p ON p.user_id = u.id
WHERE u.id = %(user)s::bigint
"""  # noqa: S608 put together from our own columns


def _user(token: Token) -> tuple[User, bool] | None:
    """Return the user of a token with his preferences, and whether the sign-in has ended."""
    named = {"user": token.get(api_settings.USER_ID_CLAIM), "family": token.get(FAMILY)}
    with connection.cursor() as cursor:
        cursor.execute(_WHO, named)
        row = cursor.fetchone()
    if row is None:
        return None
    user = User.from_db(connection.alias, _PERSON, row[: len(_PERSON)])
    chosen = row[len(_PERSON) : -1]
    has_chosen = chosen[_MANNERS.index("user_id")] is not None
    user._state.fields_cache["preferences"] = (
        Preferences.from_db(connection.alias, _MANNERS, chosen) if has_chosen else None
    )
    return user, row[-1]
