"""What `benchmarks.api` asks about besides the grid: a busy desk's alerts, and bills.

Runs in a process with Django set up, after `benchmarks.api_world`.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from alerts.choices import Kind, Severity, State, Step
from alerts.models import Alert, AlertEvent, PlannedWork, ShiftNote
from benchmarks.api_paths import PEOPLE
from billing.models import Invoice
from billing.services import disputing, drawing, receiving
from grid.models import Region
from meters.models import MeterInstallation
from tariffs.models import PriceOverride

HOUR = timedelta(hours=1)
ALERTS, OPEN = 5000, 200
WRITTEN = 200  # planned works and notes
STEPS = (Step.RAISED, Step.ACKNOWLEDGED, Step.RESOLVED)


def fill(*, days: int) -> None:
    """Make alerts up to now, and bill everybody for the month that was so many days ago."""
    now = timezone.now()
    start = now - timedelta(days=days)
    _alerts(now)
    _writings(now)
    _bills(start, now)


def _alerts(now: datetime) -> None:
    hanging = MeterInstallation.objects.order_by("meter_id").select_related("service_point")
    made = Alert.objects.bulk_create(
        _alert(place, installed, now - HOUR * place / 10, now)
        for place, installed in enumerate(hanging[:ALERTS])
    )
    AlertEvent.objects.bulk_create(
        (
            AlertEvent(alert=alert, step=step, at=alert.raised_at + HOUR * number)
            for alert in made
            for number, step in enumerate(STEPS)
        ),
        batch_size=5000,
    )


def _alert(place: int, installed: MeterInstallation, at: datetime, now: datetime) -> Alert:
    is_open = place < OPEN
    return Alert(
        kind=Kind.SPIKE,
        subject=f"meter:{installed.meter_id}",
        severity=list(Severity)[place % len(Severity)],
        state=State.ACTIVE if is_open else State.RESOLVED,
        message="12.5 kW, five times what this hour is used to",
        region_id=installed.service_point.region_id,
        meter_id=installed.meter_id,
        value=12.5,
        limit=5,
        first_at=at,
        raised_at=at,
        last_at=at,
        resolved_at=None if is_open else at + HOUR,
        changed_at=now,
    )


def _writings(now: datetime) -> None:
    region = Region.objects.earliest("pk")
    by = PEOPLE["operator"]
    PriceOverride.objects.create(
        region=region,
        starts_at=now - HOUR,
        ends_at=now + HOUR,
        price=Decimal("0.3"),
        reason="storm",
        requester_id=User.objects.get(email=by).pk,
        needs_approval=False,
        requested_by=by,
        requested_at=now - HOUR,
    )
    PlannedWork.objects.bulk_create(
        PlannedWork(
            region=region,
            during=(now + HOUR * place, now + HOUR * (place + 1)),
            reason="new cable",
            planned_by=by,
            planned_at=now,
        )
        for place in range(WRITTEN)
    )
    ShiftNote.objects.bulk_create(
        ShiftNote(text="quiet night", written_by=by, written_at=now - HOUR * place)
        for place in range(WRITTEN)
    )


def _bills(start: datetime, now: datetime) -> None:
    try:
        call_command("bill", "--period", f"{start:%Y-%m}", "--issue", verbosity=0)
    except CommandError as fault:  # what waits for a clerk is asked for as well
        print(f"bills: {fault}", flush=True)
    invoice = Invoice.objects.get(account__customer__user__email=PEOPLE["customer"])
    _draw(invoice, now)
    for number in range(WRITTEN):
        receiving.receive(
            account=invoice.account,
            amount=Decimal("0.01"),
            currency=invoice.currency,
            received_on=now.date(),
            reference=f"bench {number}",
            by=PEOPLE["admin"],
            now=now,
        )
    disputing.open_dispute(invoice=invoice, reason="dearer", by=PEOPLE["customer"], now=now)


def _draw(invoice: Invoice, now: datetime) -> None:
    """Draw this document first, and no other: all of them take longer than the measurement."""
    document = invoice.document
    document.try_at = now - HOUR * 24 * 365
    document.save(update_fields=["try_at"])
    drawing.draw_due(now=now, limit=1)
