"""Rules take what their kind takes, and nothing else."""

import pytest

from meters.vee import rules
from meters.vee.rules import Action, Kind


class TestChecked:
    @pytest.mark.parametrize("kind", list(Kind))
    def test_has_defaults_for_every_kind_within_its_own_bounds(self, kind: Kind) -> None:
        rule = rules.checked(kind, Action.NOTE, {})

        assert set(rule.parameters) == set(rules.PARAMETERS[kind])
        assert rules.checked(kind, Action.NOTE, dict(rule.parameters)) == rule

    def test_keeps_what_is_given(self) -> None:
        rule = rules.checked(Kind.SPIKE, Action.SUSPECT, {"times": 4.5})

        assert (rule["times"], rule["weeks"]) == (4.5, 4)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"tims": 4}, "not tims"),
            ({"times": "4"}, "times is a number"),
            ({"times": True}, "times is a number"),
            ({"times": 0}, "times is between 1 and 100"),
            ({"times": float("nan")}, "times is between"),
            ([4], "an object of numbers"),
        ],
        ids=["unknown", "text", "true", "too small", "not a number", "list"],
    )
    def test_refuses_what_it_does_not_take(self, given: object, said: str) -> None:
        with pytest.raises(rules.BadParameters, match=said):
            rules.checked(Kind.SPIKE, Action.SUSPECT, given)

    def test_refuses_an_action_that_makes_no_sense(self) -> None:
        with pytest.raises(rules.BadParameters, match="sum_check can only note"):
            rules.checked(Kind.SUM_CHECK, Action.ESTIMATE, {})
