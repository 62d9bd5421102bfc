"""Brings bills to customers: by e-mail, and on paper where that does not arrive.

A row for each bill and way, made when its document is drawn. A mail is sent twice only by a
crash between the server's answer and ours, and then has the same Message-ID.
"""

import logging
import smtplib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import translation

from accounts.models import Preferences
from billing import bounces
from billing.choices import DeliveryState, DeliveryWay
from billing.documents import letters
from billing.models import Delivery, Invoice, InvoiceDocument
from billing.models.deliveries import BILL

log = logging.getLogger(__name__)

ATTACHED, LINKED, OFF = "attachment", "link", "off"  # of SEGS_BILL_MAIL
LEASE: Final = timedelta(minutes=2)  # doubled by each attempt: given up after half a day
MOST_ATTEMPTS: Final = 8
PERMANENT: Final = 500  # SMTP's answers from here on are final
TIMEOUT_S: Final = 10
VOID = "made void before it went out"


class NotTroubled(Exception):
    """The delivery arrived, waits, or was seen before."""


def want(*, invoice: Invoice, now: datetime) -> Delivery:
    """Let a bill go to its customer once, by the way that he can be reached."""
    address = address_of(invoice)
    way = DeliveryWay.MAIL if address else DeliveryWay.PRINT
    return _queue(invoice, way, address=address, now=now)


def address_of(invoice: Invoice) -> str:
    """Return where a bill is mailed to; "" where it goes on paper.

    That is: no login, a customer who wants no such mails, an address that bounced, or no mails
    of bills at all.
    """
    user = invoice.account.customer.user
    if settings.SEGS_BILL_MAIL == OFF or user is None or not user.is_active:
        return ""
    if Preferences.objects.filter(user=user, notify_bills=False).exists():
        return ""
    is_bad = Delivery.objects.filter(
        state=DeliveryState.BOUNCED, address__iexact=user.email, seen_at=None
    ).exists()
    return "" if is_bad else str(user.email)


def _queue(invoice: Invoice, way: DeliveryWay, *, address: str = "", now: datetime) -> Delivery:
    is_mail = way == DeliveryWay.MAIL
    made, _ = Delivery.objects.get_or_create(
        invoice=invoice,
        level=BILL,
        way=way,
        defaults={
            "address": address,
            "message_id": f"{bounces.MARK}{uuid.uuid4().hex}" if is_mail else None,
            "wanted_at": now,
            "due_at": now,
        },
    )
    return made


def send_due(*, now: datetime, limit: int) -> int:
    """Send mails that are due, at most `limit`, over one connection; return how many went out."""
    due = Delivery.objects.to_mail().filter(due_at__lte=now).order_by("due_at", "pk")
    rows = list(due.select_related("invoice__account__customer__user")[:limit])
    if not rows:
        return 0
    connection = get_connection(timeout=TIMEOUT_S)
    try:
        return sum(_send(row, connection, now=now) for row in rows)
    finally:
        _close(connection)


def _send(row: Delivery, connection: BaseEmailBackend, *, now: datetime) -> bool:
    mine = Delivery.objects.filter(
        pk=row.pk, state=DeliveryState.QUEUED, attempts=row.attempts
    ).update(due_at=now + LEASE * 2**row.attempts, attempts=row.attempts + 1)
    if not mine:
        return False
    if not Invoice.objects.live().filter(pk=row.invoice_id).exists():
        _fail(row, VOID, now=now, on_paper=False)
        return False
    try:
        connection.open()  # else each mail opens and closes one of its own
        _mail(row, connection).send()
    except Exception as problem:  # noqa: BLE001 each backend has errors of its own
        fault = _judged(problem)
        log.warning("bill %s was not mailed: %s", row.invoice_id, fault)
        if _is_permanent(problem) or row.attempts + 1 >= MOST_ATTEMPTS:
            _fail(row, fault, now=now)
        else:
            Delivery.objects.filter(pk=row.pk).update(fault=fault)
    else:
        Delivery.objects.filter(pk=row.pk).update(state=DeliveryState.SENT, sent_at=now, fault="")
        return True
    return False


def _mail(row: Delivery, connection: BaseEmailBackend) -> EmailMessage:
    document = InvoiceDocument.objects.drawn().get(invoice=row.invoice_id)
    is_attached = settings.SEGS_BILL_MAIL == ATTACHED
    link = f"{settings.SEGS_SITE_URL}/bills/{row.invoice_id}/"
    with translation.override(document.language or settings.LANGUAGE_CODE):
        letter = letters.of_bill(row.invoice, link=link, is_attached=is_attached)
    _, sender = parseaddr(settings.SEGS_MAIL_FROM)
    mail = EmailMessage(
        letter.subject,
        letter.text,
        settings.DEFAULT_FROM_EMAIL,
        [row.address],
        connection=connection,
        headers={
            "Message-ID": f"<{row.message_id}@{sender.partition('@')[2] or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    if is_attached:
        mail.attach(f"{row.invoice.number}.pdf", bytes(document.pdf or b""), "application/pdf")
    return mail


def _judged(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:300]


def _is_permanent(problem: Exception) -> bool:
    if isinstance(problem, smtplib.SMTPRecipientsRefused):
        return min((code for code, _ in problem.recipients.values()), default=0) >= PERMANENT
    return isinstance(problem, smtplib.SMTPDataError) and problem.smtp_code >= PERMANENT


@transaction.atomic
def _fail(row: Delivery, fault: str, *, now: datetime, on_paper: bool = True) -> None:
    """Give a mail up; the bill goes on paper then, and the clerk is told."""
    seen = {} if on_paper else {"seen_at": now, "seen_by": "void"}
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.FAILED, fault=fault[:300], **seen
    )
    if on_paper:
        _queue(row.invoice, DeliveryWay.PRINT, now=now)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of a message: bills that bounced, delays that were noted, and what is unknown."""

    bounced: int = 0
    delayed: int = 0
    unknown: int = 0


def take_bounce(*, content: bytes, now: datetime) -> Returned:
    """Take up a delivery status notification; the same again changes nothing.

    A hard bounce puts the bill on paper and waits for the clerk; a delay is noted.
    """
    found: Sequence[bounces.Bounce] = bounces.read(content)
    if not found:
        return Returned(unknown=1)
    return _take(found[0], now=now)


@transaction.atomic
def _take(bounce: bounces.Bounce, *, now: datetime) -> Returned:
    mails = Delivery.objects.select_for_update().filter(message_id=bounce.message_id)
    row = mails.first()
    if row is None:
        return Returned(unknown=1)
    row.fault = f"{bounce.status} {bounce.detail}".strip()[:300]
    if not bounce.is_hard:
        if row.state == DeliveryState.SENT:
            row.save(update_fields=["fault"])
        return Returned(delayed=1)
    if row.state != DeliveryState.BOUNCED:
        row.state, row.bounced_at = DeliveryState.BOUNCED, now
        row.save(update_fields=["state", "bounced_at", "fault"])
        _queue(row.invoice, DeliveryWay.PRINT, now=now)
    return Returned(bounced=1)


def see(*, delivery: Delivery, by: str, now: datetime) -> None:
    """Say that the clerk has seen to it: the address is written to again. Raises NotTroubled."""
    mine = Delivery.objects.troubled().filter(pk=delivery.pk)
    if not mine.update(seen_at=now, seen_by=by):
        raise NotTroubled


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        return  # a connection that hangs up first is closed
