"""Frames of the live map."""

from datetime import datetime, timedelta

import pytest

from meters import mapframes
from meters.live import SNAPSHOT_EVERY, MapFeed
from meters.models import LatestReading
from tests import worlds
from tests.meters.test_selectors import said

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


@pytest.fixture
def talking(small_grid: worlds.SmallGrid, now: datetime) -> worlds.SmallGrid:
    for meter in [*small_grid.north_meters, *small_grid.south_meters]:
        said(meter, 2_000_000, now - SECOND, now)
    return small_grid


class TestMapFeed:
    def test_starts_with_the_whole(self, talking: worlds.SmallGrid, now: datetime) -> None:
        frame = mapframes.read(MapFeed().frame(now=now))

        assert frame.kind == mapframes.SNAPSHOT
        assert (frame.meters, frame.reporting, frame.silent) == (6, 6, 0)
        assert frame.moment.as_of_ms == now.timestamp() * 1000
        assert frame.moment.newest_ms == (now - SECOND).timestamp() * 1000

    def test_goes_on_with_what_changed(self, talking: worlds.SmallGrid, now: datetime) -> None:
        feed = MapFeed()
        feed.frame(now=now)

        frame = mapframes.read(feed.frame(now=now + SECOND))

        assert (frame.kind, frame.moment.sequence) == (mapframes.DELTA, 2)
        assert len(frame.changed) == 0

    def test_sends_the_whole_when_most_changed(
        self, talking: worlds.SmallGrid, now: datetime
    ) -> None:
        feed = MapFeed()
        feed.frame(now=now)

        frame = mapframes.read(feed.frame(now=now + 31 * SECOND))

        assert (frame.kind, frame.silent) == (mapframes.SNAPSHOT, 6)

    def test_sends_the_whole_when_asked_and_now_and_then(
        self, talking: worlds.SmallGrid, now: datetime
    ) -> None:
        feed = MapFeed()

        kinds = [
            mapframes.read(feed.frame(now=now, whole=place == 3)).kind
            for place in range(SNAPSHOT_EVERY)
        ]

        assert [place for place, kind in enumerate(kinds) if kind == mapframes.SNAPSHOT] == [
            0,
            3,
            SNAPSHOT_EVERY - 1,
        ]

    def test_starts_anew_with_another_topology(
        self, talking: worlds.SmallGrid, now: datetime
    ) -> None:
        feed = MapFeed()
        before = mapframes.read(feed.frame(now=now))
        worlds.meter("MTR-NEW", region=talking.north, since=now - SECOND)

        frame = mapframes.read(feed.frame(now=now))

        assert (frame.kind, frame.meters) == (mapframes.SNAPSHOT, 7)
        assert frame.moment.version != before.moment.version

    def test_a_clock_ahead_does_not_make_data_younger(
        self, talking: worlds.SmallGrid, now: datetime
    ) -> None:
        LatestReading.objects.update(ts=now + 200 * SECOND)

        frame = mapframes.read(MapFeed().frame(now=now + 10 * SECOND))

        assert frame.moment.newest_ms == now.timestamp() * 1000

    def test_an_empty_grid_has_an_empty_map(self, db: None, now: datetime) -> None:
        frame = mapframes.read(MapFeed().frame(now=now))

        assert (frame.meters, frame.moment.newest_ms) == (0, 0.0)
