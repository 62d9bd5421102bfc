"""One interval against its meter's limit, history and clock."""

import pytest

from meters.vee import checks, rules
from meters.vee.checks import Facts
from meters.vee.rules import Action, Kind

KWH = 1_000_000
USUAL = [round(0.2 * KWH)] * 30
RULES = [
    rules.checked(kind, Action.SUSPECT, {"intervals": 4} if kind is Kind.FROZEN else {})
    for kind in checks.CHECKS
]
CASES = [
    pytest.param(Facts(300_000, like=USUAL, limit_mwh=KWH), None, id="a usual one"),
    pytest.param(Facts(26 * KWH, limit_mwh=25 * KWH), Kind.BEYOND_LIMIT, id="too much energy"),
    pytest.param(
        Facts(KWH, peak_mwh=26 * KWH, limit_mwh=25 * KWH), Kind.BEYOND_LIMIT, id="too high a peak"
    ),
    pytest.param(Facts(-26 * KWH, limit_mwh=25 * KWH), Kind.BEYOND_LIMIT, id="too much fed in"),
    pytest.param(Facts(25 * KWH, limit_mwh=25 * KWH), None, id="just what the meter carries"),
    pytest.param(Facts(-1), Kind.NEGATIVE, id="fed in where nothing can be"),
    pytest.param(Facts(-1, feeds_in=True), None, id="fed in"),
    pytest.param(Facts(1, conflicts=1), Kind.CONFLICT, id="a second value"),
    pytest.param(Facts(1, ahead_s=61), Kind.CLOCK_SKEW, id="a clock that is fast"),
    pytest.param(Facts(1, ahead_s=60), None, id="a clock that is hardly fast"),
    pytest.param(Facts(1_000_001, like=USUAL), Kind.SPIKE, id="far above"),
    pytest.param(Facts(1_000_000, like=USUAL), None, id="above, but little"),
    pytest.param(Facts(9 * KWH, like=[5 * KWH] * 30), None, id="much, as always"),
    pytest.param(Facts(9 * KWH, like=USUAL[:9]), None, id="above what is hardly known"),
    pytest.param(Facts(0, like=USUAL), Kind.ZERO, id="zero where there never was"),
    pytest.param(Facts(0, like=[*USUAL, 0]), None, id="zero where there was one before"),
    pytest.param(Facts(0, like=USUAL[:19]), None, id="zero where little is known"),
    pytest.param(Facts(7, before=[7, 7, 7]), Kind.FROZEN, id="four times the same"),
    pytest.param(Facts(7, before=[7, 7, 8, 7]), None, id="three times the same"),
    pytest.param(Facts(0, before=[0, 0, 0, 0]), None, id="zero for long"),
]


class TestJudge:
    @pytest.mark.parametrize(("facts", "kind"), CASES)
    def test_finds_what_is_wrong(self, facts: Facts, kind: Kind | None) -> None:
        found = checks.judge(facts, RULES)

        assert (found and found.rule.kind) == kind

    def test_says_value_and_limit(self) -> None:
        found = checks.judge(Facts(3 * KWH, like=USUAL), RULES)

        assert found is not None
        assert (found.value, found.limit) == (3.0, 1.0)

    def test_says_the_first_of_several(self) -> None:
        found = checks.judge(Facts(-26 * KWH, limit_mwh=KWH, conflicts=2, ahead_s=99), RULES)

        assert found is not None
        assert found.rule.kind is Kind.BEYOND_LIMIT

    def test_asks_no_rule_that_is_off(self) -> None:
        assert (
            checks.judge(Facts(-1), [rule for rule in RULES if rule.kind != Kind.NEGATIVE]) is None
        )


class TestSumCheck:
    @pytest.mark.parametrize(
        ("summed_kwh", "fires"),
        [(10.0, False), (9.8, False), (9.79, True), (10.3, True)],
    )
    def test_allows_a_share_and_a_little(self, summed_kwh: float, *, fires: bool) -> None:
        rule = rules.checked(Kind.SUM_CHECK, Action.NOTE, {})

        found = checks.differs_from_register(
            counted_mwh=10 * KWH, summed_mwh=round(summed_kwh * KWH), rule=rule
        )

        assert (found is not None) == fires
