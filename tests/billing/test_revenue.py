"""What energy earned, from the intervals that were billed."""

from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.models import User
from billing.models import Invoice
from billing.selectors import revenue
from billing.services import correcting
from segs_site.lib.periods import Period
from tariffs.models import RatePlan
from tests.billing.test_corrections import JUNE, LATER
from tests.billing.test_issuing import issue, void
from tests.billing.worlds import CLERK, DYNAMIC, MAY_START, NOW, Home, home, prices, used
from tests.tariffs.conftest import by_token

pytestmark = pytest.mark.django_db(transaction=True)
QUARTER = timedelta(minutes=15)
ALL_MAY = Period(MAY_START, MAY_START + timedelta(days=31))


@pytest.fixture
def ours() -> Home:
    """Used 1 kWh at 0.2 and 2 kWh at 0.4; another home 3 kWh at 0.25, whatever the hour."""
    made, other = home("A", definition=DYNAMIC), home("B")
    used(made.meter, [1, 2])
    used(other.meter, ["3.000001"])
    prices(made.region, ["0.2", "0.4"] * 2)
    issue(made)
    issue(other)
    return made


def amounts(period: Period, region: Home) -> list[tuple[str, str, str]]:
    found = revenue.of_region(region_id=region.region.pk, period=period)
    return [(each.currency, str(each.amount), str(each.energy_kwh)) for each in found]


class TestRevenue:
    def test_is_the_exact_sum_of_the_energy_lines(self, ours: Home) -> None:
        assert amounts(ALL_MAY, ours) == [("EUR", "1.750000250000", "6.000001")]

    def test_is_cut_to_the_period(self, ours: Home) -> None:
        second = Period(MAY_START + QUARTER, MAY_START + 2 * QUARTER)

        assert amounts(second, ours) == [("EUR", "0.800000000000", "2.000000")]

    def test_is_empty_where_nothing_is_billed(self, ours: Home) -> None:
        assert amounts(Period(NOW, LATER), ours) == []

    def test_counts_a_correction_where_its_intervals_lie(self, ours: Home) -> None:
        used(ours.meter, [5], start=MAY_START + 3 * QUARTER, revised_at=NOW)
        correcting.look_due(now=LATER)
        waits = ours.account.invoices.get().late_corrections.get()
        correcting.approve(correction=waits, by=CLERK, now=LATER)
        issue(ours, cycle=JUNE, now=LATER)

        (earned,) = revenue.of_region(region_id=ours.region.pk, period=ALL_MAY)

        assert earned.amount == Decimal("3.75000025")  # 2.00 more

    def test_forgets_what_was_taken_back(self, ours: Home) -> None:
        void(ours.account.invoices.get())

        assert amounts(ALL_MAY, ours) == [("EUR", "0.750000250000", "3.000001")]

    def test_takes_a_credit_for_energy_fed_in_off(self) -> None:
        plan = DYNAMIC | {"export": {"kind": "flat", "price": "0.08"}}
        fed = home("A", definition=plan)
        used(fed.meter, [1, -2])
        prices(fed.region, ["0.2", "0.4"])
        issue(fed)

        assert amounts(ALL_MAY, fed) == [("EUR", "0.040000000000", "-1.000000")]

    def test_is_kept_for_a_minute_and_the_same_when_cut_to_minutes(self, ours: Home) -> None:
        us = timedelta(microseconds=1)
        asked = Period(MAY_START + us, MAY_START + QUARTER + us)
        exact = revenue.of_region(region_id=ours.region.pk, period=asked)

        assert revenue.kept(region_id=ours.region.pk, period=asked) == exact != []
        void(Invoice.objects.get(account=ours.account))
        assert revenue.kept(region_id=ours.region.pk, period=asked) == exact

    def test_is_answered_by_band_as_decimal_strings(self, ours: Home, olga: User) -> None:
        path = "/api/admin/tariffs/analytics"
        asked = {
            "region": "North", "start": "2026-05-01T00:00:00Z", "end": "2026-05-01T01:00:00Z",
        }  # fmt: skip

        (answer,) = by_token(olga).get(path, asked).json()["revenue"]

        assert answer == {
            "currency": "EUR",
            "amount": "1.750000250000000",
            "energy_kwh": "6.000001",
            "bands": [{"band": "base", "amount": "1.750000250000000", "energy_kwh": "6.000001"}],
        }


class TestComparison:
    def test_of_plans_goes_by_the_same_rating(self, ours: Home, carl: User) -> None:
        ours.account.customer.user = carl
        ours.account.customer.save()
        asked = {"start": "2026-05-01", "end": "2026-06-01"}

        plans = by_token(carl).get("/api/tariffs/compare", asked).json()["plans"]

        totals = {plan["plan"]: plan["total"] for plan in plans}
        assert RatePlan.objects.count() == 2
        assert totals == {"PLAN-A": "1.000", "PLAN-B": "0.750"}  # its invoice, and 3 kWh at 0.25
