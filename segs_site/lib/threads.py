"""Threads that requests are served in: a few, kept, each with its connection to the database.

Left to itself, Django makes a thread for each request under ASGI, and each thread connects anew:
that costs the database more than most questions do, and a crowd of requests is a crowd of
connections.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# More wait their turn: threads of a process share one processor, and each that works delays all.
# With 20 clients 16 made the slowest answers half as slow again as 4 did, and no more of them.
MOST = 4


class Threads:
    """Lends a thread to one request at a time; who comes when all are lent waits in line."""

    def __init__(self, most: int = MOST) -> None:
        self._turns = asyncio.Semaphore(most)
        self._free: list[ThreadPoolExecutor] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Run what is synchronous inside this block in one thread, the one used last if free."""
        async with self._turns:
            thread = self._free.pop() if self._free else ThreadPoolExecutor(max_workers=1)
            try:
                async with ThreadSensitiveContext(executor=thread):
                    yield
            finally:
                self._free.append(thread)


class Pages(ASGIHandler):
    """Django, entered once a request: middleware and view run in the request's thread.

    Django's own handler runs its middleware in the event loop and changes to the thread and back
    for each part of it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._threads = Threads()

    def load_middleware(self, is_async: bool = False) -> None:
        """Load it for a synchronous chain, whatever is asked for."""
        super().load_middleware(is_async=False)

    async def __call__(
        self,
        scope: Any,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
    ) -> None:
        """Serve a request."""
        async with self._threads.one():
            await super().__call__(scope, receive, send)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request through middleware and view."""
        return await sync_to_async(self.get_response)(request)
