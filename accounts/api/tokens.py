"""Pairs of tokens: an access token for 15 minutes, a refresh token for 7 days that works once.

What `accounts.services.families` says of them holds; a token carries the id of its family.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from accounts.api.authentication import FAMILY
from accounts.models import User
from accounts.services import families

Pair = dict[str, str]


class NotValid(Exception):
    """The refresh token is none of ours, has ended, or was used."""


def start(user: User, *, now: datetime) -> Pair:
    """Return the first pair of a new family."""
    refresh = RefreshToken.for_user(user)
    family = families.start(user=user, token_id=refresh["jti"], until=_end(refresh), now=now)
    refresh[FAMILY] = str(family.id)
    return _pair(refresh)


def renew(sent: str, *, now: datetime) -> Pair:
    """Exchange a refresh token for a new pair; raises NotValid, and ends what was copied."""
    old, family = _read(sent)
    new = RefreshToken()
    try:
        user = families.renew(
            family=family, token_id=old["jti"], new_token_id=new["jti"], until=_end(new), now=now
        )
    except families.Ended as problem:
        raise NotValid from problem
    if old.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        families.end(family=family, now=now)  # changed by a way that ends no families
        raise NotValid
    for claim in (FAMILY, api_settings.USER_ID_CLAIM, api_settings.REVOKE_TOKEN_CLAIM):
        new[claim] = old[claim]
    return _pair(new)


def end(sent: str, *, now: datetime) -> None:
    """End the family of a refresh token, whichever of it this is; one that ended is well."""
    try:
        _, family = _read(sent)
    except NotValid:
        return
    families.end(family=family, now=now)


def _read(sent: str) -> tuple[RefreshToken, UUID]:
    try:
        token = RefreshToken(sent)  # type: ignore[arg-type]
        return token, UUID(token[FAMILY])
    except (TokenError, KeyError, ValueError, TypeError, AttributeError) as problem:
        raise NotValid from problem


def _end(token: Any) -> datetime:
    return datetime.fromtimestamp(token["exp"], UTC)


def _pair(refresh: RefreshToken) -> Pair:
    return {"access": str(refresh.access_token), "refresh": str(refresh)}
