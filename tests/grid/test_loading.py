"""Load and coverage in %."""

from grid import loading


class TestLoadPct:
    def test_is_the_share_of_the_capacity(self) -> None:
        assert loading.load_pct(75_000_000, 100_000_000) == 75.0

    def test_a_load_of_zero_is_known(self) -> None:
        assert loading.load_pct(0, 100_000_000) == 0.0

    def test_is_unknown_without_load_or_capacity(self) -> None:
        assert loading.load_pct(None, 100_000_000) is None
        assert loading.load_pct(75_000_000, None) is None


class TestCoveragePct:
    def test_is_the_share_of_the_meters_expected(self) -> None:
        assert loading.coverage_pct(3, 4) == 75.0

    def test_nobody_reporting_is_zero_not_unknown(self) -> None:
        assert loading.coverage_pct(0, 4) == 0.0

    def test_is_unknown_where_none_is_expected(self) -> None:
        assert loading.coverage_pct(0, 0) is None
        assert loading.coverage_pct(None, 4) is None
