"""Codes of an authenticator app (TOTP, RFC 6238): six digits, 30 s, SHA-1, as every app knows."""

import secrets
from datetime import datetime
from typing import Final

from cryptography.fernet import MultiFernet
from cryptography.hazmat.primitives.constant_time import bytes_eq
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from accounts.models import Totp, User
from segs_site.lib import vault

DIGITS, STEP_S, SECRET_BYTES = 6, 30, 20
ISSUER: Final = "SEGS"
TOLERATED_STEPS: Final = (0, -1, 1)  # a telephone's clock may be half a minute off


class WrongCode(Exception):
    """The code is none of now, or was used."""


class NotBegun(Exception):
    """There is no secret to confirm, or it is confirmed already."""


def begin(*, user: User) -> str:
    """Make a secret and return the address that an app reads from a QR code.

    It counts once `confirm` was called with a code; beginning again replaces it until then.
    Raises NotBegun where codes are on already.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    sealed = _vault().encrypt(secret)
    row, is_new = Totp.objects.get_or_create(user=user, defaults={"secret": sealed})
    waiting = Totp.objects.filter(pk=row.pk, confirmed_at=None)
    if not is_new and not waiting.update(secret=sealed):
        raise NotBegun
    return _generator(secret).get_provisioning_uri(user.email, ISSUER)


def confirm(*, user: User, code: str, now: datetime) -> None:
    """Turn codes on: the app has shown that it knows the secret; raises WrongCode or NotBegun."""
    row = Totp.objects.filter(user=user, confirmed_at=None).first()
    if row is None:
        raise NotBegun
    _use(row, code, now=now)
    Totp.objects.filter(pk=row.pk).update(confirmed_at=now)


def use(*, user: User, code: str, now: datetime) -> None:
    """Take a code, once; raises WrongCode."""
    row = Totp.objects.filter(user=user).exclude(confirmed_at=None).first()
    if row is None:
        raise WrongCode
    _use(row, code, now=now)


def remove(*, user: User) -> None:
    """Turn codes off."""
    Totp.objects.filter(user=user).delete()


def _use(row: Totp, code: str, *, now: datetime) -> None:
    step = _step(_generator(_vault().decrypt(bytes(row.secret))), code, now=now)
    if step is None:
        raise WrongCode
    # What somebody saw over a shoulder has been used; so has every code before it.
    if not Totp.objects.filter(pk=row.pk, last_step__lt=step).update(last_step=step):
        raise WrongCode


def _step(generator: TOTP, code: str, *, now: datetime) -> int | None:
    digits = code.encode()
    present = int(now.timestamp()) // STEP_S
    for step in (present + offset for offset in TOLERATED_STEPS):
        if bytes_eq(generator.generate(step * STEP_S), digits):
            return step
    return None


def _generator(secret: bytes) -> TOTP:
    return TOTP(secret, DIGITS, SHA1(), STEP_S)  # noqa: S303 what apps know; HMAC keeps it sound


def _vault() -> MultiFernet:
    return vault.of("accounts.one_time_codes")
