"""Answers kept for a while, made by one at a time."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache

from segs_site.lib import caching

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


class TestKept:
    def test_makes_once_and_keeps_even_nothing(self) -> None:
        made: list[int] = []

        for _ in range(3):
            assert caching.kept("key", seconds=60, make=lambda: made.append(1)) is None

        assert made == [1]

    def test_is_made_by_one_while_others_wait(self) -> None:
        made: list[int] = []
        begun = threading.Event()

        def slowly() -> str:
            begun.set()
            made.append(1)
            time.sleep(0.2)
            return "made"

        first = threading.Thread(target=lambda: caching.kept("key", seconds=60, make=slowly))
        first.start()
        begun.wait()
        second = caching.kept("key", seconds=60, make=slowly)
        first.join()

        assert (second, made) == ("made", [1])

    def test_gives_the_one_before_to_whoever_comes_while_it_is_made_anew(self) -> None:
        begun, go_on = threading.Event(), threading.Event()
        with time_machine.travel(NOON, tick=False):
            caching.kept("key", seconds=60, make=lambda: "old")

        def slowly() -> str:
            begun.set()
            go_on.wait(5)
            return "new"

        with time_machine.travel(NOON + timedelta(seconds=61), tick=False):
            first = threading.Thread(target=lambda: caching.kept("key", seconds=60, make=slowly))
            first.start()
            begun.wait(5)
            meanwhile = caching.kept("key", seconds=60, make=slowly)
            go_on.set()
            first.join()

            assert (meanwhile, caching.kept("key", seconds=60, make=slowly)) == ("old", "new")

    def test_leaves_the_way_free_after_a_failure(self) -> None:
        with pytest.raises(ZeroDivisionError):
            caching.kept("key", seconds=60, make=lambda: 1 // 0)

        assert caching.kept("key", seconds=60, make=lambda: 1) == 1

    def test_makes_each_time_while_the_cache_is_away(self, monkeypatch) -> None:
        def away(*_: object) -> None:
            raise ConnectionError

        for name in ("get", "add", "set", "delete"):
            monkeypatch.setattr(cache, name, away)
        made: list[int] = []

        for _ in range(2):
            caching.kept("key", seconds=60, make=lambda: made.append(1))

        assert made == [1, 1]


class TestCount:
    def test_goes_up_from_one_and_ends(self) -> None:
        assert [caching.count("asked", seconds=60) for _ in range(3)] == [1, 2, 3]
        assert cache.touch("asked", 60)  # it has an end to be moved

    def test_keeps_one_client(self) -> None:
        client = cache._cache.get_client("any")  # type: ignore[attr-defined]

        assert client is cache._cache.get_client("other")  # type: ignore[attr-defined]

    def test_is_unknown_while_the_cache_is_away(self, monkeypatch) -> None:
        def away(*_: object, **__: object) -> None:
            raise ConnectionError

        monkeypatch.setattr(cache, "count", away)

        assert caching.count("asked", seconds=60) is None
