"""A second proof beside the password: a code of an app, a passkey, or a recovery code."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import Passkey, RecoveryCode, Totp, User
from accounts.services import factors, guarding, one_time_codes, passkeys

RECOVERY_CODES: Final = 10
ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
RECOVERY_LENGTH: Final = 12  # 59 bits


class WrongProof(Exception):
    """The code or the passkey's answer is not right, or was used."""


class StillRequired(Exception):
    """It is the last second factor of somebody who may not go without one."""


def prove_by_code(*, user: User, code: str, now: datetime) -> None:
    """Take a code of the app, or a recovery code; raises WrongProof or Locked."""
    guarding.claim(guarding.CODES, str(user.pk), now=now)
    plain = "".join(code.split()).replace("-", "").lower()
    if plain.isdigit():
        _take_app_code(user, plain, now=now)
    else:
        _take_recovery_code(user, plain, now=now)
    guarding.clear(guarding.CODES, str(user.pk))


def prove_by_passkey(*, user: User, answer: Mapping[str, Any], now: datetime) -> None:
    """Take what a passkey signed; raises WrongProof or Locked."""
    guarding.claim(guarding.CODES, str(user.pk), now=now)
    try:
        passkeys.use(user=user, answer=answer, now=now)
    except passkeys.Refused as problem:
        raise WrongProof from problem
    guarding.clear(guarding.CODES, str(user.pk))


def confirm_app(*, user: User, code: str, now: datetime) -> list[str]:
    """Turn the app's codes on; returns recovery codes, if these are the first.

    Raises WrongProof, Locked, or NotBegun.
    """
    guarding.claim(guarding.CODES, str(user.pk), now=now)
    try:
        one_time_codes.confirm(user=user, code="".join(code.split()), now=now)
    except one_time_codes.WrongCode as problem:
        raise WrongProof from problem
    guarding.clear(guarding.CODES, str(user.pk))
    return _first_recovery_codes(user)


def add_passkey(*, user: User, name: str, answer: Mapping[str, Any], now: datetime) -> list[str]:
    """Keep a passkey; returns recovery codes, if these are the first; raises WrongProof."""
    try:
        passkeys.add(user=user, name=name, answer=answer, now=now)
    except passkeys.Refused as problem:
        raise WrongProof from problem
    return _first_recovery_codes(user)


@transaction.atomic
def remove_app(*, user: User) -> None:
    """Turn the app's codes off; raises StillRequired."""
    one_time_codes.remove(user=user)
    _settle(user)


@transaction.atomic
def remove_passkey(*, user: User, passkey_id: int) -> bool:
    """Forget a passkey; returns whether there was such a one; raises StillRequired."""
    gone, _ = Passkey.objects.filter(user=user, pk=passkey_id).delete()
    _settle(user)
    return gone > 0


@transaction.atomic
def forget(*, user: User) -> bool:
    """Forget all that proves the person beside the password; tells whether there was anything."""
    rows = (Totp, Passkey, RecoveryCode)
    gone = [row._default_manager.filter(user=user).delete()[0] for row in rows]
    return any(gone)


@transaction.atomic
def renew_recovery_codes(*, user: User) -> list[str]:
    """Make recovery codes in place of those that were; they are shown this once."""
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=_digest(code.replace("-", ""))) for code in codes
    )
    return codes


def _first_recovery_codes(user: User) -> list[str]:
    if RecoveryCode.objects.filter(user=user).exists():
        return []
    return renew_recovery_codes(user=user)


def _settle(user: User) -> None:
    if factors.held(user).is_on:
        return
    if factors.is_required(user):
        raise StillRequired
    RecoveryCode.objects.filter(user=user).delete()


def _take_app_code(user: User, code: str, *, now: datetime) -> None:
    try:
        one_time_codes.use(user=user, code=code, now=now)
    except one_time_codes.WrongCode as problem:
        raise WrongProof from problem


def _take_recovery_code(user: User, code: str, *, now: datetime) -> None:
    unused = RecoveryCode.objects.filter(user=user, digest=_digest(code), used_at=None)
    if not unused.update(used_at=now):
        raise WrongProof


def _recovery_code() -> str:
    letters = "".join(secrets.choice(ALPHABET) for _ in range(RECOVERY_LENGTH))
    return "-".join(letters[place : place + 4] for place in range(0, RECOVERY_LENGTH, 4))


def _digest(code: str) -> str:
    return salted_hmac("accounts.recovery_code", code, algorithm="sha256").hexdigest()
