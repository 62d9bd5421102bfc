"""What customers object to: opened, looked into, resolved or rejected."""

from datetime import datetime

from django.db import IntegrityError, transaction

from billing.choices import DisputeState, InvoiceState
from billing.models import Dispute, Invoice, InvoiceEvent
from billing.selectors import standing


class NotDisputable(Exception):
    """The invoice is a draft or void, or a dispute of it is open."""


class NotOpen(Exception):
    """The dispute is closed, or does not stand where the step begins."""


@transaction.atomic
def open_dispute(*, invoice: Invoice, reason: str, by: str, now: datetime) -> Dispute:
    """Open a dispute; until it is closed nobody is reminded. Raises NotDisputable."""
    if not Invoice.objects.live().filter(pk=invoice.pk).exists():
        raise NotDisputable
    try:
        with transaction.atomic():
            made = Dispute.objects.create(
                invoice=invoice, reason=reason, opened_at=now, opened_by=by
            )
    except IntegrityError as refusal:
        raise NotDisputable from refusal
    InvoiceEvent.objects.create(
        invoice=invoice, state=InvoiceState.DISPUTED, at=now, by=by, note=reason[:500]
    )
    return made


def review(*, dispute: Dispute) -> Dispute:
    """Take a dispute up. Raises NotOpen."""
    waiting = Dispute.objects.filter(pk=dispute.pk, state=DisputeState.OPEN)
    if waiting.update(state=DisputeState.UNDER_REVIEW) != 1:
        raise NotOpen
    dispute.refresh_from_db()
    return dispute


@transaction.atomic
def close(*, dispute: Dispute, is_upheld: bool, answer: str, by: str, now: datetime) -> Dispute:
    """Answer a dispute; the invoice stands again where its payments put it. Raises NotOpen.

    An upheld one changes no invoice by itself: a void or the next bill corrects it.
    """
    state = DisputeState.RESOLVED if is_upheld else DisputeState.REJECTED
    waiting = Dispute.objects.filter(pk=dispute.pk, closed_at=None)
    if waiting.update(state=state, answer=answer, closed_at=now, closed_by=by) != 1:
        raise NotOpen
    dispute.refresh_from_db()
    if standing.state_of(dispute.invoice) == InvoiceState.DISPUTED:
        InvoiceEvent.objects.create(
            invoice=dispute.invoice, state=standing.by_payments(dispute.invoice), at=now, by=by
        )
    return dispute
