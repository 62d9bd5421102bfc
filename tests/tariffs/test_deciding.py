"""Each slot is priced once, in time or after the fact, whoever decides."""

import random
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grid.models import Region
from segs_site.lib.models import OutboxEvent
from segs_site.lib.periods import Period, floor
from tariffs.models import LoadUnknown, PricingPolicy, RegionPrice
from tariffs.services import deciding, overrides, policies
from tests import worlds
from tests.grid.builders import closed_minute
from tests.tariffs import builders
from tests.tariffs.builders import ADA, MINUTE, decide, load

pytestmark = pytest.mark.django_db

TWO = datetime(2026, 11, 25, 14, tzinfo=UTC)
SLOT = timedelta(minutes=15)


@pytest.fixture
def north(db: None) -> Region:
    return worlds.region("North", capacity_kw=100, since=builders.LONG_AGO)


@pytest.fixture
def policy(north: Region) -> PricingPolicy:
    return builders.policy()


def first_price(region: Region, *, at: datetime, pct: float = 80) -> RegionPrice:
    """The price of the slot before `at`, decided by load."""
    now = at - SLOT - MINUTE
    load(region, pct, until=now)
    [row] = decide(region, now=now)
    return row


class TestASlot:
    def test_is_decided_a_lead_before_it_starts(self, north, policy) -> None:
        first_price(north, at=TWO)
        load(north, 60, until=TWO - MINUTE)

        early = decide(north, now=TWO - MINUTE - timedelta(microseconds=1))
        [row] = decide(north, now=TWO - MINUTE)

        assert early == []
        assert (row.starts_at, row.ends_at) == (TWO, TWO + SLOT)
        assert (row.price, row.old_price) == (Decimal("0.24"), Decimal("0.3"))
        assert (row.load_pct, row.coverage_pct, row.multiplier) == (60, 100, Decimal("1.2"))
        assert (row.policy, row.triggered_by, row.flag) == (policy, "AUTO", "")
        assert row.load_minute == TWO - 2 * MINUTE

    def test_is_decided_once(self, north, policy) -> None:
        first_price(north, at=TWO)
        load(north, 60, until=TWO - MINUTE)
        decide(north, now=TWO - MINUTE)

        assert decide(north, now=TWO - MINUTE) == []
        assert deciding.decide_due(now=TWO - MINUTE) == 0

    def test_begins_with_the_next_full_minute_where_there_was_none(self, north, policy) -> None:
        [row] = decide(north, now=TWO + timedelta(seconds=20))

        assert (row.starts_at, row.ends_at) == (TWO + MINUTE, TWO + SLOT)

    def test_needs_a_policy(self, north) -> None:
        assert decide(north, now=TWO) == []
        assert deciding.decide_due(now=TWO) == 0

    def test_follows_the_regions_own_policy_before_the_default(self, north, policy) -> None:
        own = builders.policy(north, base_price=Decimal("0.5"))

        [row] = decide(north, now=TWO)

        assert (row.policy, row.price) == (own, Decimal("0.5"))

    def test_under_a_new_length_is_cut_to_meet_the_new_grid(self, north, policy) -> None:
        first_price(north, at=TWO + SLOT)
        hourly = PricingPolicy(
            effective_from=TWO + SLOT, currency="EUR", base_price=1, slot_minutes=60
        )
        policies.adopt(policy=hourly, by="ada@utility.example", now=TWO)

        [row] = decide(north, now=TWO + SLOT - MINUTE)
        [following] = decide(north, now=TWO + 4 * SLOT - MINUTE)

        assert (row.starts_at, row.ends_at) == (TWO + SLOT, TWO + 4 * SLOT)
        assert following.ends_at - following.starts_at == timedelta(hours=1)

    def test_is_announced_in_the_deciding_transaction(self, north, policy) -> None:
        row = first_price(north, at=TWO)

        event = OutboxEvent.objects.get(type="tariff")
        assert (event.group, event.stream) == ("grid", "tariff_updates")
        assert event.data == {
            "tariffId": row.pk,
            "region": "North",
            "pricePerKwh": "0.300000",
            "effectiveFrom": "2026-11-25T13:45:00Z",
            "effectiveUntil": "2026-11-25T14:00:00Z",
            "reason": "load 80.000 %, 75–90 %",
            "triggeredBy": "AUTO",
            "oldPrice": None,
        }

    def test_that_cannot_be_priced_starves_no_other_region(self, north, policy) -> None:
        south = worlds.region("South", capacity_kw=50, since=builders.LONG_AGO)
        PricingPolicy.objects.filter(pk=policy.pk).update(region=south)
        broken = builders.policy(north)
        PricingPolicy.objects.filter(pk=broken.pk).update(bands=[])

        assert deciding.decide_due(now=TWO) == 1
        assert RegionPrice.objects.get().region == south


