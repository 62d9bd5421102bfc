"""Passkeys (WebAuthn level 2): the device signs what it is asked, for our site alone.

Options and answers are the JSON of the standard's `PublicKeyCredential.toJSON`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import Passkey, PasskeyChallenge, User

PATIENCE: Final = timedelta(minutes=5)
MOST: Final = 20  # a person's; each costs room in every sign-in


class Refused(Exception):
    """The device's answer does not fit what it was asked, or is unreadable, late or used."""


class TooMany(Exception):
    """The person has as many passkeys as we keep."""


def ask_for_new(*, user: User, now: datetime) -> dict[str, Any]:
    """Return what the browser's `navigator.credentials.create` takes; raises TooMany."""
    held = _credentials(user)
    if len(held) >= MOST:
        raise TooMany
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(
            # Of no meaning to others, and the same for all keys of the person.
            id=f"segs-user-{user.pk}".encode(),
            name=user.email,
            display_name=user.get_full_name() or user.email,
        ),
        credentials=held,
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    _remember(user, state, is_for_new=True, now=now)
    return dict(options.public_key)


def add(*, user: User, name: str, answer: Mapping[str, Any], now: datetime) -> Passkey:
    """Keep the key that a device made; raises Refused."""
    try:
        response = RegistrationResponse.from_dict(answer)
        state = _recall(user, response.response.client_data, is_for_new=True, now=now)
        made = _server().register_complete(state, response)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise Refused from problem
    credential = made.credential_data
    if credential is None:
        raise Refused
    row, is_new = Passkey.objects.get_or_create(
        credential_id=credential.credential_id,
        defaults={
            "user": user,
            "name": name,
            "credential": bytes(credential),
            "uses": made.counter,
            "created_at": now,
        },
    )
    if not is_new:
        raise Refused
    return row


def ask_for_proof(*, user: User, now: datetime) -> dict[str, Any]:
    """Return what the browser's `navigator.credentials.get` takes."""
    options, state = _server().authenticate_begin(
        credentials=_credentials(user), user_verification=UserVerificationRequirement.PREFERRED
    )
    _remember(user, state, is_for_new=False, now=now)
    return dict(options.public_key)


def use(*, user: User, answer: Mapping[str, Any], now: datetime) -> None:
    """Take what a device signed, once; raises Refused.

    A device's counter that does not grow tells of a copy of the key, and is refused.
    """
    try:
        response = AuthenticationResponse.from_dict(answer)
        state = _recall(user, response.response.client_data, is_for_new=False, now=now)
        used = _server().authenticate_complete(state, _credentials(user), response)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise Refused from problem
    count = response.response.authenticator_data.counter
    row = Passkey.objects.filter(user=user, credential_id=used.credential_id)
    fresh = row.filter(uses__lt=count) if count else row.filter(uses=0)
    if not fresh.update(uses=count, used_at=now):
        raise Refused


def _server() -> Fido2Server:
    site = urlsplit(settings.SEGS_SITE_URL)
    party = PublicKeyCredentialRpEntity(id=site.hostname or "", name="SEGS")
    origin = f"{site.scheme}://{site.netloc}"
    return Fido2Server(party, verify_origin=lambda named: named == origin)


def _credentials(user: User) -> list[AttestedCredentialData]:
    rows = Passkey.objects.filter(user=user).values_list("credential", flat=True)
    return [AttestedCredentialData(bytes(row)) for row in rows]


def _remember(user: User, state: Any, *, is_for_new: bool, now: datetime) -> None:
    PasskeyChallenge.objects.filter(until__lte=now).delete()
    PasskeyChallenge.objects.create(
        user=user, challenge=state["challenge"], is_for_new=is_for_new, until=now + PATIENCE
    )


def _recall(
    user: User, client: CollectedClientData, *, is_for_new: bool, now: datetime
) -> dict[str, Any]:
    challenge = websafe_encode(client.challenge)
    asked = PasskeyChallenge.objects.filter(
        user=user, challenge=challenge, is_for_new=is_for_new, until__gt=now
    )
    if not asked.delete()[0]:
        raise Refused
    return {"challenge": challenge, "user_verification": UserVerificationRequirement.PREFERRED}
