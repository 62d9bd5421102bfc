"""Accounts with agreements, quarter-hours and prices, for tests of bills."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from accounts.models import Customer, CustomerAccount, ServiceAgreement
from billing.invoicing import Cycle
from billing.selectors.reckoned import Reckoning
from billing.selectors.reckoning import Reckoner
from grid.models import Region
from meters.choices import Flow
from meters.models import QUARTERS, Meter, MeterInstallation, QuarterWindow
from segs_site.lib import partitions
from segs_site.lib.periods import QUARTER
from segs_site.lib.quantities import MWH_PER_KWH, Quality
from tariffs.choices import Trigger
from tariffs.models import RatePlan, RegionPrice
from tests import worlds
from tests.tariffs.builders import policy

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MAY = Cycle(date(2026, 5, 1), date(2026, 6, 1))
MAY_START = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
NOW = datetime(2026, 6, 3, 8, tzinfo=UTC)
FLAT = {"energy": {"kind": "flat", "price": "0.25"}}
DYNAMIC = {"energy": {"kind": "dynamic"}}
CLERK = "clara@utility.example"


@dataclass(frozen=True)
class Home:
    """An account that takes service at one place with one meter."""

    account: CustomerAccount
    agreement: ServiceAgreement
    meter: Meter
    region: Region


def plan(code: str = "PLAN", definition: dict[str, Any] | None = None) -> RatePlan:
    made, _ = RatePlan.objects.get_or_create(
        code=code, defaults={"name": code, "currency": "EUR", "definition": definition or FLAT}
    )
    return made


def home(
    name: str = "A",
    *,
    definition: dict[str, Any] | None = None,
    since: datetime = LONG_AGO,
    until: datetime | None = None,
) -> Home:
    region = Region.objects.filter(code="North").first() or worlds.region(
        "North", capacity_kw=100, since=LONG_AGO
    )
    meter = worlds.meter(f"MTR-{name}", region=region, since=LONG_AGO, flow=Flow.BOTH)
    customer = Customer.objects.create(code=f"USR-{name}", name=f"Customer {name}")
    account = CustomerAccount.objects.create(number=f"ACC-{name}", customer=customer)
    agreement = ServiceAgreement.objects.create(
        account=account,
        service_point=MeterInstallation.objects.get(meter=meter).service_point,
        plan=plan(f"PLAN-{name}", definition),
        during=(since, until),
    )
    return Home(account, agreement, meter, region)


def used(
    meter: Meter,
    kwh: Sequence[str | int],
    *,
    fed: Sequence[str | int | None] | None = None,
    start: datetime = MAY_START,
    quality: Quality = Quality.ACTUAL,
    estimated: Sequence[str | int] | None = None,
    revised_at: datetime = JUNE,
) -> None:
    """Quarter-hours of a meter, one after the other: net, and what was fed in if it is known."""
    rows = [
        QuarterWindow(
            meter=meter,
            start=start + place * QUARTER,
            mean_mw=0,
            min_mw=0,
            max_mw=0,
            energy_mwh=int(Decimal(value) * MWH_PER_KWH),
            export_mwh=_mwh(fed[place]) if fed else None,
            estimated_mwh=int(Decimal(estimated[place]) * MWH_PER_KWH) if estimated else 0,
            revised_at=revised_at,
            count=90,
            expected=90,
            quality=quality,
        )
        for place, value in enumerate(kwh)
    ]
    partitions.ensure(QUARTERS, {row.start.date() for row in rows})
    QuarterWindow.objects.bulk_create(rows)


def _mwh(kwh: str | int | None) -> int | None:
    return None if kwh is None else int(Decimal(kwh) * MWH_PER_KWH)


def whole_month(meter: Meter, kwh: str | int = 1, *, start: datetime = MAY_START) -> None:
    used(meter, [kwh] * (31 * 96), start=start)


def prices(
    region: Region,
    written: Sequence[str],
    *,
    start: datetime = MAY_START,
    slot: timedelta = QUARTER,
) -> None:
    """Decided slots of a region, one after the other."""
    ruled = region.pricing_policies.first() or policy(region)
    RegionPrice.objects.bulk_create(
        RegionPrice(
            region=region,
            starts_at=start + place * slot,
            ends_at=start + (place + 1) * slot,
            price=Decimal(price),
            base_price=Decimal("0.2"),
            currency="EUR",
            multiplier=Decimal(price) / Decimal("0.2"),
            policy=ruled,
            reason="test",
            triggered_by=Trigger.AUTO,
            decided_at=start,
        )
        for place, price in enumerate(written)
    )


def reckon(home: Home, *, cycle: Cycle = MAY, now: datetime = NOW, zone: str = "UTC") -> Reckoning:
    (found,) = Reckoner(zone=ZoneInfo(zone), now=now).reckon({home.account.pk: cycle})
    return found
