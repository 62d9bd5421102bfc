"""A client that costs the machine little: HTTP/1.1 over plain asyncio streams, kept alive."""

import asyncio
import re
from types import TracebackType
from typing import Self

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Client:
    """One connection; reconnects after a fault."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._head = (
            f"POST /telemetry/batch HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Api-Key: {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
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

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Send a body; return status and answer; raises OSError or EOFError when cut off."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            self._writer.write(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
            await self._writer.drain()
            return await self._answer()
        except BaseException:
            self.close()
            raise

    async def _answer(self) -> tuple[int, bytes]:
        assert self._reader is not None
        head = await self._reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        body = await self._reader.readexactly(int(found[1])) if found else b""
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None
