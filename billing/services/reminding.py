"""Reminds of invoices that are not paid: level by level, once each, and not while disputed."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from billing.choices import InvoiceState
from billing.documents import reminding
from billing.documents.reminding import Reminded
from billing.models import Dispute, Invoice, InvoiceEvent, Reminder, ReminderLevel
from billing.selectors import standing
from billing.services import drawing

UNPAID = (InvoiceState.ISSUED, InvoiceState.PART_PAID, InvoiceState.OVERDUE)


def remind_due(*, today: date, now: datetime) -> int:
    """Write every reminder that is due on a local day; return how many are new.

    An invoice gets one level at a time, a later one no sooner after the one before than the
    levels are apart: what was held by a dispute goes on from there when it is closed.
    """
    levels = list(ReminderLevel.objects.filter(is_active=True).order_by("level"))
    if not levels:
        return 0
    last_due = today - timedelta(days=min(level.days_after_due for level in levels))
    late = Invoice.objects.live().with_state().filter(due_on__lte=last_due)
    late = late.filter(Q(("state__in", UNPAID))).exclude(pk__in=_disputed())
    return sum(_remind(pk, levels, today, now) for pk in late.values_list("pk", flat=True))


def _disputed() -> list[int]:
    open_disputes = Dispute.objects.filter(closed_at=None)
    return list(open_disputes.values_list("invoice", flat=True))


@transaction.atomic
def _remind(pk: int, levels: Sequence[ReminderLevel], today: date, now: datetime) -> bool:
    """Write the next reminder of one invoice; who comes second waits, and finds it written."""
    found = Invoice.objects.select_for_update(of=("self",)).filter(pk=pk)
    invoice = found.select_related("account__customer").get()
    level = _next(invoice, levels, today)
    is_held = invoice.disputes.filter(closed_at=None).exists()
    is_open = standing.state_of(invoice) in UNPAID and standing.open_amount(invoice) > 0
    if level is None or is_held or not is_open:
        return False
    reminder = _written(invoice, level, today, now)
    reminder.save(force_insert=True)
    note = _("Reminder %(level)s") % {"level": level.level}
    InvoiceEvent.objects.create(invoice=invoice, state=InvoiceState.OVERDUE, at=now, note=note)
    return True


def _next(invoice: Invoice, levels: Sequence[ReminderLevel], today: date) -> ReminderLevel | None:
    """Return the level that is due; None for none today."""
    last = invoice.reminders.order_by("-level").first()
    rest = [level for level in levels if last is None or level.level > last.level]
    if not rest or invoice.due_on is None:
        return None
    due = invoice.due_on + timedelta(days=rest[0].days_after_due)
    if last is not None:
        apart = max(1, rest[0].days_after_due - last.days_after_due)
        due = max(due, last.made_on + timedelta(days=apart))
    return rest[0] if today >= due else None


def _written(invoice: Invoice, level: ReminderLevel, today: date, now: datetime) -> Reminder:
    language = drawing.language_of(invoice)
    said = Reminded(
        number=invoice.number or "",
        level=level.level,
        due_on=invoice.due_on or today,
        open_amount=standing.open_amount(invoice) + (level.fee or 0),
        fee=level.fee,
        currency=invoice.currency,
    )
    with translation.override(language):
        subject, text = reminding.subject(said), reminding.text(said, own=level.text)
    return Reminder(
        invoice=invoice,
        level=level.level,
        days_after_due=level.days_after_due,
        made_at=now,
        made_on=today,
        fee=level.fee,
        open_amount=said.open_amount,
        currency=invoice.currency,
        language=language,
        subject=subject,
        text=text,
    )
