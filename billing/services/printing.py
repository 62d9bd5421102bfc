"""Makes the batches of bills that go on paper: one PDF, and each bill in one batch only."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from django.db import IntegrityError, transaction
from pypdf import PdfWriter

from billing.choices import DeliveryState
from billing.models import Delivery, Invoice, InvoiceDocument, PrintBatch
from billing.services.delivering import VOID

MOST_BILLS: Final = 1000  # of one batch; what is more waits for the next


class NothingToPrint(Exception):
    """No bill waits for paper."""


class WantedAlready(Exception):
    """A batch is asked for and not made yet."""


@transaction.atomic
def want(*, by: str, now: datetime) -> PrintBatch:
    """Ask for a batch of what waits; a worker makes it. Raises NothingToPrint or WantedAlready."""
    if not Delivery.objects.to_print().exists():
        raise NothingToPrint
    try:
        with transaction.atomic():
            return PrintBatch.objects.create(wanted_at=now, wanted_by=by)
    except IntegrityError:
        raise WantedAlready from None


@transaction.atomic
def make_due(*, now: datetime) -> bool:
    """Make the batch that is asked for, under the lock of its row; tell whether there was one."""
    wanted = PrintBatch.objects.filter(made_at=None)
    batch = wanted.select_for_update(skip_locked=True).first()
    if batch is None:
        return False
    rows = _live(now=now)
    writer = PdfWriter()
    for place, row in enumerate(rows, start=1):
        document = InvoiceDocument.objects.drawn().get(invoice=row.invoice_id)
        writer.append(BytesIO(bytes(document.pdf or b"")), import_outline=False)
        row.batch, row.place = batch, place
        row.state, row.sent_at = DeliveryState.SENT, now
    Delivery.objects.bulk_update(rows, ["batch", "place", "state", "sent_at"], batch_size=500)
    if rows:
        batch.pdf = _bytes(writer)
        batch.sha256 = hashlib.sha256(batch.pdf).hexdigest()
    batch.bills, batch.pages, batch.made_at = len(rows), len(writer.pages), now
    batch.save()
    return True


def _live(*, now: datetime) -> Sequence[Delivery]:
    """Return what waits for paper, oldest first, without what was made void."""
    waiting = Delivery.objects.to_print().order_by("pk").select_for_update(skip_locked=True)
    rows = list(waiting[:MOST_BILLS])
    live = set(
        Invoice.objects.live()
        .filter(pk__in=[row.invoice_id for row in rows])
        .values_list("pk", flat=True)
    )
    void = [row.pk for row in rows if row.invoice_id not in live]
    Delivery.objects.filter(pk__in=void).update(
        state=DeliveryState.FAILED, fault=VOID, seen_at=now, seen_by="void"
    )
    return [row for row in rows if row.invoice_id in live]


def _bytes(writer: PdfWriter) -> bytes:
    writer.compress_identical_objects()  # the fonts of a thousand bills are a few
    target = BytesIO()
    writer.write(target)
    return target.getvalue()