class TestALoad:
    """From the milliwatts of a minute to the price of a slot."""

    @pytest.mark.parametrize(
        ("pct", "price"),
        [
            (24.999, "0.16"),
            (25, "0.2"),
            (49.999, "0.2"),
            (50, "0.24"),
            (74.999, "0.24"),
            (75, "0.3"),
            (89.999, "0.3"),
            (90, "0.4"),
            (100, "0.4"),
            (130, "0.4"),
        ],
    )
    def test_brings_the_price_of_its_band(self, north, policy, pct: float, price: str) -> None:
        row = first_price(north, at=TWO, pct=pct)

        assert (row.price, row.triggered_by) == (Decimal(price), "AUTO")
        assert row.load_pct == round(Decimal(pct), 3)

    def test_that_flaps_around_an_edge_changes_the_price_at_most_twice_an_hour(
        self, north
    ) -> None:
        as_it_comes = PricingPolicy._meta.get_field("min_dwell_minutes").default
        builders.policy(slot_minutes=1, lead_s=30, min_dwell_minutes=as_it_comes)
        for minute in range(61):
            now = TWO + minute * MINUTE
            load(north, (74.9, 75.1)[minute % 2], until=now)
            decide(north, now=now + timedelta(seconds=31))

        rows = RegionPrice.objects.filter(starts_at__gte=TWO + MINUTE).order_by("starts_at")
        prices = [row.price for row in rows]
        assert len(prices) == 61
        assert {row.triggered_by for row in rows} == {"AUTO"}
        assert sum(old != new for old, new in pairwise(prices)) <= 2

    def test_may_bring_a_negative_price(self, north) -> None:
        builders.policy(base_price=Decimal("-0.05"))

        assert first_price(north, at=TWO, pct=10).price == Decimal("-0.04")


class TestUnknownLoad:
    def test_of_a_third_silent_does_not_lower_the_price(self, north, policy) -> None:
        first_price(north, at=TWO)
        load(
            north, 40, until=TWO - MINUTE, meters_reporting=7, meters_expected=10, load_known=False
        )

        [row] = decide(north, now=TWO - MINUTE)

        assert (row.price, row.triggered_by, row.flag) == (Decimal("0.3"), "HELD", "load_unknown")
        assert (row.load_pct, row.coverage_pct) == (None, 70)

    @pytest.mark.parametrize(("seconds", "known"), [(180, True), (181, False)])
    def test_is_one_older_than_three_minutes(self, north, policy, seconds, known) -> None:
        now = TWO - MINUTE
        ended = now - timedelta(seconds=seconds)
        closed_minute(north, ended - MINUTE, load_mw=80_000_000)

        [row] = decide(north, now=now)

        assert (row.triggered_by == "AUTO") is known

    @pytest.mark.parametrize("capacity_mw", [None, 0])
    def test_is_one_without_a_capacity(self, north, policy, capacity_mw) -> None:
        load(north, 80, until=TWO - MINUTE, capacity_mw=capacity_mw)

        [row] = decide(north, now=TWO - MINUTE)

        assert (row.triggered_by, row.flag) == ("BASE", "load_unknown")

    def test_falls_to_base_after_the_hold_and_leaves_a_row_for_the_alarm_desk(
        self, north, policy
    ) -> None:
        first_price(north, at=TWO)
        for place in range(6):
            decide(north, now=TWO + place * SLOT - MINUTE)

        found = RegionPrice.objects.order_by("starts_at").values_list("triggered_by", flat=True)
        assert list(found) == ["AUTO", *["HELD"] * 4, *["BASE"] * 2]
        assert LoadUnknown.objects.get().since == TWO + 4 * SLOT
        assert LoadUnknown.objects.get().until is None

        load(north, 80, until=TWO + 6 * SLOT - MINUTE)
        decide(north, now=TWO + 6 * SLOT - MINUTE)
        assert LoadUnknown.objects.get().until == TWO + 6 * SLOT


