from itertools import combinations, pairwise

import numpy as np
import pytest

from workers.demo import outlines

SEEDS = range(1, 13)


def crosses(first: np.ndarray, second: np.ndarray) -> bool:
    """Whether two segments cross at a point inside both."""

    def side(segment: np.ndarray, point: np.ndarray) -> float:
        (ax, ay), (bx, by) = segment
        return float((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax))

    return (
        side(first, second[0]) * side(first, second[1]) < 0
        and side(second, first[0]) * side(second, first[1]) < 0
    )


class TestDistricts:
    def test_are_four_closed_rings(self):
        rings = outlines.districts(seed=1)

        assert len(rings) == 4
        assert all((ring[0] == ring[-1]).all() for ring in rings)

    def test_are_the_same_for_the_same_seed_and_others_for_another(self):
        assert (outlines.districts(seed=1)[0] == outlines.districts(seed=1)[0]).all()
        assert not (outlines.districts(seed=1)[0] == outlines.districts(seed=2)[0]).all()

    def test_lie_on_one_map(self):
        points = np.concatenate(outlines.districts(seed=1))

        assert np.ptp(points[:, 0]) < 1
        assert np.ptp(points[:, 1]) < 1

    @pytest.mark.parametrize("seed", SEEDS)
    def test_do_not_cross_themselves(self, seed):
        for ring in outlines.districts(seed=seed):
            borders = [np.array(pair) for pair in pairwise(ring)]

            assert not any(crosses(*pair) for pair in combinations(borders, 2))

    @pytest.mark.parametrize("seed", SEEDS)
    def test_do_not_overlap(self, seed):
        rings = outlines.districts(seed=seed)
        anywhere = np.concatenate(rings)
        points = np.random.default_rng(7).uniform(
            anywhere.min(axis=0), anywhere.max(axis=0), (20_000, 2)
        )

        owners = sum(outlines.contains(ring, points).astype(int) for ring in rings)

        assert owners.max() == 1
        assert owners.mean() > 0.6

    def test_are_irregular(self):
        for ring in outlines.districts(seed=1):
            angles = np.arctan2(*np.diff(ring, axis=0).T)

            assert len(np.unique(angles.round(3))) > 80


class TestContains:
    SQUARE = np.array([[0.0, 0], [2, 0], [2, 2], [0, 2], [0, 0]])

    def test_tells_inside_from_outside(self):
        points = np.array([[1.0, 1], [3, 1], [-1, 1], [1, 3], [0.1, 1.9]])

        inside = outlines.contains(self.SQUARE, points)

        assert inside.tolist() == [True, False, False, False, True]


class TestPolygon:
    def test_is_a_geojson_geometry(self):
        ring = outlines.districts(seed=1)[0]

        geometry = outlines.polygon(ring)

        assert geometry["type"] == "Polygon"
        assert geometry["coordinates"][0][0] == geometry["coordinates"][0][-1]
