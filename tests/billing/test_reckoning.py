"""What accounts owe, read from the database."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from accounts.models import ServiceAgreement
from billing.choices import Trouble
from billing.invoicing import Cycle
from billing.selectors import usage
from meters.models import MINUTES, MeterInstallation, MinuteWindow
from segs_site.lib import partitions
from segs_site.lib.quantities import Quality
from tests import worlds as grids
from tests.billing import worlds
from tests.billing.worlds import DYNAMIC, MAY, MAY_START, home, prices, reckon, used, whole_month

pytestmark = pytest.mark.django_db
MINUTE, QUARTER = timedelta(minutes=1), timedelta(minutes=15)


class TestUsage:
    def test_of_a_whole_month_is_all_there(self):
        ours = home()
        whole_month(ours.meter, "0.5")

        found = reckon(ours)

        assert (found.total, found.troubles) == (Decimal("372.00"), {})
        assert [(s.found, s.expected) for s in found.sections] == [(2976, 2976)]

    def test_begins_and_ends_with_the_period(self):
        ours = home()
        used(ours.meter, [1, 2, 4], start=MAY_START - QUARTER)
        used(ours.meter, [8, 16], start=datetime(2026, 5, 31, 23, 45, tzinfo=UTC))

        assert reckon(ours).energy_mwh == (2 + 4 + 8) * 1_000_000

    def test_of_another_meter_is_not_ours(self):
        ours, theirs = home("A"), home("B")
        used(theirs.meter, [5])

        assert reckon(ours).energy_mwh == 0

    def test_that_is_missing_is_said_and_not_guessed(self):
        ours = home()
        used(ours.meter, [1] * 96)

        found = reckon(ours)

        assert found.troubles == {Trouble.MISSING: "2880 of 2976 quarter-hours are not known"}
        assert found.is_whole

    def test_that_is_estimated_is_said_above_a_share(self):
        ours = home()
        used(ours.meter, [1] * 2976, quality=Quality.ESTIMATED, estimated=["0.2"] * 2976)

        assert reckon(ours).troubles == {Trouble.ESTIMATED: "20.0 % of the energy is estimated"}

    def test_says_of_each_interval_of_what_quality_it_is(self):
        ours = home()
        used(ours.meter, [1])
        used(ours.meter, [2], start=MAY_START + 2 * QUARTER, quality=Quality.ESTIMATED,
             estimated=["1.5"])  # fmt: skip
        used(ours.meter, [3], start=MAY_START + QUARTER, quality=Quality.EDITED)

        (section,) = reckon(ours).sections

        assert section.usage.drawn.tolist() == [1_000_000, 3_000_000, 2_000_000]
        assert section.quality.tolist() == [Quality.ACTUAL, Quality.EDITED, Quality.ESTIMATED]
        assert section.estimated_mwh == 1_500_000

    def test_of_many_is_read_page_by_page_and_is_the_same(self, monkeypatch):
        homes = [home(name) for name in "ABC"]
        for place, each in enumerate(homes):
            used(each.meter, [1, 2 + place, 4])
        reckoner = worlds.Reckoner(zone=worlds.ZoneInfo("UTC"), now=worlds.NOW)
        cycles = {each.account.pk: MAY for each in homes}
        one_by_one = [found.energy_mwh for found in reckoner.reckon(cycles)]

        monkeypatch.setattr(usage, "_MANY", 2)

        assert [found.energy_mwh for found in reckoner.reckon(cycles)] == one_by_one
        with connection.cursor() as cursor:
            cursor.execute("SHOW enable_indexscan")
            assert cursor.fetchone() == ("on",)

    def test_goes_on_through_an_exchange_of_the_meter_in_mid_quarter(self):
        ours = home()
        at = MAY_START + timedelta(hours=1, minutes=7)
        old = MeterInstallation.objects.get(meter=ours.meter)
        old.during = (worlds.LONG_AGO, at)
        old.save()
        new = grids.meter("MTR-NEW", region=ours.region, since=at)
        place = MeterInstallation.objects.get(meter=new)
        place.service_point = old.service_point
        place.save()
        used(ours.meter, [1] * 5)
        used(new, [2] * 3, start=MAY_START + timedelta(hours=1))

        found = reckon(ours)

        assert found.energy_mwh == (5 + 6) * 1_000_000
        assert found.sections[0].found == 7  # the one of the exchange is one

    def test_of_a_clock_change_is_all_there(self):
        ours = home()
        brussels = Cycle(date(2026, 10, 1), date(2026, 11, 1))
        start = datetime(2026, 9, 30, 22, tzinfo=UTC)
        used(ours.meter, [1] * (31 * 96 + 4), start=start)

        found = reckon(
            ours,
            cycle=brussels,
            zone="Europe/Brussels",
            now=datetime(2026, 11, 2, tzinfo=UTC),
        )

        assert found.energy_mwh == 2980 * 1_000_000
        assert (found.sections[0].stay.days, found.troubles) == (31, {})


class TestPrices:
    def test_that_are_decided_later_are_seen(self):
        ours = home(definition=DYNAMIC)
        used(ours.meter, [1, 1])
        prices(ours.region, ["0.2"])
        assert Trouble.NO_PRICE in reckon(ours).troubles

        prices(ours.region, ["0.4"], start=MAY_START + QUARTER)

        assert reckon(ours).total == Decimal("0.60")

    def test_are_those_in_force_when_it_was_used(self):
        ours = home(definition=DYNAMIC)
        used(ours.meter, [1, 2])
        prices(ours.region, ["0.2", "0.4"] + ["0.1"] * 10)

        components = reckon(ours).sections[0].rated.bill.lines[0].components

        assert [(c.label, c.quantity * c.price) for c in components] == [
            ("by load, × 1", Decimal("0.2")),
            ("by load, × 2", Decimal("0.8")),
        ]

    def test_that_are_not_there_block_the_bill(self):
        ours = home(definition=DYNAMIC)
        used(ours.meter, [0, 0, 3])

        found = reckon(ours)

        assert not found.is_whole
        assert found.troubles[Trouble.NO_PRICE] == (
            "SP-MTR-A: no price from 2026-05-01 00:30 UTC, 1 intervals"
        )

    def test_of_minutes_price_each_minute(self):
        ours = home(definition=DYNAMIC)
        used(ours.meter, [15])
        partitions.ensure(MINUTES, {MAY_START.date()})
        for minute, kwh in enumerate([8, 4, 1]):
            MinuteWindow.objects.create(
                meter=ours.meter, start=MAY_START + minute * MINUTE, mean_mw=0, min_mw=0,
                max_mw=0, energy_mwh=kwh * 1_000_000, estimated_mwh=0, revised_at=MAY_START,
                count=6, expected=6, quality=Quality.ACTUAL)  # fmt: skip
        prices(ours.region, ["1", "0.1", "0.01"] + ["0"] * 12, slot=MINUTE)

        found = reckon(ours)

        assert found.energy_mwh == 15_000_000  # 2 kWh of no known minute cost nothing here
        assert found.total == Decimal("8.41")

    def test_in_another_currency_than_the_plan_block_the_bill(self):
        ours = home(definition=DYNAMIC)
        ours.agreement.plan.currency = "USD"
        ours.agreement.plan.save()
        used(ours.meter, [1])
        prices(ours.region, ["0.2"])

        assert "prices are in EUR" in reckon(ours).troubles[Trouble.UNBILLABLE]


class TestAgreements:
    def test_that_begin_on_the_20th_pay_for_their_days_of_the_whole_month(self):
        moved_in = datetime(2026, 5, 20, tzinfo=UTC)
        plan = worlds.FLAT | {"standing_per_day": "1", "minimum": "310"}
        ours = home(definition=plan, since=moved_in)

        (section,) = reckon(ours).sections

        assert (section.stay.days, section.stay.nominal_days) == (12, 31)
        assert [str(line.amount) for line in section.rated.bill.lines] == [
            "0.00",
            "12.00",
            "108.00",
        ]

    def test_that_follow_each_other_share_nothing_and_leave_nothing(self):
        at = datetime(2026, 5, 11, tzinfo=UTC)
        ours = home(until=at)
        other = worlds.plan("LATER", {"energy": {"kind": "flat", "price": "1"}})
        ServiceAgreement.objects.create(
            account=ours.account,
            service_point=ours.agreement.service_point,
            plan=other,
            during=(at, None),
        )
        whole_month(ours.meter)

        found = reckon(ours)

        assert [s.energy_mwh // 1_000_000 for s in found.sections] == [960, 2016]
        assert [s.stay.days for s in found.sections] == [10, 21]
        assert found.total == Decimal("2256.00")

    def test_that_are_none_are_said(self):
        ours = home(until=datetime(2026, 4, 1, tzinfo=UTC))

        found = reckon(ours)

        assert (found.is_whole, list(found.troubles)) == (False, [Trouble.NO_AGREEMENT])

    def test_of_many_accounts_are_read_in_few_questions(self, django_assert_max_num_queries):
        homes = [home(name, definition=DYNAMIC) for name in "ABCDEF"]
        for each in homes:
            used(each.meter, [1])
        prices(homes[0].region, ["0.2"])
        reckoner = worlds.Reckoner(zone=worlds.ZoneInfo("UTC"), now=worlds.NOW)

        with django_assert_max_num_queries(5):
            found = reckoner.reckon({each.account.pk: MAY for each in homes})

        assert [r.total for r in found] == [Decimal("0.20")] * 6