class TestDowntime:
    def test_of_two_hours_is_filled_in_order_and_flagged(self, north, policy) -> None:
        first_price(north, at=TWO)
        back = TWO + timedelta(hours=2, seconds=5)
        for minutes in range(120):  # loads that nobody knew when their slots were due
            load(north, 10, until=TWO + minutes * MINUTE)

        decide(north, now=back)

        rows = list(RegionPrice.objects.filter(starts_at__gte=TWO).order_by("starts_at"))
        assert [row.starts_at for row in rows] == [TWO + place * SLOT for place in range(9)]
        assert [row.triggered_by for row in rows] == [*["HELD"] * 4, *["BASE"] * 5]
        assert {row.flag for row in rows} == {"missed"}
        assert {row.load_pct for row in rows} == {None}
        assert {row.price for row in rows[:4]} == {Decimal("0.3")}

    def test_tells_screens_of_the_last_hour_alone(self, north, policy) -> None:
        first_price(north, at=TWO)
        OutboxEvent.objects.all().delete()

        decide(north, now=TWO + timedelta(hours=10))

        assert RegionPrice.objects.count() == 42
        assert OutboxEvent.objects.filter(type="tariff").count() == 5  # and the present

    def test_keeps_an_override_that_was_live_when_the_slot_was_due(self, north, policy) -> None:
        first_price(north, at=TWO)
        builders.override(north, TWO + SLOT, TWO + 2 * SLOT, now=TWO - MINUTE)

        decide(north, now=TWO + 3 * SLOT)

        by_start = dict(RegionPrice.objects.values_list("starts_at", "triggered_by"))
        assert by_start[TWO] == "HELD"
        assert by_start[TWO + SLOT] == "OVERRIDE"
        assert by_start[TWO + 2 * SLOT] == "HELD"

    def test_longer_than_a_step_is_caught_up_in_several(self, north, policy, monkeypatch) -> None:
        monkeypatch.setattr(deciding, "SLOTS_A_STEP", 3)
        first_price(north, at=TWO)

        counts = [len(decide(north, now=TWO + timedelta(hours=1))) for _ in range(3)]

        assert counts == [3, 2, 0]


