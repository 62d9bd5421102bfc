"""What `benchmarks.api` asks about: a month of a grid, its people, prices and forecasts.

Runs in a process with Django set up, on an empty database with a fleet (`benchmarks.fleet`).
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import connection

from accounts.choices import UserRole
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from accounts.services import keys
from benchmarks import quarters
from benchmarks.api_paths import PASSWORD, PEOPLE
from grid.models import Region, RegionMinute
from meters.models import (
    LatestReading,
    MeterInstallation,
    QuarantinedReading,
    ServicePoint,
    WindowClock,
)
from segs_site.lib.models import DeadLetter
from segs_site.lib.periods import DAY, MINUTE, QUARTER, floor
from tariffs.models import LoadForecast, PricingPolicy, RatePlan, RegionPrice
from tariffs.services import policies

HOUR = timedelta(hours=1)
CUSTOMERS, POINTS_EACH = 2000, 2
LOAD_MW, CAPACITY_MW = 10**9, 10**10
PRICE = Decimal("0.2")

_REGION_QUARTERS = """
INSERT INTO grid_regionquarter (region_id, start, load_mw, estimated_mw, mean_mw, min_mw,
    max_mw, energy_mwh, meters_reporting, meters_expected, capacity_mw, load_known, revised_at)
SELECT region_id, start, sum(mean_mw), 0, avg(mean_mw), min(min_mw), max(max_mw),
       sum(energy_mwh), count(*), count(*), %s, true, now()
FROM meters_quarter GROUP BY 1, 2
"""


def fill(*, days: int) -> None:
    """Make everything; the last moment of it is now."""
    now = datetime.now(UTC)
    start = floor(now, QUARTER) - days * DAY
    _measurements(start, now)
    _quarantine(now)
    _prices(start, now)
    _forecasts(start, now)
    _people(start, now)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _measurements(start: datetime, now: datetime) -> None:
    hanging = MeterInstallation.objects.order_by("meter_id")
    regions = dict(hanging.values_list("meter_id", "service_point__region_id"))
    quarters.pour(regions, start=start, end=floor(now, QUARTER), kw=0.4, spread_kw=0.02)
    LatestReading.objects.bulk_create(
        (
            LatestReading(meter_id=pk, ts=now, power_mw=pk * 1000, received_at=now)
            for pk in regions
        ),
        batch_size=5000,
    )
    RegionMinute.objects.bulk_create(
        (
            RegionMinute(
                region=region,
                start=floor(now, MINUTE) - MINUTE * back,
                load_mw=LOAD_MW,
                meters_reporting=1000,
                meters_expected=1250,
                capacity_mw=CAPACITY_MW,
                load_known=True,
                revised_at=now,
            )
            for region in Region.objects.all()
            for back in range(1, 1441)
        ),
        batch_size=2000,
    )
    WindowClock.objects.update(closed_until=floor(now, MINUTE))
    with connection.cursor() as cursor:
        cursor.execute(_REGION_QUARTERS, [CAPACITY_MW])


def _quarantine(now: datetime) -> None:
    QuarantinedReading.objects.bulk_create(
        (
            QuarantinedReading(
                serial=f"STRANGER-{number}",
                ts=now,
                reason="unknown_meter",
                raw='{"meterId": "STRANGER", "powerKw": 1.5}',
                received_at=now - timedelta(seconds=number),
                origin=f"bench/{number}",
            )
            for number in range(5000)
        ),
        batch_size=5000,
    )
    DeadLetter.objects.bulk_create(
        DeadLetter(shard=0, letter=f"{number}-0", origin=f"{number}-1", reason="broken", size=900)
        for number in range(500)
    )


def _prices(start: datetime, now: datetime) -> None:
    default = PricingPolicy(
        effective_from=start - DAY, currency="EUR", base_price=PRICE, region=None
    )
    policy = policies.adopt(policy=default, by=PEOPLE["admin"], now=start - DAY)
    slots = (floor(now, QUARTER) - start) // QUARTER + 2  # the one in force, and the next
    RegionPrice.objects.bulk_create(
        (
            RegionPrice(
                region=region,
                starts_at=start + place * QUARTER,
                ends_at=start + (place + 1) * QUARTER,
                price=PRICE * (1 + place % 3),
                old_price=PRICE,
                base_price=PRICE,
                currency="EUR",
                multiplier=1 + place % 3,
                band_from_pct=25 * (place % 3),
                load_pct=25 * (place % 3) + 10,
                coverage_pct=99,
                policy=policy,
                reason="load 35 % of the capacity: band from 25 %",
                triggered_by="AUTO",
                decided_at=start + place * QUARTER - MINUTE,
            )
            for region in Region.objects.all()
            for place in range(slots)
        ),
        batch_size=2000,
    )


def _forecasts(start: datetime, now: datetime) -> None:
    LoadForecast.objects.bulk_create(
        (
            LoadForecast(
                region=region,
                made_at=made_at,
                start=made_at + ahead * HOUR,
                p10_mw=LOAD_MW // 2,
                p50_mw=LOAD_MW,
                p90_mw=2 * LOAD_MW,
                p50_price=PRICE,
                model_version="bench",
            )
            for region in Region.objects.all()
            for made_at in _hours(floor(start, HOUR), now)
            for ahead in range(24)
        ),
        batch_size=5000,
    )


def _hours(start: datetime, end: datetime) -> list[datetime]:
    return [start + place * HOUR for place in range((end - start) // HOUR + 1)]


def _people(start: datetime, now: datetime) -> None:
    User.objects.create_superuser(PEOPLE["admin"], PASSWORD)
    User.objects.create_user(PEOPLE["operator"], PASSWORD, role=UserRole.OPERATOR)
    first = User.objects.create_user(PEOPLE["customer"], PASSWORD, role=UserRole.CUSTOMER)
    others = User.objects.bulk_create(
        User(email=f"customer-{place}@bench.example", password="!", role=UserRole.CUSTOMER)
        for place in range(1, CUSTOMERS)
    )
    customers = Customer.objects.bulk_create(
        Customer(code=f"USR-{place}", name=user.email, user=user)
        for place, user in enumerate([first, *others])
    )
    accounts = CustomerAccount.objects.bulk_create(
        CustomerAccount(number=f"ACC-{place}", customer=customer)
        for place, customer in enumerate(customers)
    )
    plan = RatePlan.objects.create(
        code="BENCH",
        name="Bench",
        currency="EUR",
        definition={
            "energy": {"kind": "dynamic", "added": "0.05"},
            "standing_per_day": "0.30",
            "taxes": [{"name": "VAT", "pct": "20"}],
        },
    )
    points = iter(ServicePoint.objects.order_by("pk"))
    ServiceAgreement.objects.bulk_create(
        ServiceAgreement(account=account, service_point=point, plan=plan, during=(start, None))
        for account in accounts
        for _, point in zip(range(POINTS_EACH), points, strict=False)
    )
    for number in range(200):
        keys.hand_out(name=f"head-end {number}", expires_at=None, now=now)
