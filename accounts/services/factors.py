"""What a person can prove himself with beside the password, and whether he must."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from accounts.models import Passkey, RecoveryCode, Totp, User
from accounts.services import proofs
from segs_site.lib.access import Role


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """What a person can prove himself with, beside the password."""

    has_app: bool
    passkeys: tuple[Passkey, ...]
    recovery_codes_left: int

    @property
    def is_on(self) -> bool:
        """Tell whether a sign-in asks for it; recovery codes alone are none."""
        return self.has_app or bool(self.passkeys)

    @property
    def methods(self) -> list[str]:
        """Return what may be sent, by its code."""
        held = {
            "totp": self.has_app,
            "passkey": bool(self.passkeys),
            "recovery_code": self.recovery_codes_left > 0,
        }
        return [name for name, is_held in held.items() if is_held]


def held(user: User) -> SecondFactor:
    """Return what the person has turned on."""
    return SecondFactor(
        has_app=Totp.objects.filter(user=user).exclude(confirmed_at=None).exists(),
        passkeys=tuple(Passkey.objects.filter(user=user)),
        recovery_codes_left=RecoveryCode.objects.filter(user=user, used_at=None).count(),
    )


def is_required(user: User) -> bool:
    """Tell whether this person may not go without a second factor."""
    return bool(settings.SEGS_REQUIRE_SECOND_FACTOR) and user.role != Role.CUSTOMER


def enrolling(proof: str, *, now: datetime) -> User:
    """Return who was sent to enrol; raises what `proofs` raises.

    Once there is a factor the proof is used up: adding another takes a full sign-in.
    """
    user = proofs.user(proofs.Purpose.ENROL, proof, now=now)
    if held(user).is_on:
        raise proofs.Used
    return user
