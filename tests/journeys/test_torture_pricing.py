"""The torture's eye for prices: one that sees nothing would let everything pass."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from benchmarks import torture_prices
from benchmarks.torture_pricing import Override, Policy, Price, Prices, of_region
from segs_site.lib.periods import MINUTE, Period
from tariffs import bands, pricing

TWO = datetime(2026, 11, 25, 14, tzinfo=UTC)
RUN = Period(TWO, TWO + 4 * MINUTE)
RULES = pricing.Rules(Decimal("0.2"), bands.read(bands.DEFAULT), hysteresis_pct=Decimal(2))
POLICY = Policy(1, None, datetime(2020, 1, 1, tzinfo=UTC), MINUTE, timedelta(seconds=5), RULES)
STORM = Override(
    id=7,
    region="North",
    starts_at=TWO + 3 * MINUTE,
    ends_at=TWO + 4 * MINUTE,
    approved_at=TWO,
    ended_at=None,
    order=pricing.Override("storm", multiplier=Decimal("-0.5")),
)


def price(place: int, **columns: object) -> Price:
    """The slot so many minutes after two: 80 % load by default, decided five seconds ahead."""
    start = TWO + place * MINUTE
    values: dict[str, object] = {
        "id": place,
        "region": "North",
        "starts_at": start,
        "ends_at": start + MINUTE,
        "price": Decimal("0.3"),
        "old_price": Decimal("0.3"),
        "multiplier": Decimal("1.5"),
        "band_from_pct": Decimal(75),
        "band_since": TWO,
        "load_pct": Decimal(80),
        "load_minute": start - 2 * MINUTE,
        "policy": 1,
        "override": None,
        "reason": "load 80.000 %, 75–90 %",
        "triggered_by": "AUTO",
        "flag": "",
        "decided_at": start - timedelta(seconds=5),
    }
    return Price(**values | columns)  # type: ignore[arg-type]


def unknown(place: int, **columns: object) -> Price:
    return price(
        place, load_pct=None, load_minute=None, triggered_by="HELD", flag="load_unknown",
        reason="load unknown: price held", **columns,
    )  # fmt: skip


def missed(place: int) -> Price:
    held = unknown(place, decided_at=TWO + (place + 2) * MINUTE)
    return replace(held, flag="missed", reason="nobody decided in time: price held")


def good() -> list[Price]:
    """Five minutes: by load, load unknown, missed, by a person, and by load again."""
    stormy = price(
        3, price=Decimal("-0.1"), multiplier=Decimal("-0.5"), band_from_pct=None, band_since=None,
        triggered_by="OVERRIDE", reason="storm", override=7,
    )  # fmt: skip
    return [
        price(0, old_price=None),
        unknown(1),
        missed(2),
        stormy,
        price(4, old_price=Decimal("-0.1")),
    ]


def faults(rows: list[Price], run: Period = RUN) -> list[str]:
    return list(of_region(Prices([POLICY], [STORM], rows), "North", run))


def changed(place: int, **columns: object) -> Callable[[list[Price]], list[Price]]:
    def change(rows: list[Price]) -> list[Price]:
        return [*rows[:place], replace(rows[place], **columns), *rows[place + 1 :]]  # type: ignore[arg-type]

    return change


def without(place: int) -> Callable[[list[Price]], list[Price]]:
    return lambda rows: [*rows[:place], *rows[place + 1 :]]


class TestOfRegion:
    def test_has_nothing_against_what_is_right(self) -> None:
        assert faults(good()) == []

    @pytest.mark.parametrize(
        "spoil",
        [
            without(1),
            lambda rows: [*rows[:2], *rows[1:]],
            changed(0, ends_at=TWO + 2 * MINUTE),
            changed(0, price=Decimal("0.24")),
            changed(0, load_pct=Decimal("74.999")),
            changed(0, policy=2),
            changed(0, decided_at=TWO - MINUTE),
            changed(0, load_minute=TWO - 5 * MINUTE),
            changed(0, load_minute=TWO),
            changed(0, load_minute=None),
            changed(1, flag=""),
            changed(1, price=Decimal("0.24")),
            changed(1, triggered_by="BASE"),
            changed(2, flag="load_unknown"),
            changed(2, load_pct=Decimal(80)),
            changed(3, override=None),
            changed(3, price=Decimal("0.3")),
            changed(4, old_price=Decimal("0.3")),
            changed(4, band_since=TWO + 4 * MINUTE),
        ],
        ids=[
            "a gap",
            "two prices of a slot",
            "an overlap",
            "a price of another band",
            "a load of another band",
            "a policy that is not in force",
            "decided too early",
            "an old load",
            "a load not closed yet",
            "a load of nowhen",
            "an unknown load that is not flagged",
            "an unknown load that lowers the price",
            "base while it should be held",
            "missed and flagged as something else",
            "missed and decided by a load",
            "an override that is not named",
            "an override that does not act",
            "another old price",
            "another beginning of the band",
        ],
    )
    def test_sees(self, spoil: Callable[[list[Price]], list[Price]]) -> None:
        assert faults(spoil(good())) != []

    @pytest.mark.parametrize(
        "moved", [-MINUTE, MINUTE], ids=["before the first", "after the last"]
    )
    def test_misses_the_slot_that_is_not_there(self, moved: timedelta) -> None:
        run = Period(RUN.start + moved, RUN.end + moved)

        [fault] = faults(good(), run)

        assert fault.startswith("North has no price at ")


class TestPricedPart:
    def test_leaves_out_the_first_minute(self):
        part = torture_prices.priced_part(1_000_000.0, 1_000_600.0)

        assert (part.start.timestamp(), part.end.timestamp()) == (1_000_060.0, 1_000_600.0)

    def test_of_a_run_shorter_than_that_is_its_last_second(self):
        part = torture_prices.priced_part(1_000_000.0, 1_000_040.0)

        assert (part.start.timestamp(), part.end.timestamp()) == (1_000_039.0, 1_000_040.0)
