"""Answers that are kept ready to be sent."""

import gzip
import threading
from typing import Any

import pytest
from django.test import RequestFactory
from rest_framework.request import Request

from segs_site.lib.bodies import Body, Kept


def asking(accepted: str = "") -> Request:
    return Request(RequestFactory().get("/", headers={"accept-encoding": accepted}))


class TestBody:
    @pytest.mark.parametrize("accepted", ["", "br", "identity"])
    def test_is_plain_for_whoever_does_not_unpack(self, accepted: str) -> None:
        answer = Body.of({"a": None}).answer(asking(accepted))

        assert answer.content == b'{"a":null}'
        assert "Content-Encoding" not in answer
        assert (answer["Content-Type"], answer["Vary"]) == ("application/json", "Accept-Encoding")

    def test_is_packed_for_whoever_does(self) -> None:
        answer = Body.of({"a": None}).answer(asking("gzip, deflate"))

        assert gzip.decompress(answer.content) == b'{"a":null}'
        assert answer["Content-Encoding"] == "gzip"
        assert answer["Content-Length"] == str(len(answer.content))


class TestKept:
    def test_is_made_once_a_version(self) -> None:
        kept, made = Kept(), []

        def make() -> Any:
            made.append(len(made))
            return made[-1]

        bodies = [kept.body(version, make).plain for version in (1, 1, 2, 2, 1)]

        assert bodies == [b"0", b"0", b"1", b"1", b"2"]

    def test_is_not_kept_without_a_version(self) -> None:
        kept, made = Kept(), iter(range(9))

        assert [kept.body(None, lambda: next(made)).plain for _ in range(2)] == [b"0", b"1"]

    def test_is_made_by_one_of_many(self) -> None:
        kept, made, together = Kept(), [], threading.Barrier(4)

        def ask() -> None:
            together.wait(5)
            kept.body("same", lambda: made.append(1))

        askers = [threading.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        for asker in askers:
            asker.join()

        assert made == [1]
