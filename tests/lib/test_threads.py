"""Threads that requests are served in."""

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from segs_site.lib.threads import Pages, Threads


async def ident() -> int:
    return await sync_to_async(threading.get_ident)()


class TestThreads:
    async def test_are_used_again(self) -> None:
        threads, used = Threads(), set()

        for _ in range(5):
            async with threads.one():
                used |= {await ident(), await ident()}

        assert len(used) == 1

    async def test_serve_one_request_each_at_a_time(self) -> None:
        threads = Threads(most=2)

        async with threads.one():
            first = await ident()
            second = await asyncio.create_task(self._borrowed(threads))

        assert first != second

    async def test_let_wait_who_comes_when_all_are_lent(self) -> None:
        threads, order = Threads(most=1), []

        async def ask(name: str) -> None:
            async with threads.one():
                order.append(name)
                await asyncio.sleep(0)
                order.append(name)

        await asyncio.gather(*(ask(name) for name in ("Olga", "Carl", "Nina")))

        assert order == ["Olga", "Olga", "Carl", "Carl", "Nina", "Nina"]

    async def test_come_back_after_a_failure(self) -> None:
        threads = Threads(most=1)
        with pytest.raises(ZeroDivisionError):
            async with threads.one():
                1 // 0  # noqa: B018

        async with asyncio.timeout(5), threads.one():
            assert await ident()

    async def _borrowed(self, threads: Threads) -> int:
        async with threads.one():
            return await ident()


def whose(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return HttpResponse(f"{threading.get_ident()} {cursor.fetchone()[0]}")


def leave(request: HttpRequest) -> HttpResponse:
    connection.close()
    return HttpResponse()


async def slow(request: HttpRequest) -> HttpResponse:
    await asyncio.sleep(0)
    return HttpResponse(str(threading.get_ident()))


def remember_thread(get_response: Any) -> Any:
    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response["X-Thread"] = str(threading.get_ident())
        return response

    return answer


urlpatterns = [path("whose", whose), path("slow", slow), path("leave", leave)]


async def got(pages: Pages, address: str) -> tuple[dict[bytes, bytes], bytes]:
    scope = {"type": "http", "method": "GET", "path": address, "query_string": b"", "headers": []}
    talk = ApplicationCommunicator(pages, scope)
    await talk.send_input({"type": "http.request", "body": b""})
    head, body = await talk.receive_output(5), await talk.receive_output(5)
    await talk.wait()
    return dict(head["headers"]), body["body"]


@pytest.mark.django_db(transaction=True)
class TestPages:
    @pytest.fixture(autouse=True)
    def _site(self, settings: Any) -> None:
        settings.ROOT_URLCONF = __name__
        settings.MIDDLEWARE = [f"{__name__}.remember_thread"]

    async def test_keep_thread_and_connection_for_the_next_request(self) -> None:
        pages = Pages()

        answers = [await got(pages, "/whose") for _ in range(3)]
        await got(pages, "/leave")

        assert len({body for _, body in answers}) == 1
        assert {head[b"X-Thread"] for head, _ in answers} == {answers[0][1].split()[0]}

    async def test_run_an_asynchronous_view_in_the_loop(self) -> None:
        head, body = await got(Pages(), "/slow")

        assert int(body) == threading.get_ident() != int(head[b"X-Thread"])
