"""A household to look at: Carl's, with three months of use, prices by the hour and two bills."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from billing.invoicing import Cycle
from billing.models import Invoice
from billing.services import issuing, receiving
from grid.models import Region
from meters.models import Meter, MeterInstallation
from segs_site.lib.periods import QUARTER, floor, local_day
from segs_site.lib.quantities import Quality
from tariffs.models import RatePlan
from tests.billing.worlds import prices, used
from tests.browser import expected
from tests.browser.scene import Grid

CARL = "carl@home.example"
PLAN = {
    "energy": {"kind": "dynamic"},
    "standing_per_day": "0.35",
    "taxes": [{"name": "VAT", "pct": "21"}],
}

ALSO = {"standing_per_day": "0.30", "taxes": [{"name": "VAT", "pct": "21"}]}
NIGHT = {"00:00": "night", "07:00": "day", "22:00": "night"}
OTHERS = [
    ("flat-carl", "One price", ALSO | {"energy": {"kind": "flat", "price": "0.215"}}),
    (
        "day-night-carl",
        "Day and night",
        ALSO
        | {
            "energy": {
                "kind": "time_of_use",
                "rates": {"day": "0.25", "night": "0.15"},
                "seasons": {
                    "01-01": [
                        {
                            "on": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                            "from": NIGHT,
                        }
                    ]
                },
            }
        },
    ),
]


@dataclass(frozen=True)
class Household:
    """What was laid."""

    account: CustomerAccount
    meter: Meter
    region: Region
    bills: list[Invoice]


def lay(grid: Grid, *, now: datetime | None = None) -> Household:
    """Give Carl a home on the first meter; the month over was dearer than the one before it."""
    now = now or datetime.now(UTC)
    zone = ZoneInfo(settings.SEGS_SITE_ZONE)
    today = now.astimezone(zone).date()
    first = today.replace(day=1)
    last = (first - timedelta(days=1)).replace(day=1)
    older = (last - timedelta(days=1)).replace(day=1)
    region, meter = grid.regions[0], grid.meters[0]
    account = _account(meter, since=local_day(older, zone).start)
    start = local_day(older, zone).start
    count = (floor(now, QUARTER) - start) // QUARTER
    starts = [start + place * QUARTER for place in range(count)]
    dear = local_day(last, zone).start
    prices(region, [_price(each, zone, is_dear=each >= dear) for each in starts], start=start)
    chance = random.Random(3)
    kwh = [_kwh(each, zone, chance, is_cold=each >= dear) for each in starts]
    used(meter, kwh[:-70], start=start)
    used(meter, kwh[-70:-50], start=starts[-70], quality=Quality.ESTIMATED, estimated=kwh[-70:-50])
    used(meter, kwh[-50:], start=starts[-50])
    bills = [
        issuing.issue(account=account, cycle=cycle, by="clara@utility.example", now=now)
        for cycle in (Cycle(older, last), Cycle(last, first))
    ]
    receiving.receive(
        account=account, invoice=bills[0], amount=bills[0].total, currency="EUR",
        received_on=last, reference="BANK-CARL", by="clara@utility.example", now=now,
    )  # fmt: skip
    prices(region, [_price(now, zone, is_dear=True)], start=floor(now, QUARTER))
    expected.lay(region, hours=28 * 24, now=now)
    return Household(account, meter, region, bills)


def _account(meter: Meter, *, since: datetime) -> CustomerAccount:
    installed = MeterInstallation.objects.select_related("service_point").get(meter=meter)
    MeterInstallation.objects.filter(pk=installed.pk).update(during=(since, None))
    installed.service_point.address = "Rue du Parc 7, 1000 Brussels"
    installed.service_point.save(update_fields=["address"])
    customer = Customer.objects.create(
        code="USR-CARL", name="Carl Peeters", user=User.objects.get(email=CARL)
    )
    account = CustomerAccount.objects.create(number="ACC-CARL", customer=customer)
    plan = RatePlan.objects.create(
        code="dynamic-carl", name="By the hour", currency="EUR", definition=PLAN
    )
    for code, name, definition in OTHERS:
        RatePlan.objects.create(code=code, name=name, currency="EUR", definition=definition)
    ServiceAgreement.objects.create(
        account=account, service_point=installed.service_point, plan=plan, during=(since, None)
    )
    return account


def _price(moment: datetime, zone: ZoneInfo, *, is_dear: bool) -> str:
    """Dear evenings and cheap nights, by the bands of 0.20."""
    hour = moment.astimezone(zone).hour
    if hour < 6:
        return "0.16"
    evening = "0.30" if is_dear else "0.24"
    return evening if 17 <= hour < 21 else "0.20"


def _kwh(moment: datetime, zone: ZoneInfo, chance: random.Random, *, is_cold: bool) -> Decimal:
    """A household's quarter-hour: breakfast, evening, and a heat pump when it is cold."""
    hour = moment.astimezone(zone).hour
    usual = 0.05 + (0.12 if 6 <= hour < 9 else 0) + (0.22 if 17 <= hour < 22 else 0)
    usual += 0.05 if is_cold else 0
    return Decimal(round(usual * chance.uniform(0.6, 1.4), 3)).quantize(Decimal("0.001"))
