"""Cycles that tile the years."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.invoicing import Cycle, cycle_of

FORTY_YEARS = range(40 * 12)


class TestCycleOf:
    @pytest.mark.parametrize(
        ("day", "cycle"),
        [
            (date(2026, 2, 27), Cycle(date(2026, 1, 31), date(2026, 2, 28))),
            (date(2026, 2, 28), Cycle(date(2026, 2, 28), date(2026, 3, 31))),
            (date(2026, 3, 30), Cycle(date(2026, 2, 28), date(2026, 3, 31))),
            (date(2026, 3, 31), Cycle(date(2026, 3, 31), date(2026, 4, 30))),
            (date(2028, 2, 29), Cycle(date(2028, 2, 29), date(2028, 3, 31))),
        ],
        ids=str,
    )
    def test_keeps_the_31st_through_short_months(self, day, cycle):
        assert cycle_of(day, anchor=date(2025, 12, 31)) == cycle

    def test_of_a_year_falls_on_the_28th_where_there_is_no_29th(self):
        cycle = cycle_of(date(2026, 6, 1), anchor=date(2024, 2, 29), months=12)

        assert cycle == Cycle(date(2026, 2, 28), date(2027, 2, 28))
        assert cycle_of(date(2028, 2, 29), anchor=date(2024, 2, 29), months=12).days == 365

    @given(
        anchor=st.sampled_from([date(2024, 1, 31), date(2024, 2, 29), date(2023, 8, 15)])
        | st.dates(date(2000, 1, 1), date(2030, 12, 31)),
        months=st.sampled_from([1, 2, 3, 6, 12]),
    )
    def test_tiles_forty_years(self, anchor, months):
        cycle = cycle_of(anchor, anchor=anchor, months=months)

        for _ in range(len(FORTY_YEARS) // months):
            following = cycle_of(cycle.end, anchor=anchor, months=months)
            assert following.start == cycle.end
            assert cycle_of(following.end - timedelta(days=1), anchor=anchor, months=months) == (
                following
            )
            assert cycle_of(following.start, anchor=anchor, months=months) == following
            cycle = following
        assert cycle.start.day == min(anchor.day, cycle.start.day)

    def test_looks_before_its_anchor_as_well(self):
        assert cycle_of(date(2020, 2, 10), anchor=date(2026, 1, 31)).end == date(2020, 2, 29)

    def test_refuses_a_cycle_of_no_month(self):
        with pytest.raises(ValueError, match="one month at least"):
            cycle_of(date(2026, 1, 1), anchor=date(2026, 1, 1), months=0)
