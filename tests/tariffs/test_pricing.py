"""The price of a slot, calculated."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tariffs import bands, pricing
from tariffs.pricing import Flag, Override, Rules, Standing, Trigger

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)
SLOT = timedelta(minutes=15)
BANDS = bands.read(bands.DEFAULT)
RULES = Rules(base_price=Decimal("0.2"), bands=BANDS)


def decide(load: str | None, *, rules: Rules = RULES, standing=None, override=None, at=NOON):
    known = None if load is None else Decimal(load)
    return pricing.decide(
        rules=rules, load=known, standing=standing, override=override, slot_start=at
    )


def standing(load: str, *, since: datetime = NOON - SLOT, until: datetime = NOON) -> Standing:
    band = bands.band_of(BANDS, Decimal(load))
    return Standing(
        price=RULES.price(band.multiplier),
        multiplier=band.multiplier,
        band_from_pct=band.from_pct,
        since=since,
        until=until,
    )


class TestBands:
    @pytest.mark.parametrize(
        ("load", "price"),
        [
            ("-5", "0.16"),
            ("0", "0.16"),
            ("24.999", "0.16"),
            ("25", "0.2"),
            ("49.999", "0.2"),
            ("50", "0.24"),
            ("74.999", "0.24"),
            ("75", "0.3"),
            ("89.999", "0.3"),
            ("90", "0.4"),
            ("100", "0.4"),
            ("130", "0.4"),
        ],
    )
    def test_price_every_load(self, load: str, price: str) -> None:
        decision = decide(load)

        assert decision.price == Decimal(price)
        assert (decision.triggered_by, decision.flag) == (Trigger.AUTO, Flag.NONE)
        assert load.lstrip("-") in decision.reason

    def test_of_a_load_are_judged_exactly(self) -> None:
        just_below = pricing.load_pct(749_999_999_999, 1_000_000_000_000)

        assert just_below == Decimal("74.999999")
        assert pricing.load_pct(750_000_000_000, 1_000_000_000_000) == 75

    @pytest.mark.parametrize(("load_mw", "capacity_mw"), [(None, 100), (5, None), (5, 0), (5, -1)])
    def test_know_no_load_without_a_capacity(self, load_mw, capacity_mw) -> None:
        assert pricing.load_pct(load_mw, capacity_mw) is None


class TestFlapping:
    def prices(self, rules: Rules, loads: list[str]) -> list[Decimal]:
        """The prices of one-minute slots."""
        found, known = [], None
        for place, load in enumerate(loads):
            start = NOON + place * timedelta(minutes=1)
            made = decide(load, rules=rules, standing=known, at=start)
            known = Standing(
                price=made.price,
                multiplier=made.multiplier,
                band_from_pct=made.band_from_pct,
                since=made.band_since,
                until=start + timedelta(minutes=1),
            )
            found.append(made.price)
        return found

    @pytest.mark.parametrize(
        "rules",
        [
            Rules(Decimal("0.2"), BANDS, hysteresis_pct=Decimal(2)),
            Rules(Decimal("0.2"), BANDS, min_dwell=timedelta(minutes=30)),
            Rules(Decimal("0.2"), BANDS, min_change=Decimal("0.1")),
        ],
        ids=["hysteresis", "dwell", "smallest change"],
    )
    def test_changes_the_price_at_most_twice_an_hour(self, rules: Rules) -> None:
        found = self.prices(rules, ["74.9", "75.1"] * 30)

        assert sum(old != new for old, new in pairwise(found)) <= 2

    @given(loads=st.lists(st.sampled_from(["74.9", "75.1"]), min_size=60, max_size=60))
    @pytest.mark.parametrize(
        "rules",
        [
            Rules(Decimal("0.2"), BANDS, hysteresis_pct=Decimal(2)),
            Rules(Decimal("0.2"), BANDS, min_dwell=timedelta(minutes=30)),
        ],
        ids=["hysteresis", "dwell"],
    )
    def test_changes_it_no_oftener_however_the_hour_flaps(
        self, rules: Rules, loads: list[str]
    ) -> None:
        found = self.prices(rules, loads)

        assert sum(old != new for old, new in pairwise(found)) <= 2

    def test_is_seen_without_any_of_them(self) -> None:
        found = self.prices(RULES, ["74.9", "75.1"] * 30)

        assert sum(old != new for old, new in pairwise(found)) == 59


class TestHysteresis:
    rules = Rules(Decimal("0.2"), BANDS, hysteresis_pct=Decimal(2))

    @pytest.mark.parametrize(
        ("load", "price"), [("73", "0.3"), ("72.999", "0.24"), ("90", "0.4"), ("10", "0.16")]
    )
    def test_holds_a_falling_load_back_and_never_a_rising_one(self, load: str, price: str) -> None:
        assert decide(load, rules=self.rules, standing=standing("80")).price == Decimal(price)

    def test_does_not_outlive_the_rules(self) -> None:
        old = Standing(Decimal("0.3"), Decimal("1.5"), Decimal(75), NOON - SLOT, NOON, False)

        assert decide("74", rules=self.rules, standing=old).price == Decimal("0.24")

    def test_does_not_outlive_the_time_a_price_is_held(self) -> None:
        old = standing("80", until=NOON - timedelta(hours=1))

        assert decide("74", rules=self.rules, standing=old).price == Decimal("0.24")


class TestDwell:
    rules = Rules(Decimal("0.2"), BANDS, min_dwell=timedelta(minutes=30))

    def test_lets_a_band_stand_for_its_time(self) -> None:
        early = decide("95", rules=self.rules, standing=standing("80", since=NOON - SLOT))
        in_time = decide("95", rules=self.rules, standing=standing("80", since=NOON - 2 * SLOT))

        assert (early.price, in_time.price) == (Decimal("0.3"), Decimal("0.4"))
        assert early.band_since == NOON - SLOT
        assert in_time.band_since == NOON


class TestUnknownLoad:
    def test_holds_the_price_flagged(self) -> None:
        decision = decide(None, standing=standing("80"))

        assert decision.price == Decimal("0.3")
        assert (decision.triggered_by, decision.flag) == (Trigger.HELD, Flag.LOAD_UNKNOWN)

    def test_falls_to_base_after_a_while_flagged(self) -> None:
        decision = decide(None, standing=standing("80", until=NOON - timedelta(hours=1)))

        assert decision.price == Decimal("0.2")
        assert (decision.triggered_by, decision.flag) == (Trigger.BASE, Flag.LOAD_UNKNOWN)

    def test_is_base_where_there_was_never_a_price(self) -> None:
        assert decide(None).triggered_by == Trigger.BASE


class TestMissedSlot:
    def test_is_held_or_base_and_flagged_so(self) -> None:
        held = pricing.fill(rules=RULES, standing=standing("80"), override=None, slot_start=NOON)
        base = pricing.fill(rules=RULES, standing=None, override=None, slot_start=NOON)

        assert (held.price, held.triggered_by) == (Decimal("0.3"), Trigger.HELD)
        assert (base.price, base.triggered_by) == (Decimal("0.2"), Trigger.BASE)
        assert held.flag == base.flag == Flag.MISSED

    def test_follows_an_override_that_was_live_then(self) -> None:
        order = Override("storm", price=Decimal("0.5"))

        filled = pricing.fill(rules=RULES, standing=None, override=order, slot_start=NOON)

        assert (filled.price, filled.triggered_by) == (Decimal("0.5"), Trigger.OVERRIDE)


class TestOverride:
    def test_outranks_the_bands(self) -> None:
        decision = decide("95", override=Override("storm", price=Decimal("0.1")))

        assert (decision.price, decision.reason) == (Decimal("0.1"), "storm")
        assert decision.triggered_by == Trigger.OVERRIDE

    def test_multiplies_the_base_price(self) -> None:
        assert decide(None, override=Override("sun", multiplier=Decimal("-0.5"))).price == Decimal(
            "-0.1"
        )

    def test_stays_within_floor_and_cap(self) -> None:
        rules = Rules(Decimal("0.2"), BANDS, floor=Decimal(0), cap=Decimal("0.35"))

        assert decide("1", rules=rules, override=Override("", price=Decimal(9))).price == Decimal(
            "0.35"
        )
        assert decide("1", rules=rules, override=Override("", price=Decimal(-1))).price == 0

    @pytest.mark.parametrize(
        ("base", "price", "deviation"),
        [("0.2", "0.3", Decimal(50)), ("0.2", "-0.2", Decimal(200)), ("0", "0.1", None)],
    )
    def test_is_as_far_from_base_as_its_price(self, base, price, deviation) -> None:
        rules = Rules(Decimal(base), BANDS)

        assert pricing.deviation_pct(rules, Override("", price=Decimal(price))) == deviation


class TestPrices:
    def test_may_be_negative(self) -> None:
        rules = Rules(base_price=Decimal("-0.05"), bands=BANDS)

        assert decide("10", rules=rules).price == Decimal("-0.04")
        assert decide("95", rules=rules).price == Decimal("-0.1")

    @given(
        load=st.decimals(-50, 300, places=3),
        base=st.decimals(-2, 2, places=6),
        floor=st.none() | st.decimals(-1, 0, places=2),
        cap=st.none() | st.decimals("0.01", 1, places=2),
    )
    def test_lie_within_floor_and_cap_with_six_places(self, load, base, floor, cap) -> None:
        rules = Rules(base, BANDS, floor=floor, cap=cap)

        price = decide(str(load), rules=rules).price

        assert price.as_tuple().exponent >= -6
        assert floor is None or price >= floor
        assert cap is None or price <= cap
