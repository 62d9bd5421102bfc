"""Tokens of the API by the sign-in they descend from.

Each refresh token works once. One that comes again was copied, or its answer was lost on the
way; nobody can tell which, so its whole family ends and the person signs in anew. That holds for
two at the same moment too: a client must not refresh twice at once (RFC 9700, 4.14.2).
"""

from datetime import datetime
from uuid import UUID

from accounts.models import TokenFamily, User


class Ended(Exception):
    """The family has ended: by sign-out, a changed password, or a token used twice."""


def start(*, user: User, token_id: str, until: datetime, now: datetime) -> TokenFamily:
    """Begin the family of a sign-in; forgets those of the user whose time is over."""
    TokenFamily.objects.filter(user=user, until__lte=now).delete()
    return TokenFamily.objects.create(user=user, token_id=token_id, started_at=now, until=until)


def renew(
    *, family: UUID, token_id: str, new_token_id: str, until: datetime, now: datetime
) -> User:
    """Put the new refresh token into the place of the old one and return whose it is.

    Raises Ended. A token that is not the one in place ends the family; so this runs in no
    transaction that the refusal would roll back.
    """
    in_place = TokenFamily.objects.filter(pk=family, ended_at=None, token_id=token_id)
    if in_place.update(token_id=new_token_id, until=until):
        user = TokenFamily.objects.select_related("user").get(pk=family).user
        if user.is_active:
            return user
    end(family=family, now=now)
    raise Ended


def end(*, family: UUID, now: datetime) -> None:
    """End one family; ending twice keeps the first moment."""
    TokenFamily.objects.filter(pk=family, ended_at=None).update(ended_at=now)


def end_all(*, user: User, now: datetime) -> None:
    """End every family of a user."""
    TokenFamily.objects.filter(user=user, ended_at=None).update(ended_at=now)
