from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segs_site.lib import choices, quantities

LARGEST = 2**63 - 1  # what a bigint column holds
WHOLE = st.integers(-LARGEST - 1, LARGEST)


class TestExactKwh:
    def test_keeps_the_last_milliwatt_hour(self) -> None:
        assert quantities.exact_kwh(1) == Decimal("0.000001")
        assert quantities.exact_kwh(LARGEST) == Decimal("9223372036854.775807")

    @given(milliwatt_hours=WHOLE)
    def test_comes_back_as_it_went(self, milliwatt_hours: int) -> None:
        assert quantities.from_kwh(quantities.exact_kwh(milliwatt_hours)) == milliwatt_hours

    @given(parts=st.lists(WHOLE, max_size=20))
    def test_of_a_sum_is_the_sum_of_the_parts(self, parts: list[int]) -> None:
        exact = sum((quantities.exact_kwh(part) for part in parts), Decimal(0))

        assert exact == quantities.exact_kwh(sum(parts))

    def test_keeps_what_floats_would_lose(self) -> None:
        """Ten times a tenth: a float says 0.9999999999999999."""
        tenth = quantities.from_kwh(Decimal("0.1"))

        assert quantities.exact_kwh(10 * tenth) == 1
        assert sum([0.1] * 10) != 1


class TestFromKwh:
    @pytest.mark.parametrize(
        ("kwh", "milliwatt_hours"),
        [
            pytest.param("0", 0, id="nothing"),
            pytest.param("-0", 0, id="minus nothing"),
            pytest.param("0.000001", 1, id="the finest"),
            pytest.param("-2.5", -2_500_000, id="fed in"),
            pytest.param("1E+3", 1_000_000_000, id="with an exponent"),
            pytest.param("1.5000000000", 1_500_000, id="zeros behind"),
        ],
    )
    def test_counts_milliwatt_hours(self, kwh: str, milliwatt_hours: int) -> None:
        assert quantities.from_kwh(Decimal(kwh)) == milliwatt_hours

    @pytest.mark.parametrize("kwh", ["0.0000001", "1.0000005", "-0.0000009"])
    def test_refuses_what_is_finer_than_it_counts(self, kwh: str) -> None:
        with pytest.raises(ValueError, match="finer than a milliwatt-hour"):
            quantities.from_kwh(Decimal(kwh))

    @pytest.mark.parametrize("kwh", ["NaN", "Infinity", "-Infinity"])
    def test_refuses_what_is_no_number(self, kwh: str) -> None:
        with pytest.raises((ValueError, OverflowError)):
            quantities.from_kwh(Decimal(kwh))


class TestForAScreen:
    def test_shows_kilowatts_and_kilowatt_hours(self) -> None:
        assert quantities.to_kw(3_217_000) == 3.217
        assert quantities.to_kwh(8_900) == 0.0089

    def test_leaves_the_unknown_unknown(self) -> None:
        assert quantities.to_kw(None) is None
        assert quantities.to_kwh(None) is None

    def test_shows_zero_as_zero(self) -> None:
        assert quantities.to_kw(0) == 0
        assert quantities.to_kwh(0) == 0


class TestQuality:
    def test_has_the_same_codes_in_calculations_and_tables(self) -> None:
        words = {choice.name: choice.value for choice in choices.Quality}

        assert words == {quality.name: quality.value for quality in quantities.Quality}

    def test_is_one_of_the_six_that_the_promise_names(self) -> None:
        assert {choice.label for choice in choices.Quality} == {
            "missing", "suspect", "estimated", "calculated", "edited", "actual",
        }  # fmt: skip
