"""Prices now and next: right with the cache, without it, and around its edges."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache

from grid.models import Region
from segs_site.lib.periods import QUARTER
from tariffs.selectors import overrides, policies, prices
from tests import worlds
from tests.tariffs import builders

pytestmark = pytest.mark.django_db
TWO = datetime(2026, 11, 25, 14, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def city(db: None) -> Region:
    """A region with prices from 13:45 to 14:15."""
    made = worlds.region("City", capacity_kw=100, since=builders.LONG_AGO)
    builders.policy()
    builders.decide(made, now=TWO - QUARTER - MINUTE)
    builders.decide(made, now=TWO - MINUTE)
    return made


class TestCurrent:
    def test_costs_no_query_once_it_is_known(self, city, django_assert_num_queries) -> None:
        known = prices.current(now=TWO)

        with django_assert_num_queries(0):
            assert prices.current(now=TWO + MINUTE) == known

    def test_is_another_once_the_slot_is_over(self, city) -> None:
        before = prices.current(now=TWO - MINUTE)["City"]

        after = prices.current(now=TWO)["City"]

        assert (before.effective_until, after.effective_from) == (TWO, TWO)

    def test_does_not_forget_a_region_whose_first_price_is_yet_to_begin(self, city) -> None:
        town = worlds.region("Town", capacity_kw=100, since=builders.LONG_AGO)
        builders.decide(town, now=TWO)

        assert set(prices.current(now=TWO)) == {"City"}
        assert set(prices.current(now=TWO + MINUTE)) == {"City", "Town"}

    def test_is_right_while_the_cache_is_away(self, city, monkeypatch) -> None:
        def away(*_: object) -> None:
            raise ConnectionError

        for name in ("get", "set", "delete"):
            monkeypatch.setattr(cache, name, away)

        prices.forget_current()
        assert prices.current(now=TWO)["City"].effective_from == TWO

    def test_of_a_moment_before_the_cached_ones_is_asked_anew(self, city) -> None:
        prices.current(now=TWO)

        assert prices.current(now=TWO - MINUTE)["City"].effective_until == TWO


class TestNext:
    def test_is_the_earliest_that_is_decided(self, city) -> None:
        assert prices.decided_next(now=TWO - 2 * MINUTE)["City"].effective_from == TWO
        assert prices.decided_next(now=TWO) == {}


class TestPolicies:
    def test_in_force_is_the_regions_own_before_the_default(self, city) -> None:
        own = builders.policy(city, effective_from=TWO)

        before = policies.policy_at(TWO - MINUTE, region_id=city.pk)
        assert (before.region, policies.policy_at(TWO, region_id=city.pk)) == (None, own)


class TestSlots:
    def test_of_a_window_begin_with_the_first_undecided_one(self, city) -> None:
        found = overrides.slots(
            region_id=city.pk, start=TWO, end=TWO + 4 * QUARTER, now=TWO + 5 * MINUTE
        )

        assert (found.first, found.end) == (TWO + QUARTER, TWO + 4 * QUARTER)

    def test_that_were_missed_are_not_among_them(self, city) -> None:
        found = overrides.slots(
            region_id=city.pk, start=TWO, end=TWO + 8 * QUARTER, now=TWO + 5 * QUARTER + MINUTE
        )

        assert found.first == TWO + 6 * QUARTER

    def test_begin_within_the_window(self, city) -> None:
        inside = TWO + 4 * QUARTER + MINUTE

        found = overrides.slots(region_id=city.pk, start=inside, end=inside + MINUTE, now=TWO)

        assert (found.first, found.end) == (None, None)
