"""The body of a request, bounded: in size, in time, and in what it unpacks to."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

PATIENCE_S = 30  # a slow head-end may take this long to send its body

Receive = Callable[[], Awaitable[dict[str, Any]]]


class TooLarge(Exception):
    """The body, as sent or unpacked, is larger than is taken."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class Gone(Exception):
    """The client hung up before the body was whole."""


class Undecodable(Exception):
    """The body is not what its Content-Encoding says."""


async def read(receive: Receive, *, limit: int) -> bytes:
    """Return the whole body; raises TooLarge, TooSlow or Gone."""
    try:
        return await asyncio.wait_for(_read(receive, limit), PATIENCE_S)
    except TimeoutError as fault:
        raise TooSlow from fault


async def _read(receive: Receive, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def gunzip(body: bytes, *, limit: int) -> bytes:
    """Return an unpacked gzip body, never more than `limit` bytes of it.

    Raises TooLarge where more would come (a bomb costs what the limit costs), Undecodable where
    it is not whole gzip.
    """
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacker.decompress(body, limit + 1)
    except zlib.error as fault:
        raise Undecodable(str(fault)) from fault
    if len(unpacked) > limit or unpacker.unconsumed_tail:
        raise TooLarge
    if not unpacker.eof or unpacker.unused_data:
        raise Undecodable("the gzip body is cut short or has something behind its end")
    return unpacked