class TestOverride:
    def test_at_14_20_for_14_to_15_acts_from_the_first_undecided_slot(self, north, policy) -> None:
        for place in range(-1, 2):
            decide(north, now=TWO + place * SLOT - MINUTE)
        builders.override(
            north, TWO, TWO + timedelta(hours=1), now=TWO + timedelta(minutes=20), price="0.25"
        )
        for place in range(2, 5):
            decide(north, now=TWO + place * SLOT - MINUTE)

        rows = RegionPrice.objects.filter(starts_at__gte=TWO).order_by("starts_at")
        assert [row.triggered_by == "OVERRIDE" for row in rows] == [
            False,
            False,
            True,
            True,
            False,
        ]
        assert {row.price for row in rows if row.override} == {Decimal("0.25")}
        assert rows[2].reason == "storm"

    def test_may_make_a_price_negative(self, north, policy) -> None:
        made = builders.override(north, TWO, TWO + SLOT, now=TWO - SLOT, price="-0.01")
        overrides.approve(override=made, by=ADA, now=TWO - SLOT)
        first_price(north, at=TWO)

        [row] = decide(north, now=TWO - MINUTE)

        assert row.price == Decimal("-0.01")

    def test_that_waits_for_approval_acts_on_nothing(self, north, policy) -> None:
        first_price(north, at=TWO)
        builders.override(north, TWO, TWO + SLOT, now=TWO - 2 * MINUTE, price="0.9")

        [row] = decide(north, now=TWO - MINUTE)

        assert row.triggered_by == "HELD"

    def test_ended_early_leaves_decided_slots_alone(self, north, policy) -> None:
        first_price(north, at=TWO)
        made = builders.override(north, TWO, TWO + 4 * SLOT, now=TWO - 2 * MINUTE)
        decide(north, now=TWO - MINUTE)
        overrides.end(override=made, by=ADA, now=TWO + MINUTE)
        decide(north, now=TWO + SLOT - MINUTE)

        rows = RegionPrice.objects.filter(starts_at__gte=TWO).order_by("starts_at")
        assert [row.triggered_by for row in rows] == ["OVERRIDE", "HELD"]


class TestADecidedPrice:
    def test_cannot_be_changed(self, north, policy) -> None:
        row = first_price(north, at=TWO)

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            RegionPrice.objects.filter(pk=row.pk).update(price=1)
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            row.delete()

    def test_keeps_its_policy_as_it_was(self, north, policy) -> None:
        first_price(north, at=TWO)

        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            PricingPolicy.objects.filter(pk=policy.pk).update(base_price=9)

    def test_overlaps_no_other(self, north, policy) -> None:
        row = first_price(north, at=TWO)
        row.pk, row.starts_at = None, row.starts_at + MINUTE

        with pytest.raises(IntegrityError, match="region_price_no_overlap"), transaction.atomic():
            row.save(force_insert=True)


@pytest.mark.django_db(transaction=True)
class TestTwoDeciders:
    def test_make_one_price(self) -> None:
        north = worlds.region("North", capacity_kw=100, since=builders.LONG_AGO)
        builders.policy()
        load(north, 80, until=TWO)
        together = threading.Barrier(4)
        faults: list[Exception] = []

        def work() -> None:
            together.wait(20)
            try:
                deciding.decide_due(now=TWO)
                deciding.decide_region(region_id=north.pk, now=TWO)
            except DatabaseError as fault:
                faults.append(fault)
            finally:
                connection.close()

        deciders = [threading.Thread(target=work) for _ in range(4)]
        for each in deciders:
            each.start()
        for each in deciders:
            each.join()

        assert faults == []
        assert RegionPrice.objects.count() == 1
        assert OutboxEvent.objects.filter(type="tariff").count() == 1

    def test_wait_for_nobody(self) -> None:
        north = worlds.region("North", capacity_kw=100, since=builders.LONG_AGO)
        builders.policy()
        held, let_go = threading.Event(), threading.Event()

        def hold() -> None:
            with transaction.atomic():
                assert deciding._have_lock(north.pk)
                held.set()
                let_go.wait(20)
            connection.close()

        other = threading.Thread(target=hold)
        other.start()
        held.wait(20)
        assert decide(north, now=TWO) == []
        let_go.set()
        other.join()

        assert len(decide(north, now=TWO)) == 1


