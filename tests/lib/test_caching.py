"""Answers kept for a while, made by one at a time."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from segs_site.lib import caching


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
