"""Mails of accounts: asked for by whoever answers a person, written and sent a little later.

So no answer waits for a mail server, and none takes longer for an address that is known. Links
are made when the mail is written; none is kept.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core.mail import send_mail
from django.db.models.functions import Lower
from django.template.loader import render_to_string

from accounts.choices import LetterKind
from accounts.models import Letter, Registration, User
from accounts.services import proofs

log = logging.getLogger(__name__)

LEASE: Final = timedelta(minutes=2)  # a sender that died leaves its mail to the next
MOST_ATTEMPTS: Final = 8  # doubling from two minutes: given up after half a day
KEPT: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Draft:
    """Which template speaks, and what it is told."""

    template: str
    words: dict[str, Any]


def ask(*, kind: LetterKind, address: str, now: datetime) -> None:
    """Ask for a mail."""
    Letter.objects.create(kind=kind, address=address, asked_at=now, due_at=now)


def send_due(*, now: datetime, most: int = 100) -> int:
    """Send what is due and return how many went out; a mail is sent twice only by a crash."""
    Letter.objects.filter(done_at__lt=now - KEPT).delete()
    due = Letter.objects.filter(done_at=None, due_at__lte=now).order_by("due_at")[:most]
    return sum(_send(letter, now=now) for letter in list(due))


def _send(letter: Letter, *, now: datetime) -> bool:
    wait = LEASE * 2**letter.attempts
    mine = Letter.objects.filter(pk=letter.pk, done_at=None, attempts=letter.attempts)
    if not mine.update(due_at=now + wait, attempts=letter.attempts + 1):
        return False
    draft = _draft(letter, now=now)
    is_last = letter.attempts + 1 >= MOST_ATTEMPTS
    sent = draft is not None and _post(draft, letter)
    if sent or draft is None or is_last:
        Letter.objects.filter(pk=letter.pk).update(done_at=now)
    return sent


def _post(draft: Draft, letter: Letter) -> bool:
    subject, _, body = render_to_string(draft.template, draft.words).strip().partition("\n")
    try:
        send_mail(
            subject.strip(), body.strip() + "\n", settings.DEFAULT_FROM_EMAIL, [letter.address]
        )
    except Exception as problem:  # noqa: BLE001 each backend has errors of its own
        log.warning("mail %s was not sent and will be tried again: %s", letter.pk, problem)
        return False
    return True


def _draft(letter: Letter, *, now: datetime) -> Draft | None:
    """Return what to write, or None where there is nothing to say to that address."""
    known = User.objects.alias(lowered=Lower("email")).filter(lowered=letter.address.lower())
    user = known.filter(is_active=True).first()
    if letter.kind == LetterKind.CONFIRM:
        return _confirmation(letter.address, user, now=now)
    if user is None:
        return None
    template, link = f"accounts/mail/{letter.kind}.txt", _LINKS[LetterKind(letter.kind)]
    return Draft(template, {"user": user, "link": url(link(user, now))})


def _choice(purpose: proofs.Purpose) -> Callable[[User, datetime], str]:
    return lambda user, now: f"reset-password/{proofs.of_user(purpose, user, now=now)}/"


_LINKS: Final[dict[LetterKind, Callable[[User, datetime], str]]] = {
    LetterKind.RESET: _choice(proofs.Purpose.RESET),
    LetterKind.INVITED: _choice(proofs.Purpose.INVITE),
    LetterKind.CHANGED: lambda user, now: "forgot-password/",
    LetterKind.FACTOR_RESET: lambda user, now: "account/second-factor/",
}


def _confirmation(address: str, user: User | None, *, now: datetime) -> Draft | None:
    if user is not None:
        return Draft("accounts/mail/known.txt", {"user": user, "link": url("forgot-password/")})
    wish = Registration.objects.filter(email=address.lower(), confirmed_at=None).last()
    if wish is None:
        return None
    link = url(f"verify-email/{proofs.of_registration(wish, now=now)}/")
    return Draft("accounts/mail/confirm.txt", {"link": link})


def url(path: str) -> str:
    """Return the address of a page for people who read it elsewhere."""
    return f"{settings.SEGS_SITE_URL}/{path}"
