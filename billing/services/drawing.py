"""Draws the documents of issued invoices: each once, whoever else draws beside."""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import translation

from accounts.models import Preferences
from billing.documents import content, typesetting
from billing.models import Invoice, InvoiceDocument
from billing.selectors import differing, documents
from billing.services import delivering

AGAIN_AFTER: Final = timedelta(hours=1)  # what cannot be drawn is looked at again
KEPT_LETTERS: Final = 500  # of a fault


def draw_due(*, now: datetime, limit: int) -> int:
    """Draw documents that are due, at most `limit`; return how many were looked at.

    One that cannot be drawn keeps its fault and holds up no other. Raises fonts.MissingFont when
    none can be.
    """
    looked_at = 0
    while looked_at < limit and _draw_next(now=now):
        looked_at += 1
    return looked_at


@transaction.atomic
def _draw_next(*, now: datetime) -> bool:
    """Draw one document under the lock of its row; tell whether one was due."""
    due = InvoiceDocument.objects.waiting().filter(try_at__lte=now).order_by("try_at", "pk")
    document = due.select_for_update(skip_locked=True).first()
    if document is None:
        return False
    try:
        _keep(document, now=now)
    except typesetting.CannotBeSet as fault:
        document.fault, document.try_at = str(fault)[:KEPT_LETTERS], now + AGAIN_AFTER
        document.save(update_fields=["fault", "try_at"])
    return True


def _keep(document: InvoiceDocument, *, now: datetime) -> None:
    invoice = Invoice.objects.select_related("account__customer__user").get(pk=document.pk)
    document.language = language_of(invoice)
    document.pdf = draw(invoice, language=document.language)
    document.sha256 = hashlib.sha256(document.pdf).hexdigest()
    document.drawn_at, document.fault = now, ""
    document.save()
    delivering.want(invoice=invoice, now=now)


def draw(invoice: Invoice, *, language: str) -> bytes:
    """Return an issued invoice as PDF. Raises fonts.MissingFont or typesetting.CannotBeSet."""
    facts = content.Facts(
        invoice, list(invoice.lines.all()), documents.days(invoice), differing.of_bill(invoice)
    )
    with translation.override(language):
        said = content.of(facts)
    return typesetting.pdf(said, now=invoice.issued_at or invoice.drafted_at)


def language_of(invoice: Invoice) -> str:
    """Return the customer's language where documents speak it, else that of the site."""
    user = invoice.account.customer.user_id
    chosen = Preferences.objects.filter(user=user).values_list("language", flat=True).first()
    return chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
