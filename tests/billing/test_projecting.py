"""The bill to come, from what is known and what is usual."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.core.cache import cache

from billing.choices import Unprojected
from billing.rating import expecting
from billing.rating.expecting import Band, Days, TooLittle
from billing.selectors.projecting import Projected, project
from segs_site.lib.periods import QUARTER, microseconds
from tests.billing.worlds import DYNAMIC, FLAT, Home, home, prices, used

UTC_ZONE = ZoneInfo("UTC")
NOW = datetime(2026, 6, 15, tzinfo=UTC)  # a Monday; half of June is to come
WEEKS_AGO = NOW - timedelta(days=28)
BLOCKS = {
    "energy": {
        "kind": "blocks",
        "blocks": [{"price": "0.10", "up_to_kwh": "1440"}, {"price": "0.30"}],
    }
}
WITH_MORE = FLAT | {"standing_per_day": "0.50", "taxes": [{"name": "VAT", "pct": "20"}]}


def quarters(start: datetime, count: int) -> Any:
    return microseconds(start) + np.arange(count, dtype=np.int64) * (
        QUARTER // timedelta(microseconds=1)
    )


class TestLocalQuarters:
    def test_begin_a_week_on_monday_at_midnight_of_the_zone(self) -> None:
        midnight = datetime(2026, 6, 15, tzinfo=ZoneInfo("Asia/Kathmandu"))

        (found,) = expecting.local_quarters(quarters(midnight, 1), ZoneInfo("Asia/Kathmandu"))

        assert found % (7 * 96) == 0

    def test_tell_a_day_on_which_the_clock_changes(self) -> None:
        brussels = ZoneInfo("Europe/Brussels")
        start = datetime(2026, 3, 29, tzinfo=brussels)

        found = expecting.local_quarters(quarters(start, 93), brussels)

        assert found[8] - found[7] == 5  # from 01:45 to 03:00
        assert (found[92] % 96, found[92] // 96 - found[0] // 96) == (0, 1)


class TestUsual:
    def test_is_the_mean_of_the_same_hours_else_of_the_day_else_of_all(self) -> None:
        values, at = np.array([1.0, 3.0, 8.0]), np.array([0, 672, 97])

        found = expecting.usual(values, at, np.array([1344, 96, 1, 50]))

        assert found.tolist() == [2.0, 2.0, 8.0, 4.0]


class TestDays:
    def test_leaves_out_what_is_not_nearly_whole(self) -> None:
        at = np.concatenate([np.arange(14 * 96), np.arange(14 * 96, 14 * 96 + 40)])

        days = Days.of(at)

        assert days.weekday.tolist() == [0, 1, 2, 3, 4, 5, 6] * 2
        assert days.sums(np.ones(len(at))).tolist() == [96.0] * 14
        assert days.highest(np.arange(len(at), dtype=float))[0] == 95

    def test_needs_two_weeks(self) -> None:
        with pytest.raises(TooLittle) as refused:
            Days.of(np.arange(13 * 96))

        assert refused.value.days == 13


class TestBand:
    def test_is_none_where_days_are_alike(self) -> None:
        weekday = np.arange(28) % 7

        assert expecting.band(10.0 + weekday, weekday, days=9) == Band(1.0, 1.0)
        assert expecting.band(np.zeros(28), weekday, days=9) == Band(1.0, 1.0)

    def test_is_as_wide_as_stretches_differed(self) -> None:
        totals = np.array([1.0] * 14 + [2.0] * 14)

        found = expecting.band(totals, np.zeros(28, np.int64), days=14)

        assert 0.5 <= found.low < 0.7
        assert 1.6 < found.high <= 2.0

    def test_of_a_short_stretch_is_wider(self) -> None:
        totals = 10 + np.array([(place * 7919) % 13 for place in range(56)], float)
        weekday = np.arange(56) % 7

        short, long = (expecting.band(totals, weekday, days=days) for days in (1, 14))

        assert short.low < long.low <= 1 <= long.high < short.high


@pytest.mark.django_db
class TestProject:
    @pytest.fixture(autouse=True)
    def _nothing_kept(self) -> None:
        cache.clear()

    def one(self, made: Home, *, now: datetime = NOW) -> Projected:
        (found,) = project(account_ids=[made.account.pk], zone=UTC_ZONE, now=now)
        return found

    def total(self, made: Home) -> tuple[Decimal, Decimal, Decimal]:
        found = self.one(made).projection
        assert found is not None
        return found.low, found.expected, found.high

    def evenly(self, made: Home, kwh: str | Sequence[str] = "1", *, days: int = 28) -> Home:
        values = [kwh] if isinstance(kwh, str) else kwh
        used(
            made.meter, (list(values) * (days * 96))[: days * 96], start=NOW - days * QUARTER * 96
        )
        return made

    def test_charges_what_a_bill_does_for_what_is_known_and_what_is_usual(self) -> None:
        made = self.evenly(home(definition=WITH_MORE))

        # 30 × 96 × 0.25 and 30 × 0.50, with a fifth of tax
        assert self.total(made) == (Decimal("882.00"),) * 3

    def test_steps_with_the_whole_period(self) -> None:
        made = self.evenly(home(definition=BLOCKS))

        assert self.total(made)[1] == Decimal("144.00") + Decimal("432.00")

    def test_fills_what_is_not_known_of_the_past(self) -> None:
        made = home()
        used(made.meter, ["1"] * (27 * 96), start=NOW - timedelta(days=28))

        assert self.total(made)[1] == Decimal("720.00")

    def test_spans_a_range_where_use_changes(self) -> None:
        made = home()
        for week, kwh in enumerate(["1", "2", "1.5", "1"]):
            used(made.meter, [kwh] * (7 * 96), start=WEEKS_AGO + week * timedelta(days=7))

        low, expected, high = self.total(made)

        assert low < expected < high

    def test_takes_prices_that_are_decided_forecast_or_usual(self) -> None:
        made = self.evenly(home(definition=DYNAMIC))
        prices(made.region, ["0.10", "0.30"] * (14 * 96), start=WEEKS_AGO)

        low, expected, high = self.total(made)

        assert low == expected == high == Decimal("576.00")  # each hour costs 0.20 on average

    def test_takes_minutes_where_prices_need_them(self) -> None:
        made = self.evenly(home(definition=DYNAMIC), days=15)
        prices(made.region, ["0.20"] * (14 * 24), start=NOW - timedelta(days=14),
               slot=timedelta(hours=1))  # fmt: skip
        prices(made.region, ["0.20"] * 30, start=NOW, slot=timedelta(minutes=1))

        found = self.one(made, now=NOW + timedelta(minutes=30)).projection

        assert found is not None
        assert found.expected == Decimal("576.00")

    def test_expects_peaks_that_means_do_not_have(self) -> None:
        definition = FLAT | {"demand_per_kw": "1"}
        made = home(definition=definition)
        peaks = ["0.1"] * 95 + ["2"]
        shifted = [peaks[place:] + peaks[:place] for place in range(28)]
        used(made.meter, [kwh for day in shifted for kwh in day], start=WEEKS_AGO)

        low, _, high = self.total(made)

        demand = Decimal(8)  # 2 kWh in a quarter-hour
        assert low >= demand + Decimal("0.25") * 280
        assert high < demand + Decimal("0.25") * 450

    def test_credits_what_is_usually_fed_in(self) -> None:
        export = FLAT | {"export": {"kind": "flat", "price": "0.05"}}
        made = self.evenly(home(definition=export), ["1", "-1"])

        assert self.total(made)[1] == Decimal("360.00") - Decimal("72.00")

    @pytest.mark.parametrize(
        ("definition", "days", "missing", "known"),
        [
            pytest.param(FLAT, 13, Unprojected.TOO_LITTLE, 13, id="thirteen days"),
            pytest.param(DYNAMIC, 20, Unprojected.NO_PRICE, 0, id="no price"),
            pytest.param({"energy": {"kind": "odd"}}, 20, Unprojected.UNBILLABLE, 0, id="odd"),
        ],
    )
    def test_says_why_it_says_nothing(
        self, definition: dict[str, Any], days: int, missing: Unprojected, known: int
    ) -> None:
        found = self.one(self.evenly(home(definition=definition), days=days))

        assert (found.projection, found.missing, found.known_days) == (None, missing, known)

    def test_knows_no_bill_of_who_has_left(self) -> None:
        made = self.evenly(home(until=WEEKS_AGO))

        assert self.one(made).missing == Unprojected.NO_AGREEMENT
