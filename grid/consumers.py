"""The socket of the live feed: checks who is there, then forwards ready frames.

Protocol: `docs/live-feed.md`. Close codes: 4400 unreadable, 4401 not (or no longer) signed in,
4403 not allowed, 4429 too many sockets, 1013 try again later.
"""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import msgspec
from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from channels.utils import await_many_dispatch
from django.conf import settings
from django.db import Error as DatabaseError
from django.http import parse_cookie

from segs_site.lib import draining, hub, identity, live
from segs_site.lib.access import Action, may
from segs_site.lib.outlet import Outlet

UNREADABLE, SIGNED_OUT, FORBIDDEN, TOO_MANY, TRY_LATER = 4400, 4401, 4403, 4429, 1013

TOPICS: dict[str, Action] = {
    "grid": Action.WATCH_GRID,
    "map": Action.WATCH_GRID,
    "alerts": Action.WATCH_GRID,
    "mine": Action.SEE_OWN,
}
DESK = {"grid", "alerts"}  # an operator who hears one of these sees what is wrong
RECHECK_S = 60  # how long an ended session or a barred user keeps a socket at most


class Refused(Exception):
    """The socket is closed with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Authenticate(msgspec.Struct, tag="authenticate"):
    """Asks to stay, with a token that ends later."""

    token: str


class Snapshot(msgspec.Struct, tag="snapshot"):
    """Asks for the whole map."""


class LiveConsumer(AsyncConsumer):
    """One socket; topics and the last id seen come in its address, e.g. `?topics=grid&since=7`."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection; the channel layer is not needed, and nothing outlives it."""
        self.scope, self.base_send = scope, send
        self._tasks: set[asyncio.Task[None]] = set()
        self._outlet: Outlet | None = None
        try:
            await await_many_dispatch([receive], self.dispatch)
        except StopConsumer:
            return
        finally:
            await self._leave()

    async def websocket_connect(self, message: dict[str, Any]) -> None:
        """Let the visitor in, replay what he missed, then forward."""
        self._query = parse_qs(self.scope["query_string"].decode("latin-1"))
        try:
            await self._enter()
        except Refused as refusal:
            await self.send({"type": "websocket.accept"})  # a browser sees no code before
            await self._close(refusal.code)

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        """Do what the client asks for."""
        try:
            asked = msgspec.json.decode(
                message.get("text") or message.get("bytes") or b"", type=Authenticate | Snapshot
            )
            if isinstance(asked, Authenticate):
                await self._stay(asked.token)
            elif self._outlet is not None and self._outlet.with_map:
                await hub.of_this_process().show_map(self._outlet)
        except msgspec.MsgspecError:
            await self._close(UNREADABLE)
        except Refused as refusal:
            await self._close(refusal.code)

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        """End the conversation."""
        raise StopConsumer

    async def _enter(self) -> None:
        self._visitor = await self._identify()
        topics = self._topics()
        outlet = Outlet(
            self._groups(topics),
            with_map="map" in topics,
            attends=bool(topics & DESK) and may(self._visitor.user, Action.OPERATE_GRID),
        )
        await self._join(outlet)
        # Joined first, accepted second: whatever a client reads after the accept is as old as
        # the feed it hears, or newer.
        await self.send({"type": "websocket.accept"})
        await self._replay(outlet)
        await hub.of_this_process().greet(outlet)
        self._start(self._write(outlet))
        self._start(self._watch())

    async def _identify(self) -> identity.Visitor:
        token = self._asked("token")
        if token is not None:
            self._who: Callable[[str], identity.Visitor] = identity.by_token
            self._proof = token
            return await self._ask(self._who, self._proof)
        headers = dict(self.scope["headers"])
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        self._who = identity.by_session
        self._proof = cookies.get(settings.SESSION_COOKIE_NAME, "")
        return await self._ask(self._who, self._proof)

    async def _ask(self, who: Callable[[str], identity.Visitor], proof: str) -> identity.Visitor:
        try:
            return await database_sync_to_async(who)(proof)
        except identity.NotSignedIn as problem:
            raise Refused(SIGNED_OUT) from problem
        except DatabaseError as problem:
            raise Refused(TRY_LATER) from problem

    def _topics(self) -> set[str]:
        topics = set((self._asked("topics") or "grid").split(","))
        if not topics <= TOPICS.keys():
            raise Refused(UNREADABLE)
        self._check_rights(topics)
        return topics

    def _groups(self, topics: set[str]) -> frozenset[str]:
        """Return what is heard under topics; what is one's own is a group of one's own."""
        own = {f"user:{self._visitor.user.pk}"} if "mine" in topics else set()
        return frozenset(topics - {"map", "mine"} | own)

    def _check_rights(self, topics: set[str]) -> None:
        if not all(may(self._visitor.user, TOPICS[topic]) for topic in topics):
            raise Refused(FORBIDDEN)

    def _asked(self, name: str) -> str | None:
        values = self._query.get(name)
        return values[0] if values else None

    async def _join(self, outlet: Outlet) -> None:
        self._outlet = outlet
        try:
            await hub.of_this_process().join(outlet)
        except hub.Full as problem:
            raise Refused(TOO_MANY) from problem
        except hub.Away as problem:
            raise Refused(TRY_LATER) from problem

    async def _replay(self, outlet: Outlet) -> None:
        asked = self._asked("since")
        if asked is None:
            return
        try:
            seen = int(asked)
            outlet.put_first(await database_sync_to_async(live.since)(seen, outlet.groups))
        except (ValueError, live.TooFarBehind, DatabaseError):
            outlet.overflow()

    async def _write(self, outlet: Outlet) -> None:
        drain = draining.of(self.base_send)
        while True:
            frame = await outlet.take()
            kind = "text" if isinstance(frame, str) else "bytes"
            await self.send({"type": "websocket.send", kind: frame})
            await drain.room()

    async def _watch(self) -> None:
        """Close the socket when its token, sign-in or session has ended, or its user's rights."""
        try:
            while True:
                await asyncio.sleep(min(RECHECK_S, self._remaining_s()))
                await self._recheck()
        except Refused as refusal:
            await self._close(refusal.code)

    async def _recheck(self) -> None:
        if self._remaining_s() <= 0:
            raise Refused(SIGNED_OUT)
        try:
            self._visitor = await self._ask(self._who, self._proof)
        except Refused as refusal:
            if refusal.code != TRY_LATER:  # the database is away: nobody can say
                raise
        self._topics()

    def _remaining_s(self) -> float:
        if self._visitor.until is None:
            return RECHECK_S
        return max(0.0, (self._visitor.until - datetime.now(UTC)).total_seconds())

    async def _stay(self, token: str) -> None:
        visitor = await self._ask(identity.by_token, token)
        if self._outlet is None or visitor.user != self._visitor.user:
            raise Refused(FORBIDDEN)
        self._visitor, self._who, self._proof = visitor, identity.by_token, token
        self._topics()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.add(asyncio.create_task(work))

    async def _close(self, code: int) -> None:
        await self.send({"type": "websocket.close", "code": code})
        await self._leave()

    async def _leave(self) -> None:
        mine = {task for task in self._tasks if task is not asyncio.current_task()}
        for task in mine:
            task.cancel()
        self._tasks -= mine
        await asyncio.gather(*mine, return_exceptions=True)
        if self._outlet is not None:
            await hub.of_this_process().leave(self._outlet)
