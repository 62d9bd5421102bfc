"""The first step of signing in, the same for pages and API."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from django.contrib.auth import authenticate
from django.contrib.auth.backends import ModelBackend

from accounts.models import User
from accounts.services import factors, guarding
from segs_site.lib import access


class People(ModelBackend):
    """Finds the person of a session, with what he prefers, by one question."""

    def get_user(self, user_id: int) -> User | None:
        """Return the user, unless he is barred."""
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class WrongCredentials(Exception):
    """Address and password do not belong together, or the person is barred: nobody is told."""


class Next(Enum):
    """What is left to do after the right password."""

    ENTER = auto()
    SECOND_STEP = auto()
    ENROL = auto()


@dataclass(frozen=True, slots=True)
class Admission:
    """Who gave the right password, and what he does next."""

    user: User
    next: Next


def by_password(*, email: str, password: str, address: str, now: datetime) -> Admission:
    """Return who it is; raises WrongCredentials, or Locked by account or network address.

    A failure takes the same time and reads the same whether the address is known or not.
    """
    guarding.claim(guarding.PASSWORDS_OF_ADDRESS, address, now=now)
    guarding.claim(guarding.PASSWORDS_OF_ACCOUNT, email, now=now)
    user = authenticate(None, username=email, password=password)
    if user is None or access.is_known_to_everybody(user.email):
        raise WrongCredentials
    guarding.clear(guarding.PASSWORDS_OF_ACCOUNT, email)
    guarding.give_back(guarding.PASSWORDS_OF_ADDRESS, address)
    return Admission(user, _next(user))


def _next(user: User) -> Next:
    if factors.held(user).is_on:
        return Next.SECOND_STEP
    return Next.ENROL if factors.is_required(user) else Next.ENTER
