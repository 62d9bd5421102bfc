"""Short-lived proofs that somebody carries, such as the link of a mail.

Signed, kept nowhere. A proof holds a fingerprint of the password it was given under, so that a
changed password ends all that are under way; a link to choose a new one works once by that.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from accounts.models import Registration, User


class Purpose(StrEnum):
    """What a proof is good for; one does not do for another."""

    RESET = "reset"
    INVITE = "invite"
    SECOND_STEP = "second-step"
    ENROL = "enrol"
    CONFIRM = "confirm"


LIFETIMES: Final = {
    Purpose.RESET: timedelta(hours=1),
    Purpose.INVITE: timedelta(days=7),
    Purpose.SECOND_STEP: timedelta(minutes=5),
    Purpose.ENROL: timedelta(minutes=20),
    Purpose.CONFIRM: timedelta(days=2),
}


class Invalid(Exception):
    """Nobody of ours wrote this proof, or it was written for something else."""


class Expired(Exception):
    """The proof's time is over."""


class Used(Exception):
    """The proof was used, or the password has changed since."""


def of_user(purpose: Purpose, user: User, *, now: datetime) -> str:
    """Return a proof that whoever holds it is `user`."""
    return _write(purpose, {"id": user.pk, "key": _fingerprint(user)}, now=now)


def of_registration(registration: Registration, *, now: datetime) -> str:
    """Return a proof that whoever holds it reads the mail of the registration's address."""
    return _write(Purpose.CONFIRM, {"id": registration.pk}, now=now)


def user(purpose: Purpose, proof: str, *, now: datetime) -> User:
    """Return whose proof it is; raises Invalid, Expired or Used."""
    held = _read(purpose, proof, now=now)
    found = User.objects.filter(pk=held["id"], is_active=True).first()
    if found is None or not constant_time_compare(held["key"], _fingerprint(found)):
        raise Used
    return found


def chooser(proof: str, *, now: datetime) -> User:
    """Return who may choose a password by a link, asked for or sent by an administrator.

    Raises Invalid, Expired or Used.
    """
    try:
        return user(Purpose.RESET, proof, now=now)
    except Invalid:
        return user(Purpose.INVITE, proof, now=now)


def registration_id(proof: str, *, now: datetime) -> int:
    """Return which registration a link confirms; raises Invalid or Expired."""
    return int(_read(Purpose.CONFIRM, proof, now=now)["id"])


def _write(purpose: Purpose, held: dict[str, Any], *, now: datetime) -> str:
    until = now + LIFETIMES[purpose]
    return signing.dumps(held | {"until": int(until.timestamp())}, salt=_salt(purpose))


def _read(purpose: Purpose, proof: str, *, now: datetime) -> dict[str, Any]:
    try:
        held: dict[str, Any] = signing.loads(proof, salt=_salt(purpose))
    except signing.BadSignature as problem:
        raise Invalid from problem
    if datetime.fromtimestamp(held["until"], UTC) <= now:
        raise Expired
    return held


def _salt(purpose: Purpose) -> str:
    return f"accounts.proofs.{purpose}"


def _fingerprint(user: User) -> str:
    return salted_hmac("accounts.proofs", user.password, algorithm="sha256").hexdigest()[:32]
