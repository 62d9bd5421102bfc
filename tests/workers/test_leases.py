"""Shards are leased: shared fairly, moved when their owner dies, never owned twice."""

from datetime import UTC, datetime, timedelta

import pytest

from workers import leases
from workers.models import Shard, StreamWorker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def four_shards(db: None) -> None:
    Shard.objects.update(epoch=0, leased_until=None, owner="")


def run_out() -> None:
    Shard.objects.update(leased_until=datetime.now(UTC) - timedelta(seconds=1))


class TestClaim:
    def test_takes_what_nobody_holds_under_a_new_epoch(self) -> None:
        lanes = leases.claim(name="first", limit=9)

        assert sorted(lane.shard for lane in lanes) == [0, 1, 2, 3]
        assert {lane.epoch for lane in lanes} == {1}
        assert leases.claim(name="second", limit=9) == []

    def test_takes_what_a_dead_worker_held_once_its_lease_has_run_out(self) -> None:
        [old_lane] = leases.claim(name="first", limit=1)
        run_out()

        lanes = leases.claim(name="second", limit=9)

        assert {lane.epoch for lane in lanes if lane.shard == old_lane.shard} == {2}

    def test_starts_where_the_last_owner_stored(self) -> None:
        Shard.objects.filter(number=0).update(offset="77-3")

        lanes = leases.claim(name="first", limit=9)

        assert {lane.offset for lane in lanes if lane.shard == 0} == {"77-3"}


class TestRenew:
    def test_prolongs_a_lease_that_is_still_ones_own(self) -> None:
        [lane] = leases.claim(name="first", limit=1)
        run_out()

        assert leases.renew(lane)
        assert lane.shard not in {other.shard for other in leases.claim(name="second", limit=9)}

    def test_says_when_the_shard_has_another_owner(self) -> None:
        [lane] = leases.claim(name="first", limit=1)
        run_out()
        leases.claim(name="second", limit=9)

        assert not leases.renew(lane)


class TestRelease:
    def test_lets_another_take_over_at_once(self) -> None:
        lanes = leases.claim(name="first", limit=9)

        leases.release(lanes[0])

        assert [lane.shard for lane in leases.claim(name="second", limit=9)] == [lanes[0].shard]

    def test_of_a_shard_one_has_lost_changes_nothing(self) -> None:
        [lane] = leases.claim(name="first", limit=1)
        run_out()
        leases.claim(name="second", limit=9)

        leases.release(lane)

        assert Shard.objects.get(number=lane.shard).owner == "second"


class TestFairShare:
    def test_divides_the_shards_among_the_living(self) -> None:
        assert leases.fair_share(name="first") == 4
        assert leases.fair_share(name="second") == 2
        assert leases.fair_share(name="third") == 2

    def test_forgets_who_has_not_been_seen_for_a_lease(self) -> None:
        leases.fair_share(name="dead")
        StreamWorker.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=1))

        assert leases.fair_share(name="alive") == 4

    def test_forgets_who_retired(self) -> None:
        leases.fair_share(name="first")
        leases.fair_share(name="second")

        leases.retire(name="second")

        assert leases.fair_share(name="first") == 4
