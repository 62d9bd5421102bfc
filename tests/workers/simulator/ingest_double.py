"""A small HTTP server on loopback that answers as it is told, or hangs up."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

Readings = list[dict[str, object]]


@dataclass(frozen=True)
class Reply:
    """An answer; status 0 hangs up without one."""

    status: int
    content: bytes = b""
    headers: str = ""
    after_s: float = 0.0


def answer(status: int, **counts: object) -> Reply:
    return Reply(status, json.dumps({"status": "told"} | counts).encode())


def accept_all(readings: Readings) -> Reply:
    return answer(202, accepted=len(readings), duplicates=0, quarantined=0, rejected=0, errors=[])


HANG_UP = Reply(0)


def busy(status: int = 503, retry_after: str = "0") -> Reply:
    return Reply(status, headers=f"Retry-After: {retry_after}\r\n")


@dataclass
class IngestDouble:
    """Gives the told replies in order, then goes by `usual`; remembers what came."""

    told: list[Reply] = field(default_factory=list)
    usual: Callable[[Readings], Reply] = accept_all
    bodies: list[Readings] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    under_way: int = 0
    most_under_way: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/telemetry/batch"

    @property
    def readings(self) -> Readings:
        return [reading for body in self.bodies for reading in body]

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["IngestDouble"]:
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, limit=2**22)
        self.port = server.sockets[0].getsockname()[1]
        self._talks: set[asyncio.Task[None]] = set()
        try:
            yield self
        finally:
            server.close()
            for talk in self._talks:
                talk.cancel()
            await asyncio.gather(*self._talks, return_exceptions=True)

    @contextmanager
    def serving_in_a_thread(self) -> Iterator["IngestDouble"]:
        ready, done = threading.Event(), threading.Event()

        async def serve() -> None:
            async with self.serving():
                ready.set()
                while not done.is_set():
                    await asyncio.sleep(0.02)

        thread = threading.Thread(target=lambda: asyncio.run(serve()))
        thread.start()
        try:
            assert ready.wait(5)
            yield self
        finally:
            done.set()
            thread.join()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        self.authorizations.add(next(line for line in head if line.startswith("Authorization")))
        readings = json.loads(await reader.readexactly(int(headers["content-length"])))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        reply = self.told.pop(0) if self.told else self.usual(readings)
        await asyncio.sleep(reply.after_s)
        self.under_way -= 1
        if reply.status == 0:
            return False
        self.bodies.append(readings)
        writer.write(
            f"HTTP/1.1 {reply.status} Told\r\n{reply.headers}"
            f"Content-Length: {len(reply.content)}\r\n\r\n".encode()
            + reply.content
        )
        await writer.drain()
        return True
