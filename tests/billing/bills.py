"""Issued bills written row by row, for tests of what shows them: quick, in one transaction."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from billing.choices import InvoiceState
from billing.models import AsBilled, Invoice, InvoiceEvent, InvoiceLine, PeriodClaim
from billing.packing import Billed, pack
from segs_site.lib.periods import microseconds
from segs_site.lib.quantities import MWH_PER_KWH
from tests.billing.worlds import FLAT, NOW, Home

Line = tuple[str, str, str]  # of, label, amount


def bill(
    home: Home,
    month: date,
    *,
    kwh: str,
    lines: Sequence[Line],
    definition: dict[str, Any] | None = None,
) -> Invoice:
    """A month's bill; its first line has one interval of all the energy, at its first midnight."""
    following = (month + timedelta(days=31)).replace(day=1)
    start, end = (datetime.combine(day, time(), tzinfo=UTC) for day in (month, following))
    energy_mwh = int(Decimal(kwh) * MWH_PER_KWH)
    made = Invoice.objects.create(
        account=home.account, starts_on=month, ends_on=following, zone="UTC",
        during=(start, end), currency="EUR", drafted_at=NOW, energy_mwh=energy_mwh,
        total=sum((Decimal(amount) for _, _, amount in lines), Decimal(0)), estimated_mwh=0,
        parties={"customer": {"name": "Carl", "code": "USR-A"}},
        sections=[_section(home, (following - month).days, definition or FLAT)],
    )  # fmt: skip
    for place, (of, label, amount) in enumerate(lines):
        _line(made, place, of, label, Decimal(amount), energy_mwh)
    _issue(made, home)
    return made


def _section(home: Home, days: int, definition: dict[str, Any]) -> dict[str, Any]:
    return {
        "point": home.agreement.service_point.code,
        "address": "Elm Street 1",
        "region_id": home.region.pk,
        "plan": {"code": "P", "name": "Flat", "definition": definition},
        "days": days,
        "nominal_days": days,
    }


def _line(
    made: Invoice, place: int, of: str, label: str, amount: Decimal, energy_mwh: int
) -> None:
    kwh = Decimal(energy_mwh) / MWH_PER_KWH
    component = {
        "label": "flat", "quantity": f"{kwh:f}", "unit": "kWh",
        "price": f"{amount / kwh:.6f}" if kwh else "0", "amount": f"{amount:f}",
    }  # fmt: skip
    line = InvoiceLine.objects.create(
        invoice=made, place=place, section=0, of=of, label=label, amount=amount, exact=amount,
        rounding=0, components=[component],
    )  # fmt: skip
    if place == 0:
        start = datetime.combine(made.starts_on, time(), tzinfo=UTC)
        one = np.array([microseconds(start)]), np.array([0]), np.array([5]), np.array([energy_mwh])
        packed = pack(Billed(*one), day_start=start)
        AsBilled.objects.create(line=line, day=made.starts_on, packed=packed)


def _issue(made: Invoice, home: Home) -> None:
    number = f"INV-{made.pk:06d}"
    due = made.ends_on + timedelta(days=14)
    Invoice.objects.filter(pk=made.pk).update(number=number, issued_at=NOW, due_on=due)
    made.refresh_from_db()
    PeriodClaim.objects.create(invoice=made, account=home.account, during=made.during)
    InvoiceEvent.objects.create(invoice=made, state=InvoiceState.ISSUED, at=NOW)
