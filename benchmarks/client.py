"""Clients that cost the machine little: HTTP/1.1 over plain asyncio streams, kept alive."""

import asyncio
import re
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"transfer-encoding: *chunked", re.IGNORECASE)
LONGEST_LINE = 1 << 20


class Connection:
    """One connection; reconnects after a fault."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    async def exchange(self, message: bytes) -> tuple[int, bytes]:
        """Send a request; return status and whole body; raises OSError or EOFError."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=LONGEST_LINE
            )
        try:
            self._writer.write(message)
            await self._writer.drain()
            return await self._answer()
        except BaseException:
            self.close()
            raise

    async def _answer(self) -> tuple[int, bytes]:
        assert self._reader is not None
        head = await self._reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        if found:
            body = await self._reader.readexactly(int(found[1]))
        else:
            body = await self._chunks(self._reader) if _CHUNKED.search(head) else b""
        return int(head[9:12]), body

    async def _chunks(self, reader: asyncio.StreamReader) -> bytes:
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readexactly(2)
        await reader.readexactly(2)
        return b"".join(parts)

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


class Client(Connection):
    """A head-end that posts readings."""

    def __init__(self, port: int, key: str) -> None:
        super().__init__(port)
        self._head = (
            f"POST /telemetry/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Api-Key: {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Send a body; return status and answer; raises OSError or EOFError when cut off."""
        return await self.exchange(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)


class Reader(Connection):
    """Somebody with a token who reads the API, and takes packed answers as browsers do."""

    def __init__(self, port: int, token: str) -> None:
        super().__init__(port)
        self._tail = (
            f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {token}\r\n"
            "Accept: application/json, */*\r\nAccept-Encoding: gzip\r\n\r\n"
        ).encode()

    async def get(self, path: str) -> tuple[int, bytes]:
        """Ask for a path; return status and body as it was sent."""
        return await self.exchange(b"GET " + path.encode() + self._tail)
