"""Waits until a client has taken what it was sent, where the server itself does not.

uvicorn's `send` waits for room in the connection. daphne's returns at once and buffers without
end: one console that stops reading would fill the memory of the web process.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IConsumer, IPushProducer
from zope.interface import implementer  # type: ignore[import-untyped]


@implementer(IPushProducer)
class Drain:
    """Told by the transport when its buffer is full (64 KB) and when it has room again."""

    def __init__(self) -> None:
        self._room = asyncio.Event()
        self._room.set()

    def pauseProducing(self) -> None:  # noqa: N802 names of the interface
        """Note that the buffer is full."""
        self._room.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Note that there is room again."""
        self._room.set()

    def stopProducing(self) -> None:  # noqa: N802
        """Let nobody wait: the connection is gone."""
        self._room.set()

    async def room(self) -> None:
        """Return once the transport has room."""
        await self._room.wait()


def of(send: Callable[..., Any]) -> Drain:
    """Return the drain of the connection behind an ASGI `send`.

    daphne hands out `partial(handle_reply, protocol)`; any other server's `send` waits by
    itself, and its drain never does.
    """
    drain = Drain()
    arguments = getattr(send, "args", ())
    transport: Any = getattr(arguments[0], "transport", None) if arguments else None
    if IConsumer.providedBy(transport):
        transport.unregisterProducer()  # the HTTP channel's, which ended with the upgrade
        transport.registerProducer(drain, True)
    return drain
