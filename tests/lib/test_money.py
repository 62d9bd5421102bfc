"""Money that loses nothing."""

from decimal import Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segs_site.lib import money

AMOUNTS = st.decimals("-1e15", "1e15", places=12)


class TestRounded:
    @pytest.mark.parametrize(
        ("amount", "currency", "paid"),
        [
            ("1.005", "EUR", "1.01"),
            ("1.004999999999999999999999999999", "EUR", "1.00"),
            ("-1.005", "EUR", "-1.01"),
            ("-0.004", "EUR", "0.00"),
            ("99.5", "JPY", "100"),
            ("1.0005", "KWD", "1.001"),
        ],
    )
    def test_goes_half_up_to_the_digits_of_the_currency(self, amount, currency, paid):
        found = money.rounded(Decimal(amount), currency)

        assert found == Decimal(paid)
        assert -found.as_tuple().exponent == money.digits(currency)


class TestExactness:
    @given(st.lists(AMOUNTS))
    def test_of_a_sum_holds_in_any_order(self, amounts):
        assert Fraction(money.total(amounts)) == sum(map(Fraction, amounts))
        assert money.total(amounts) == money.total(reversed(amounts))

    @given(AMOUNTS, AMOUNTS)
    def test_of_a_product_holds_however_long_it_is(self, one, other):
        assert Fraction(money.product(one, other)) == Fraction(one) * Fraction(other)

    def test_is_refused_rather_than_lost(self):
        with pytest.raises(Inexact):
            money.product(Decimal("1." + "0" * 69 + "3"), Decimal("1." + "0" * 69 + "7"))
