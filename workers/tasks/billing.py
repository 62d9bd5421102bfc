"""Bills."""

import logging
import time
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from celery import shared_task
from django.conf import settings

from billing.documents import fonts
from billing.services import (
    correcting,
    delivering,
    drawing,
    matching,
    printing,
    receiving,
    reminding,
    running,
)

log = logging.getLogger(__name__)

WORK_FOR_S = 20.0  # then the next tick goes on, so that a long run blocks no restart
DOCUMENTS_AT_ONCE = 50
MAILS_AT_ONCE = 50
ENTRIES_AT_ONCE = 50


@shared_task(name="workers.tasks.work_bills")
def work_bills() -> None:
    """Work off the turns of bill runs, beside whoever else does."""
    ended = time.monotonic() + WORK_FOR_S
    while time.monotonic() < ended:
        done = running.work_due(now=datetime.now(UTC))
        if not done:
            return
        log.info("worked off %s turns of bill runs", done)


@shared_task(name="workers.tasks.draw_documents")
def draw_documents() -> None:
    """Draw the documents of invoices that were issued; the bills of a run come first."""
    ended = time.monotonic() + WORK_FOR_S
    while time.monotonic() < ended and not running.is_due(now=datetime.now(UTC)):
        try:
            drawn = drawing.draw_due(now=datetime.now(UTC), limit=DOCUMENTS_AT_ONCE)
        except fonts.MissingFont as fault:
            log.error("no document is drawn: %s", fault)  # noqa: TRY400 nobody needs its way
            return
        if not drawn:
            return
        log.info("drew %s documents", drawn)


@shared_task(name="workers.tasks.find_late_data")
def find_late_data() -> None:
    """Put on the clerk's list what late data change in invoices."""
    ended = time.monotonic() + WORK_FOR_S
    while time.monotonic() < ended:
        if not correcting.look_due(now=datetime.now(UTC)):
            return


@shared_task(name="workers.tasks.match_entries")
def match_entries() -> None:
    """Book the entries of bank files that nobody has looked at."""
    ended = time.monotonic() + WORK_FOR_S
    while time.monotonic() < ended:
        matched = matching.match_due(now=datetime.now(UTC), limit=ENTRIES_AT_ONCE)
        if not matched:
            return
        log.info("matched %s entries of bank files", matched)


@shared_task(name="workers.tasks.deliver_bills")
def deliver_bills() -> None:
    """Mail the bills that wait, and make the print batch that is asked for."""
    ended = time.monotonic() + WORK_FOR_S
    printing.make_due(now=datetime.now(UTC))
    while time.monotonic() < ended:
        sent = delivering.send_due(now=datetime.now(UTC), limit=MAILS_AT_ONCE)
        if not sent:
            return
        log.info("mailed %s bills", sent)


@shared_task(name="workers.tasks.mark_overdue")
def mark_overdue() -> None:
    """Say which invoices are past their day."""
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(settings.SEGS_SITE_ZONE)).date()
    marked = receiving.mark_overdue(today=today, now=now)
    if marked:
        log.info("%s invoices are overdue", marked)


@shared_task(name="workers.tasks.remind_of_invoices")
def remind_of_invoices() -> None:
    """Write the reminders that are due today; a second time on a day finds none."""
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo(settings.SEGS_SITE_ZONE)).date()
    made = reminding.remind_due(today=today, now=now)
    if made:
        log.info("wrote %s reminders", made)