class TestManyRegions:
    """Fifty of them are due in the same second: benchmarks.prices says how long that takes."""

    @pytest.fixture
    def regions(self, policy: PricingPolicy) -> list[Region]:
        made = [
            worlds.region(f"R{place:02}", capacity_kw=100, since=builders.LONG_AGO)
            for place in range(24)
        ]
        for each in made:
            load(each, 80, until=TWO - MINUTE)
        return made

    def test_cost_two_questions_while_nothing_is_due(
        self, regions, django_assert_num_queries
    ) -> None:
        deciding.decide_due(now=TWO)

        with django_assert_num_queries(2):
            assert deciding.decide_due(now=TWO) == 0

    def test_cost_eleven_questions_each_and_a_transaction_for_ten(
        self, regions, django_assert_max_num_queries
    ) -> None:
        steps = 3  # each with its transaction and its policies

        with django_assert_max_num_queries(2 + 5 * steps + 11 * 25):
            assert deciding.decide_due(now=TWO) == 25

    def test_are_each_decided_though_one_of_them_cannot_be(
        self, north, regions, monkeypatch
    ) -> None:
        store = RegionPrice.objects.bulk_create

        def faulty(rows: list[RegionPrice]) -> list[RegionPrice]:
            if rows and rows[0].region_id == regions[3].pk:
                rows[0].price = None
            return store(rows)

        monkeypatch.setattr(RegionPrice.objects, "bulk_create", faulty)

        assert deciding.decide_due(now=TWO) == 24
        assert not RegionPrice.objects.filter(region=regions[3]).exists()
        assert OutboxEvent.objects.filter(type="tariff").count() == 24


class TestAMonth:
    """A decider that comes when it likes, through both clock changes, leaves no gap."""

    @pytest.mark.parametrize("month", [3, 10], ids=["clocks go forward", "clocks go back"])
    @hypothesis_settings(
        max_examples=3,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 2**32))
    def test_has_neither_gap_nor_overlap(self, north, month: int, seed: int) -> None:
        with transaction.atomic():
            begin = datetime(2026, month, 10, tzinfo=UTC)
            self.live(north, begin, random.Random(seed))
            self.check(north, begin)
            transaction.set_rollback(True)

    def live(self, north: Region, begin: datetime, dice: random.Random) -> None:
        """Decide at odd moments for a month, in which the length of slots changes once."""
        builders.policy(slot_minutes=dice.choice([15, 30, 60]))
        change = begin + dice.randrange(28 * 24 * 60) * MINUTE
        for _ in range(dice.randrange(4)):
            self.override(north, begin, dice)
        builders.policy(effective_from=change, slot_minutes=dice.choice([5, 15, 30, 60]))
        now, end = begin, begin + timedelta(days=30)
        while now < end:
            if dice.random() < 0.7:
                north.regionminute_set.all().delete()
                load(north, dice.randrange(-20, 130), until=floor(now, MINUTE))
            decide(north, now=now)
            now += timedelta(seconds=dice.choice([600, 3600, 30_000, 200_000]))
        while decide(north, now=end):
            pass

    def override(self, north: Region, begin: datetime, dice: random.Random) -> None:
        """Set a price for some hours, unless somebody has for some of them."""
        start = begin + dice.randrange(1, 29 * 24 * 60) * MINUTE
        end = start + dice.randrange(60, 600) * MINUTE
        with suppress(overrides.Overlapping):
            builders.override(north, start, end, now=begin)

    def check(self, north: Region, begin: datetime) -> None:
        rows = list(RegionPrice.objects.filter(region=north).order_by("starts_at"))
        assert rows[0].starts_at == begin + MINUTE
        assert rows[-1].ends_at > begin + timedelta(days=30)
        for row, following in pairwise(rows):
            assert row.ends_at == following.starts_at
            assert row.price == following.old_price
        for row in rows:
            assert row.override is None or row.starts_at in Period(
                row.override.starts_at, row.override.ends_at
            )
            assert (row.flag == "missed") == (row.decided_at >= row.starts_at)
            assert (row.load_pct is None) or row.load_minute + MINUTE <= row.decided_at
