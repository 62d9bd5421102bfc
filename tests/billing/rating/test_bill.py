"""Bills to the cent."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from billing.rating import market
from billing.rating.bill import NotGiven, Stay
from billing.rating.energy import NoPrice
from billing.rating.lines import Of
from billing.rating.usage import CoarseUsage, Usage
from segs_site.lib.periods import local_day
from tariffs import plans
from tests.billing.rating.builders import DYNAMIC, FLAT, START, bill, prices, slots, usage

HALF_HOUR = timedelta(minutes=30)


def amounts(rated) -> dict[str, str]:
    return {line.of.value: str(line.amount) for line in rated.bill.lines}


class TestEnergy:
    def test_is_rounded_once_and_not_by_interval(self):
        half_hours = ["0.082"] * 47 + ["0.078"]  # 3.932 kWh; by interval it would be 1.10
        plan = {"energy": {"kind": "flat", "price": "0.264159"}}

        rated = bill(plan, usage(half_hours, length=HALF_HOUR), currency="GBP")

        assert rated.bill.total == Decimal("1.04")
        assert rated.bill.lines[0].rounding == Decimal("1.04") - Decimal("1.038673188")

    def test_of_a_month_with_tax(self):
        plan = {
            "energy": {"kind": "flat", "price": "0.2387"},
            "taxes": [{"name": "VAT", "pct": "20"}],
        }

        rated = bill(plan, usage(["0.111"] * 31 * 96))

        assert amounts(rated) == {"energy": "78.85", "tax": "15.77"}
        assert rated.bill.total == Decimal("94.62")

    def test_is_priced_by_the_slot_it_was_used_in(self):
        rated = bill(DYNAMIC, usage([1, 2, 4]), in_force=prices(["0.16", "0.4", "0.16"]))

        energy = rated.bill.lines[0]
        assert [(c.label, str(c.quantity), str(c.amount)) for c in energy.components] == [
            ("at 0.16", "5.000000", "0.800000000000"),
            ("at 0.4", "2.000000", "0.800000000000"),
        ]
        assert energy.amount == Decimal("1.60")

    def test_may_cost_less_than_nothing(self):
        rated = bill(DYNAMIC, usage([3, 1]), in_force=prices(["-0.105", "0.1"]))

        assert rated.bill.total == Decimal("-0.22")  # -0.215, half away from zero

    def test_of_nothing_costs_nothing(self):
        rated = bill(DYNAMIC, usage([0, 0]), in_force=prices(["0.1", "0.2"]))

        assert rated.bill.total == 0

    def test_without_a_price_is_refused_with_its_moment(self):
        unpriced = market.in_force(usage([0, 0, 0]).starts, timedelta(minutes=15), slots([]))

        with pytest.raises(NoPrice) as refused:
            bill(DYNAMIC, usage([0, 1, 2]), in_force=unpriced)

        assert (refused.value.first, refused.value.intervals) == (
            START + timedelta(minutes=15),
            2,
        )

    def test_that_no_interval_used_needs_no_price(self):
        unpriced = market.in_force(usage([0]).starts, timedelta(minutes=15), slots([]))

        assert bill(DYNAMIC, usage([0]), in_force=unpriced).bill.total == 0

    def test_of_a_dynamic_plan_needs_prices(self):
        with pytest.raises(NotGiven):
            bill(DYNAMIC, usage([1]))

    def test_may_be_beyond_all_bounds_and_stays_exact(self):
        plan = {"energy": {"kind": "flat", "price": "999999.999999"}}
        used = usage(["999999999.999999"] * 10_000)

        energy = bill(plan, used).bill.lines[0]

        assert energy.components[0].quantity == Decimal("9999999999999.990000")
        assert energy.exact == Decimal("9999999999999.990000") * 10**6 - Decimal(
            "9999999.999999990000"
        )


class TestBlocks:
    PLAN = {
        "energy": {
            "kind": "blocks",
            "blocks": [
                {"up_to_kwh": "10", "price": "0.1"},
                {"up_to_kwh": "20", "price": "0.2"},
                {"price": "0.4"},
            ],
        }
    }

    def test_split_a_step_over_several_limits_at_each(self):
        rated = bill(self.PLAN, usage([4, 30, 6]))

        components = rated.bill.lines[0].components
        assert [str(c.quantity) for c in components] == ["10.000000", "10.000000", "20.000000"]
        assert rated.bill.total == Decimal("11.00")
        assert list(zip(*map(np.ndarray.tolist, (
            rated.drawn.interval, rated.drawn.component, rated.drawn.energy)), strict=True)) == [
            (0, 0, 4_000_000), (1, 0, 6_000_000), (1, 1, 10_000_000), (1, 2, 14_000_000),
            (2, 2, 6_000_000)]  # fmt: skip

    def test_shrink_with_the_part_of_the_period_that_was_served(self):
        rated = bill(self.PLAN, usage([5]), stay=Stay(12, 31))  # moved in on the 20th

        first, second, third = rated.bill.lines[0].components
        assert first.quantity == Decimal("3.870967")  # 10 × 12/31, down to a whole mWh
        assert second.quantity == Decimal("1.129033")
        assert third.quantity == 0

    def test_of_no_usage_cost_nothing(self):
        assert bill(self.PLAN, usage([])).bill.total == 0


class TestFedIn:
    def test_is_a_credit_of_its_own_line(self):
        plan = FLAT | {"export": {"kind": "flat", "price": "0.08"}}

        rated = bill(plan, usage([2, -3]))

        assert amounts(rated) == {"energy": "0.50", "export": "-0.24"}

    def test_earns_the_price_of_its_slot(self):
        plan = DYNAMIC | {"export": {"kind": "dynamic", "added": "-0.01"}}

        rated = bill(plan, usage([-1, -1]), in_force=prices(["0.21", "-0.09"]))

        assert amounts(rated) == {"energy": "0.00", "export": "-0.10"}

    def test_is_worth_nothing_in_a_plan_that_says_nothing_of_it(self):
        assert amounts(bill(FLAT, usage([-5]))) == {"energy": "0.00"}


class TestStanding:
    @pytest.mark.parametrize(
        ("day", "quarters"), [("2026-03-29", 92), ("2026-10-25", 100), ("2026-06-01", 96)]
    )
    def test_is_charged_once_a_local_day_however_long(self, day, quarters):
        period = local_day(datetime.fromisoformat(day).date(), ZoneInfo("Europe/Brussels"))
        count = period.length // timedelta(minutes=15)
        plan = FLAT | {"standing_per_day": "0.35"}

        rated = bill(plan, usage([1] * count, start=period.start), stay=Stay(1, 31))

        assert count == quarters
        assert amounts(rated) == {"energy": f"{count / 4:.2f}", "standing": "0.35"}


class TestDemand:
    PLAN = FLAT | {"demand_per_kw": "4.5"}

    def test_is_the_highest_mean_of_a_quarter_hour(self):
        minutes = usage(["0.01"] * 15 + ["0.5"] + ["0"] * 14, length=timedelta(minutes=1))

        line = bill(self.PLAN, minutes).bill.lines[1]

        assert line.components[0].label == "highest quarter-hour, 2026-05-01 00:15 UTC"
        assert (line.components[0].quantity, line.amount) == (Decimal("2.000000"), Decimal("9.00"))

    def test_cannot_be_told_from_half_hours(self):
        with pytest.raises(CoarseUsage):
            bill(self.PLAN, usage([1], length=HALF_HOUR))


class TestMinimum:
    PLAN = FLAT | {"minimum": "10"}

    def test_charges_what_is_missing(self):
        line = bill(self.PLAN, usage([8])).bill.lines[-1]

        assert (line.of, line.amount) == (Of.MINIMUM, Decimal("8.00"))

    def test_shrinks_with_the_part_that_was_served(self):
        line = bill(self.PLAN, usage([0]), stay=Stay(12, 31)).bill.lines[-1]

        assert [str(c.quantity) for c in line.components] == ["0.387097", "-1"]
        assert line.amount == Decimal("3.87")

    def test_charges_nothing_to_whoever_used_enough(self):
        assert amounts(bill(self.PLAN, usage([40]))) == {"energy": "10.00"}

    def test_is_not_met_by_a_credit(self):
        plan = self.PLAN | {"export": {"kind": "flat", "price": "0.1"}}

        assert amounts(bill(plan, usage([-20]))) == {
            "energy": "0.00",
            "minimum": "10.00",
            "export": "-2.00",
        }


class TestTaxes:
    def test_are_charged_on_what_is_printed(self):
        plan = {
            "energy": {"kind": "flat", "price": "0.333333"},
            "standing_per_day": "0.1",
            "taxes": [
                {"name": "VAT", "pct": "21"},
                {"name": "Levy", "pct": "3.5", "on": ["energy"]},
            ],
        }

        rated = bill(plan, usage([10]), stay=Stay(30, 30))

        assert [(line.label, str(line.amount)) for line in rated.bill.lines[2:]] == [
            ("VAT", "1.33"),  # 21 % of 3.33 + 3.00
            ("Levy", "0.12"),  # 3.5 % of 3.33
        ]


class TestTimeOfUse:
    PLAN = {
        "energy": {
            "kind": "time_of_use",
            "rates": {"day": "0.3", "night": "0.1"},
            "seasons": {
                "01-01": [
                    {"on": list(plans.WEEK), "from": {"00:00": "night", "07:00": "day",
                                                      "22:00": "night"}},
                ]
            },
        }
    }  # fmt: skip

    def test_follows_the_clock_on_the_wall(self):
        zone = ZoneInfo("Europe/Brussels")
        period = local_day(datetime(2026, 10, 25).date(), zone)  # noqa: DTZ001 a civil day
        used = usage([1] * 100, start=period.start)
        energy = plans.read(self.PLAN).energy

        rates = market.by_calendar(energy, used.starts, zone)
        components = bill(self.PLAN, used, rates=rates).bill.lines[0].components

        assert {c.label: int(c.quantity) for c in components} == {"day": 60, "night": 40}


class TestUsage:
    def test_is_never_negative(self):
        column = np.array([1], np.int64)

        with pytest.raises(ValueError, match="never negative"):
            Usage(timedelta(minutes=15), column, -column, column)

    def test_has_columns_of_one_length(self):
        with pytest.raises(ValueError, match="different lengths"):
            Usage(timedelta(minutes=15), np.zeros(1, np.int64), *[np.zeros(2, np.int64)] * 2)


class TestStay:
    @pytest.mark.parametrize(("days", "nominal"), [(-1, 31), (32, 31)])
    def test_is_a_part_of_its_period(self, days, nominal):
        with pytest.raises(ValueError, match="no stay"):
            Stay(days, nominal)


def test_a_printed_component_reproduces_its_amount():
    rated = bill(
        DYNAMIC | {"standing_per_day": "0.123456", "taxes": [{"name": "VAT", "pct": "19.6"}]},
        usage(["0.000001", "1.234567"]),
        in_force=prices(["0.000001", "-0.987654"]),
    )

    for line in rated.bill.lines:
        for component in line.components:
            printed = Decimal(str(component.quantity)) * Decimal(str(component.price))
            assert printed == component.amount
        assert sum(c.amount for c in line.components) + line.rounding == line.amount
