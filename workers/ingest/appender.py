"""Appends judged bodies to the stream, durably, one entry a request and shard.

Marking a reading as seen and appending it are one atomic step per shard: marking first would
lose the retry of an append that failed. The marks only serve the answer "duplicate"; the
database key is what counts a reading once.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from redis import exceptions
from redis.asyncio import connection as redis_connection
from redis.asyncio.connection import AbstractConnection

from meters import columns
from meters.admission import HeldItem, Judged
from workers.stream import names

MARKS_LIVE_S = 130  # two minutes of marks and a little: a repeat later is the database's to find
MARK_BYTES = 16
CONNECTIONS = 32
REPLICA_PATIENCE_MS = 5000

_APPEND = """
local marks = {unpack(ARGV, 5)}
local repeats = {}
if #marks > 0 then
  local now = redis.call('SMISMEMBER', KEYS[2], unpack(marks))
  local before = redis.call('SMISMEMBER', KEYS[3], unpack(marks))
  for place = 1, #marks do
    if now[place] == 1 or before[place] == 1 then repeats[#repeats + 1] = place - 1 end
  end
end
if #repeats < #marks or ARGV[4] == '1' then
  if #repeats == 0 then
    redis.call('XADD', KEYS[1], '*', 'm', ARGV[1])
  else
    redis.call('XADD', KEYS[1], '*', 'm', ARGV[1], 'd', table.concat(repeats, ','))
  end
  if #marks > 0 and redis.call('SCARD', KEYS[2]) < tonumber(ARGV[2]) then
    redis.call('SADD', KEYS[2], unpack(marks))
    redis.call('EXPIRE', KEYS[2], ARGV[3])
  end
else
  -- WAITAOF waits for what its own connection wrote: a repeat must write something, else the
  -- retry of an append that no replica has yet would be told that all is well.
  redis.call('EXPIRE', KEYS[2], ARGV[3])
  redis.call('EXPIRE', KEYS[3], ARGV[3])
end
return repeats
"""


class Unavailable(Exception):
    """The broker cannot take the entry now: the sender must come again."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one shard gets of a body: the packed batch, its marks, and where its rows stood."""

    shard: int
    packed: bytes
    marks: npt.NDArray[np.uint8]
    places: npt.NDArray[np.int64]
    holds: bool


def parcels(judged: Judged) -> list[Parcel]:
    """Cut a judged body into what each shard gets."""
    held_in: dict[int, list[HeldItem]] = {}
    for item in judged.held:
        held_in.setdefault(item.shard, []).append(item)
    shards = sorted({*np.unique(judged.shards).tolist(), *held_in})
    return [_parcel(judged, shard, held_in.get(shard, [])) for shard in shards]


def _parcel(judged: Judged, shard: int, held: Sequence[HeldItem]) -> Parcel:
    rows = np.flatnonzero(judged.shards == shard)
    strangers = [
        columns.Stranger(int(np.searchsorted(rows, who.row)), who.serial, who.region)
        for who in judged.strangers
        if judged.shards[who.row] == shard
    ]
    batch = columns.Batch(judged.columns.take(rows), strangers, [item.held for item in held])
    return Parcel(shard, columns.pack(batch), judged.marks[rows], judged.places[rows], bool(held))


class Appender:
    """Appends parcels through a few connections that each carry one request at a time."""

    def __init__(self, url: str, *, marks_limit: int, replicas: int = 0) -> None:
        self._factory = redis_connection.ConnectionPool.from_url(
            url, socket_timeout=10, socket_connect_timeout=2
        )
        self._marks_limit = marks_limit
        self._replicas = replicas
        self._sha = b""
        self._idle: list[AbstractConnection] = []
        self._room = asyncio.Semaphore(CONNECTIONS)

    async def append(self, judged: Judged, *, now: datetime) -> list[int]:
        """Append a body; return the places in it that were repeats.

        Raises Unavailable when any shard failed: what the others took, the retry finds marked.
        """
        waiting = [self._append(parcel, now) for parcel in parcels(judged)]
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return [place for outcome in outcomes if isinstance(outcome, list) for place in outcome]

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().disconnect()

    async def _append(self, parcel: Parcel, now: datetime) -> list[int]:
        minute = int(now.timestamp()) // 60
        keys = [
            names.stream(parcel.shard),
            names.marks(parcel.shard, minute),
            names.marks(parcel.shard, minute - 1),
        ]
        arguments = [
            *(key.encode() for key in keys),
            parcel.packed,
            str(self._marks_limit).encode(),
            str(MARKS_LIVE_S).encode(),
            b"1" if parcel.holds else b"0",
        ]
        async with self._room:
            repeats = await self._evaluate(arguments, parcel.marks)
        return [int(parcel.places[row]) for row in repeats]

    async def _evaluate(
        self, arguments: Sequence[bytes], marks: npt.NDArray[np.uint8]
    ) -> list[int]:
        connection = self._idle.pop() if self._idle else self._new()
        try:
            if not self._sha:
                self._sha = await _ask(connection, [b"SCRIPT", b"LOAD", _APPEND.encode()])
            try:
                repeats = await self._script(connection, arguments, marks)
            except exceptions.NoScriptError:  # the broker lost its scripts in a restart
                self._sha = await _ask(connection, [b"SCRIPT", b"LOAD", _APPEND.encode()])
                repeats = await self._script(connection, arguments, marks)
        except (TimeoutError, exceptions.RedisError, OSError) as fault:
            await connection.disconnect(nowait=True)
            if not isinstance(fault, exceptions.ResponseError):
                await self.close()  # the idle ones lead to the same broker, which went away
            raise Unavailable(str(fault)) from fault
        except BaseException:  # cancelled half-way: an answer may still be under way on it
            await connection.disconnect(nowait=True)
            raise
        self._idle.append(connection)
        return repeats

    def _new(self) -> AbstractConnection:
        made: AbstractConnection = self._factory.make_connection()  # type: ignore[no-untyped-call]
        return made

    async def _script(
        self,
        connection: AbstractConnection,
        arguments: Sequence[bytes],
        marks: npt.NDArray[np.uint8],
    ) -> list[int]:
        words = [b"EVALSHA", self._sha, b"3", *arguments]
        await connection.send_packed_command(_command(words, marks))
        if self._replicas:
            await connection.send_packed_command(_waiting(self._replicas))
        try:
            repeats: list[int] = await connection.read_response()
        except exceptions.ResponseError:
            if self._replicas:  # its answer is under way and would pass for the next one
                await connection.read_response()
            raise
        if self._replicas:
            local, remote = await connection.read_response()
            if local < 1 or remote < self._replicas:
                raise Unavailable("no replica has the entry on disk yet")
        return repeats


async def _ask(connection: AbstractConnection, words: Iterable[bytes]) -> Any:
    await connection.send_command(*words)
    return await connection.read_response()


def _command(words: Sequence[bytes], marks: npt.NDArray[np.uint8]) -> bytes:
    """Return a command in the broker's protocol, its last arguments being the marks.

    The client library packs argument by argument, which for a thousand marks costs more than
    decoding the thousand readings.
    """
    framed = np.empty((len(marks), 5 + MARK_BYTES + 2), np.uint8)
    framed[:, :5] = np.frombuffer(b"$16\r\n", np.uint8)
    framed[:, 5:-2] = marks
    framed[:, -2:] = np.frombuffer(b"\r\n", np.uint8)
    return b"*%d\r\n" % (len(words) + len(marks)) + _words(words) + framed.tobytes()


def _waiting(replicas: int) -> bytes:
    patience = str(REPLICA_PATIENCE_MS).encode()
    return b"*4\r\n" + _words([b"WAITAOF", b"1", str(replicas).encode(), patience])


def _words(words: Iterable[bytes]) -> bytes:
    return b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
