import numpy as np
import pytest

from workers.simulator import randomness

CROWD = np.arange(20_000)


class TestUniform:
    def test_gives_everyone_the_same_number_again(self):
        first = randomness.uniform(7, "size", CROWD, 12)

        assert (randomness.uniform(7, "size", CROWD, 12) == first).all()

    def test_does_not_depend_on_who_else_is_asked(self):
        crowd = randomness.uniform(7, "size", CROWD, 12)

        assert randomness.uniform(7, "size", np.array([4711]), 12)[0] == crowd[4711]

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param((8, "size", CROWD, 12), id="another seed"),
            pytest.param((7, "shape", CROWD, 12), id="another purpose"),
            pytest.param((7, "size", CROWD, 13), id="another moment"),
            pytest.param((7, "size", CROWD + 1, 12), id="another household"),
        ],
    )
    def test_is_unrelated_for(self, other):
        ours = randomness.uniform(7, "size", CROWD, 12)
        others = randomness.uniform(*other)

        assert abs(np.corrcoef(ours, others)[0, 1]) < 0.03

    def test_spreads_evenly_below_one(self):
        numbers = randomness.uniform(7, "size", CROWD)
        counts, _ = np.histogram(numbers, bins=10, range=(0, 1))

        assert 0 <= numbers.min() < numbers.max() < 1
        assert counts.min() > 1800
        assert counts.max() < 2200

    def test_of_the_next_seed_is_not_the_neighbours(self):
        ours = randomness.uniform(7, "size", CROWD, 12)
        theirs = randomness.uniform(8, "size", CROWD, 12)

        assert not np.isin(theirs, ours).any()

    def test_takes_a_moment_for_each(self):
        moments = CROWD * 10
        one_by_one = [randomness.uniform(7, "id", np.array([3]), 30)[0]]

        assert randomness.uniform(7, "id", CROWD, moments)[3] == one_by_one[0]


class TestNormal:
    def test_has_mean_zero_and_deviation_one(self):
        numbers = randomness.normal(7, "noise", CROWD)

        assert abs(numbers.mean()) < 0.03
        assert abs(numbers.std() - 1) < 0.03
        assert np.abs(numbers).max() < 3.47


class TestDrift:
    def test_moves_straight_from_knot_to_knot(self):
        opening, middle, end = (
            randomness.drift(7, "cloud", CROWD, minute, every=20) for minute in (40, 50, 60)
        )

        assert np.allclose(middle, (opening + end) / 2)
        assert (end == randomness.normal(7, "cloud", CROWD, 3)).all()
