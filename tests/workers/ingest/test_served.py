"""Ingest under the server that serves it: what only shows on a real connection."""

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import httpx
import pytest
import uvicorn

from tests.workers.ingest import client as clients
from tests.workers.ingest.client import KEY, batch, counted
from workers.ingest.app import Ingest


@pytest.fixture
async def port(broker) -> AsyncIterator[int]:
    """The port of a served application."""
    clients.mirror(broker)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(Ingest(), lifespan="on", log_config=None, timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    await serving
    listening.close()


class TestServed:
    async def test_takes_the_key_from_a_url_alone(self, port, broker):
        async with httpx.AsyncClient() as client:
            response = await client.post(
                f"http://head-end:{KEY}@127.0.0.1:{port}/telemetry/batch",
                content=batch(3),
                headers={"content-type": "application/json"},
            )

        assert (response.status_code, response.json()["accepted"]) == (202, 3)
        assert len(counted(broker)) == 3

    async def test_takes_gzip_with_one_connection_for_many_requests(self, port, broker):
        headers = {"x-api-key": KEY, "content-encoding": "gzip"}
        async with httpx.AsyncClient(headers=headers) as client:
            for number in range(5):
                response = await client.post(
                    f"http://127.0.0.1:{port}/telemetry/batch/",
                    content=gzip.compress(batch(10, first=10 * number)),
                )
                assert response.status_code == 202

        assert len(counted(broker)) == 50

    async def test_a_client_refused_while_it_sends_hears_why_and_may_go_on(self, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head(f"Content-Length: {3_000_000}", key="another"))
        writer.write(b" " * 500_000)

        early = await reader.readuntil(b"\r\n\r\n")
        for _ in range(25):
            writer.write(b" " * 100_000)
            await writer.drain()
        await reader.readexactly(content_length(early))
        content = batch(1)
        writer.write(head(f"Content-Length: {len(content)}", key=KEY) + content)
        later = await reader.readuntil(b"\r\n\r\n")

        assert early.startswith(b"HTTP/1.1 401")
        assert later.startswith(b"HTTP/1.1 202")
        writer.close()
        await writer.wait_closed()

    async def test_a_client_that_asks_first_need_not_send_what_is_refused(self, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("Content-Length: 3000000", "Expect: 100-continue", key="another"))

        answer = await reader.readuntil(b"\r\n\r\n")

        assert answer.startswith(b"HTTP/1.1 401")
        writer.close()
        await writer.wait_closed()

    async def test_a_client_that_hangs_up_half_way_leaves_nothing(self, port, broker):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("Content-Length: 3000000", key=KEY) + batch(10))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        await asyncio.sleep(0.1)

        assert counted(broker) == []


def head(*lines: str, key: str) -> bytes:
    start = ["POST /telemetry/batch HTTP/1.1", "Host: ingest", f"X-Api-Key: {key}"]
    return "\r\n".join([*start, "Content-Type: application/json", *lines, "", ""]).encode()


def content_length(answer: bytes) -> int:
    lines = answer.decode().lower().splitlines()
    return next(int(line.split(":")[1]) for line in lines if line.startswith("content-length"))
