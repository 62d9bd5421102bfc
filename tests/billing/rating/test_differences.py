"""Why a bill differs: the parts add up to the difference, whatever it is."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rating.differences import Billed, between

AMOUNTS = st.decimals("-500", "500", places=2)
BILLS = st.builds(
    Billed,
    total=AMOUNTS,
    energy_kwh=st.decimals("0", "2000", places=3),
    days=st.integers(1, 366),
    by_use=AMOUNTS,
    by_day=AMOUNTS,
)


def billed(total: str, *, kwh: str, days: int = 30, use: str = "0", day: str = "0") -> Billed:
    return Billed(Decimal(total), Decimal(kwh), days, Decimal(use), Decimal(day))


class TestBetween:
    def test_tells_use_price_and_days_apart(self) -> None:
        before = billed("39", kwh="300", use="30", day="9")
        now = billed("83.7", kwh="620", days=31, use="74.4", day="9.3")

        found = between(now, before, currency="EUR")

        # A day more at 1.30; 10 kWh more on each of 31 days at 0.10; 620 kWh at 0.02 more.
        assert (found.days, found.use, found.price, found.other) == (
            Decimal("1.30"),
            Decimal("31.00"),
            Decimal("12.40"),
            Decimal("0.00"),
        )

    def test_calls_what_is_neither_other(self) -> None:
        before = billed("30", kwh="300", use="30")
        now = billed("25", kwh="300", use="30")  # with a correction of five

        found = between(now, before, currency="EUR")

        assert found.parts == [("other", Decimal("-5.00"))]

    @pytest.mark.parametrize(("kwh", "money"), [("0", "0"), ("0", "-3")])
    def test_calls_all_of_it_use_where_nothing_was_used(self, kwh: str, money: str) -> None:
        before, now = billed("30", kwh="300", use="30"), billed(money, kwh=kwh, use=money)

        found = between(now, before, currency="EUR")

        assert found.use == Decimal(money) - 30
        assert found.price == 0

    @given(BILLS, BILLS)
    def test_adds_up_to_the_cent(self, now: Billed, before: Billed) -> None:
        found = between(now, before, currency="EUR")

        assert found.days + found.use + found.price + found.other == now.total - before.total
        assert sum((amount for _, amount in found.parts), Decimal(0)) == found.total
