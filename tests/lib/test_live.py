"""The outbox: numbers in commit order, replay without holes."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from segs_site.lib import live
from segs_site.lib.models import OutboxEvent


def announce(*names: str, now: datetime, group: str = "grid") -> None:
    live.announce([live.Event(group, "load", {"name": name}) for name in names], now=now)


def told(events: list[OutboxEvent]) -> list[str]:
    return [event.data["name"] for event in events]


def publish_all(now: datetime) -> None:
    live.number()
    live.mark_published(live.unpublished(), now=now)


class Elsewhere:
    """A second session whose transaction stays open until it is told to commit."""

    def __init__(self, work: Callable[[], None]) -> None:
        self._has_written, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, args=[work])
        self._thread.start()
        assert self._has_written.wait(10)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            with transaction.atomic():
                work()
                self._has_written.set()
                assert self._may_commit.wait(10)
        finally:
            connection.close()

    def commit(self) -> None:
        self._may_commit.set()
        self._thread.join()


@pytest.mark.django_db
class TestNumber:
    def test_gives_numbers_in_order_without_holes(self, now: datetime) -> None:
        announce("first", "second", "third", now=now)

        assert live.number() == 3

        assert [event.number for event in live.unpublished()] == [1, 2, 3]
        assert told(live.unpublished()) == ["first", "second", "third"]

    def test_names_the_one_before_in_the_group(self, now: datetime) -> None:
        announce("a", now=now, group="grid")
        announce("b", now=now, group="alerts")
        live.number()
        announce("c", "d", now=now, group="grid")
        announce("e", now=now, group="alerts")

        live.number()

        previous = dict(OutboxEvent.objects.values_list("number", "previous"))
        assert previous == {1: None, 2: None, 3: 1, 4: 3, 5: 2}

    def test_takes_no_more_than_it_is_asked_for(self, now: datetime) -> None:
        announce(*map(str, range(5)), now=now)

        assert [live.number(limit=2) for _ in range(4)] == [2, 2, 1, 0]

        assert [event.number for event in live.unpublished()] == [1, 2, 3, 4, 5]

    def test_goes_on_after_everything_old_was_forgotten(self, now: datetime) -> None:
        announce("old", "older", now=now)
        publish_all(now)
        live.forget_before(now + timedelta(days=1))
        announce("new", now=now)

        live.number()

        [event] = live.unpublished()
        assert (event.number, event.previous) == (3, 2)


@pytest.mark.django_db(transaction=True)
class TestCommitOrder:
    def test_an_event_that_commits_later_gets_the_higher_number(self, now: datetime) -> None:
        slow = Elsewhere(lambda: announce("written first", now=now))
        announce("committed first", now=now)
        live.number()
        seen = live.newest_number()

        slow.commit()
        live.number()

        assert told(live.since(seen, ["grid"])) == ["written first"]
        assert told(live.unpublished()) == ["committed first", "written first"]

    def test_two_at_once_number_nothing_twice(self, now: datetime) -> None:
        announce(*map(str, range(50)), now=now)
        other = Elsewhere(lambda: live.number(limit=50) and None)
        waiting = threading.Timer(0.3, other.commit)
        waiting.start()

        live.number(limit=50)

        waiting.join()
        numbers = OutboxEvent.objects.order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, 51))


@pytest.mark.django_db
class TestSince:
    def test_returns_what_was_missed_of_the_groups(self, now: datetime) -> None:
        announce("a", "b", now=now)
        announce("not theirs", now=now, group="user:7")
        announce("c", now=now)
        live.number()

        assert told(live.since(1, ["grid"])) == ["b", "c"]
        assert told(live.since(2)) == ["not theirs", "c"]

    def test_returns_nothing_to_whoever_has_seen_all(self, now: datetime) -> None:
        announce("a", now=now)
        live.number()

        assert live.since(1, ["grid"]) == []

    def test_does_not_return_what_has_no_number_yet(self, now: datetime) -> None:
        announce("a", now=now)

        assert live.since(0, ["grid"]) == []

    def test_refuses_a_number_that_was_never_given(self, now: datetime) -> None:
        announce("a", now=now)
        live.number()

        with pytest.raises(live.TooFarBehind):
            live.since(2, ["grid"])

    def test_refuses_when_missed_events_are_forgotten(self, now: datetime) -> None:
        announce("a", "b", "c", now=now)
        publish_all(now)
        live.forget_before(now + timedelta(seconds=1))

        with pytest.raises(live.TooFarBehind):
            live.since(1, ["grid"])
        assert told(live.since(2, ["grid"])) == ["c"]

    def test_sees_a_hole_in_the_middle(self, now: datetime) -> None:
        announce("a", "b", "c", now=now)
        publish_all(now)
        OutboxEvent.objects.filter(number=2).delete()

        with pytest.raises(live.TooFarBehind):
            live.since(0, ["grid"])

    def test_is_not_held_back_by_a_quiet_group(self, now: datetime) -> None:
        announce("long ago", now=now - timedelta(days=9), group="user:7")
        announce("a", "b", now=now - timedelta(days=3))
        announce("c", now=now)
        publish_all(now)

        live.forget_before(now - timedelta(days=2))

        assert told(live.since(3)) == ["c"]
        assert live.since(1, ["user:7"]) == []

    def test_refuses_more_than_are_cheaper_to_read_anew(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(live, "REPLAY_LIMIT", 3)
        announce(*map(str, range(4)), now=now)
        live.number()

        with pytest.raises(live.TooFarBehind):
            live.since(0, ["grid"])
        assert len(live.since(1, ["grid"])) == 3


@pytest.mark.django_db
class TestForget:
    def test_keeps_the_newest_of_each_group(self, now: datetime) -> None:
        announce("a", "b", now=now)
        announce("c", "d", now=now, group="alerts")
        publish_all(now)

        assert live.forget_before(now + timedelta(days=1)) == 2

        kept = OutboxEvent.objects.order_by("number").values_list("data__name", flat=True)
        assert list(kept) == ["b", "d"]

    def test_keeps_what_nobody_was_told(self, now: datetime) -> None:
        announce("a", "b", now=now)
        live.number()

        assert live.forget_before(now + timedelta(days=1)) == 0

    def test_keeps_what_is_young(self, now: datetime) -> None:
        announce("a", "b", now=now)
        publish_all(now)

        assert live.forget_before(now) == 0


@pytest.mark.django_db
class TestFrames:
    def test_an_event_says_all_a_client_needs(self, now: datetime) -> None:
        announce("a", "b", now=now)
        live.number()

        frame = json.loads(live.encode(live.unpublished()[1]))

        assert frame == {
            "id": 2,
            "prev": 1,
            "group": "grid",
            "type": "load",
            "data": {"name": "b"},
            "timestamp": now.isoformat().replace("+00:00", "Z"),
        }

    def test_a_heartbeat_takes_no_number(self, now: datetime) -> None:
        frame = json.loads(live.heartbeat(newest=7, now=now))

        assert (frame["type"], frame["id"], frame["data"]) == ("heartbeat", None, {"newest": 7})

    def test_a_message_comes_apart_as_it_was_put_together(self) -> None:
        frame = '{"name": "Łódź is far"}'

        assert live.unpack(live.pack("user:7", 12, frame.encode())) == ("user:7", 12, frame)
