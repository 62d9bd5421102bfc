import numpy as np
import pytest

from workers.demo import layout, outlines

QUARTER_OF_THE_DEMO = 1250


@pytest.fixture(scope="module")
def regions() -> list[layout.RegionLayout]:
    return layout.regions(meters=[QUARTER_OF_THE_DEMO] * 4, seed=1)


class TestRegions:
    def test_hold_the_meters_asked_for(self):
        made = layout.regions(meters=[5, 4, 4, 4], seed=1)

        assert [len(region.meters) for region in made] == [5, 4, 4, 4]

    def test_keep_everything_inside_their_outline(self, regions):
        for region in regions:
            assert outlines.contains(region.outline, region.meters).all()
            assert outlines.contains(region.outline, region.transformers).all()
            assert outlines.contains(region.outline, region.substations).all()

    def test_have_two_or_three_substations(self, regions):
        assert all(len(region.substations) in (2, 3) for region in regions)

    def test_hang_forty_to_sixty_meters_on_a_transformer(self, regions):
        for region in regions:
            sizes = np.bincount(region.meter_transformer)

            assert sizes.min() >= 38
            assert sizes.max() <= 62

    def test_put_meters_near_their_transformer(self, regions):
        for region in regions:
            away = region.meters - region.transformers[region.meter_transformer]

            assert np.median(np.linalg.norm(away, axis=1)) < 0.01  # degrees: a kilometre

    def test_give_each_transformer_a_feeder_and_each_feeder_a_substation(self, regions):
        for region in regions:
            feeders, substations = len(region.feeder_substation), len(region.substations)

            assert set(region.transformer_feeder) == set(range(feeders))
            assert set(region.feeder_substation) == set(range(substations))

    def test_are_the_same_for_the_same_seed(self, regions):
        again = layout.regions(meters=[QUARTER_OF_THE_DEMO] * 4, seed=1)

        assert all(
            (one.meters == other.meters).all() for one, other in zip(regions, again, strict=True)
        )

    def test_of_a_single_meter_have_a_transformer(self):
        (region,) = layout.regions(meters=[1], seed=1)

        assert len(region.transformers) == len(region.meters) == 1
