"""Notices by e-mail, over one connection for many."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from alerts.notifications.carriers import Broken, Busy, Carrier, Parcel, Receipt

TIMEOUT_S = 10  # of each step with a mail server
PERMANENT = 500  # SMTP's answers from here on are final


class MailCarrier:
    """Sends by Django's mail backend."""

    def __init__(self, connection: BaseEmailBackend) -> None:
        self._connection = connection

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Send one mail. Its Message-ID stays the same, so that a second one is recognised."""
        _, sender = parseaddr(settings.SEGS_MAIL_FROM)
        headers = {
            "Message-ID": f"<{parcel.id}@{sender.partition('@')[2] or 'localhost'}>",
            "Auto-Submitted": "auto-generated",
            **parcel.headers,
        }
        mail = EmailMessage(
            parcel.subject,
            parcel.text,
            settings.DEFAULT_FROM_EMAIL,
            [parcel.to],
            headers=headers,
            connection=self._connection,
        )
        try:
            self._connection.open()  # else each mail opens and closes one of its own
            mail.send()
        except smtplib.SMTPRecipientsRefused as problem:
            raise _refused(problem) from problem
        except smtplib.SMTPDataError as problem:
            raise _judged(problem.smtp_code, f"message refused: {problem.smtp_code}") from problem
        except Exception as problem:
            raise Busy(f"{type(problem).__name__}: {problem}"[:300]) from problem
        return Receipt(detail="handed to the mail server")


def _refused(problem: smtplib.SMTPRecipientsRefused) -> Busy | Broken:
    codes = [code for code, _ in problem.recipients.values()]
    return _judged(min(codes, default=0), f"address refused: {codes}")


def _judged(code: int, detail: str) -> Busy | Broken:
    return Broken(detail, code) if code >= PERMANENT else Busy(detail, code)


@contextmanager
def carrying() -> Iterator[Carrier]:
    """Open the way to the mail server when the first mail goes, close it at the end."""
    connection = get_connection(timeout=TIMEOUT_S)
    try:
        yield MailCarrier(connection)
    finally:
        _close(connection)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException):
        return  # a connection that hangs up first is closed
