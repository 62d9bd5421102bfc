"""Administrators let people in, give them roles, bar them, and help who has lost his device.

Nobody is deleted: what somebody did stays his. The last administrator stays one, for nobody
could let another in.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.choices import LetterKind, UserRole
from accounts.models import User
from accounts.services import families, mail, second_factor


class Known(Exception):
    """There is a user with this address."""


class NothingHeld(Exception):
    """There is no second factor to take away."""


class OneselfInstead(Exception):
    """One removes one's own second factor by one's password."""


class LastAdmin(Exception):
    """Nobody would be left who administers."""


@transaction.atomic
def invite(
    *, email: str, role: UserRole, now: datetime, first_name: str = "", last_name: str = ""
) -> User:
    """Make a user without a password, and ask for the mail that lets him choose one.

    Raises Known.
    """
    try:
        with transaction.atomic():
            user = User.objects.create_user(
                email, role=role, first_name=first_name, last_name=last_name
            )
    except IntegrityError as problem:
        raise Known from problem
    mail.ask(kind=LetterKind.INVITED, address=user.email, now=now)
    return user


@transaction.atomic
def reset_second_factor(*, user: User, by: str, now: datetime) -> None:
    """Take away the second factor of somebody who has lost it; a mail tells him.

    His tokens end, for they may lie on what he has lost. `by` is the address of whoever does it:
    nobody does it to himself, for that takes a password. Raises OneselfInstead or NothingHeld.
    """
    if by.lower() == user.email.lower():
        raise OneselfInstead
    if not second_factor.forget(user=user):
        raise NothingHeld
    families.end_all(user=user, now=now)
    mail.ask(kind=LetterKind.FACTOR_RESET, address=user.email, now=now)


@transaction.atomic
def change(
    *,
    user: User,
    now: datetime,
    role: UserRole | None = None,
    is_active: bool | None = None,
    first_name: str | None = None,
    last_name: str | None = None,
) -> User:
    """Change what is given; whoever is barred is signed out everywhere. Raises LastAdmin."""
    wanted = {
        "role": role,
        "is_active": is_active,
        "first_name": first_name,
        "last_name": last_name,
    }
    given = {name: value for name, value in wanted.items() if value is not None}
    keep_an_admin(user=user, role=role, is_active=is_active)
    if given:
        User.objects.filter(pk=user.pk).update(**given)
    if is_active is False:
        families.end_all(user=user, now=now)
    return User.objects.get(pk=user.pk)


def keep_an_admin(*, user: User, role: str | None = None, is_active: bool | None = None) -> None:
    """Raise LastAdmin when a change would leave none; part of the caller's transaction.

    All administrators are locked until its end, so that two cannot bar each other at once.
    """
    admins = User.objects.select_for_update().filter(role=UserRole.ADMIN, is_active=True)
    locked = {admin.pk for admin in admins.order_by("pk")}
    goes = (role is not None and role != UserRole.ADMIN) or is_active is False
    if goes and locked == {user.pk}:
        raise LastAdmin
