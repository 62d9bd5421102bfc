"""The transport over Redis or Valkey streams."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import redis
from redis import exceptions

from workers.stream import names
from workers.stream.message import Message
from workers.stream.transport import Away, Fetched

P = ParamSpec("P")
R = TypeVar("R")


def _or_away(
    method: Callable[Concatenate["RedisTransport", P], R],
) -> Callable[Concatenate["RedisTransport", P], R]:
    def guarded(self: "RedisTransport", /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(self, *args, **kwargs)
        except (exceptions.ConnectionError, exceptions.TimeoutError) as fault:
            raise Away(str(fault)) from fault
        except (exceptions.BusyLoadingError, exceptions.OutOfMemoryError) as fault:
            raise Away(str(fault)) from fault

    return guarded


class RedisTransport:
    """Reads with XREAD from the offset the database holds; the group only reports the lag."""

    def __init__(self, url: str) -> None:
        self._client = redis.Redis.from_url(url, socket_timeout=10, socket_connect_timeout=2)
        self._grouped: set[int] = set()

    @_or_away
    def fetch(self, offsets: Mapping[int, str], *, entries: int, wait_ms: int) -> Fetched:
        """See `Transport`."""
        seconds, microseconds = self._client.time()
        shards = {names.stream(shard).encode(): shard for shard in offsets}
        streams: Any = {names.stream(shard): offset for shard, offset in offsets.items()}
        found: Any = self._client.xread(streams, count=entries, block=wait_ms or None)
        pairs = found.items() if isinstance(found, dict) else found
        messages = {
            shards[name]: [
                Message(entry_id.decode(), fields or {}) for entry_id, fields in _entries(content)
            ]
            for name, content in pairs
        }
        return Fetched(messages, seconds * 1_000_000 + microseconds)

    @_or_away
    def acknowledge(self, shard: int, offset: str) -> None:
        """See `Transport`."""
        stream = names.stream(shard)
        if shard not in self._grouped:
            with contextlib.suppress(exceptions.ResponseError):  # it exists already
                self._client.xgroup_create(stream, names.GROUP, id=offset, mkstream=True)
            self._grouped.add(shard)
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xgroup_setid(stream, names.GROUP, offset)
            pipe.xtrim(stream, minid=_following(offset), approximate=False)
            pipe.execute()

    @_or_away
    def bury(self, shard: int, message: Message, reason: str) -> None:
        """See `Transport`."""
        fields: Any = {**message.fields, b"origin": message.id, b"reason": reason}
        self._client.xadd(names.dead_letters(shard), fields)

    @_or_away
    def last_id(self, shard: int) -> str:
        """See `Transport`."""
        try:
            known: Any = self._client.xinfo_stream(names.stream(shard))
        except exceptions.ResponseError:  # there is no such stream yet
            return "0-0"
        return _text(known["last-generated-id"])

    def close(self) -> None:
        """Hang up."""
        self._client.close()


def _entries(content: Any) -> Any:
    # Under RESP3 the client wraps a stream's entries in one more list.
    return content[0] if content and isinstance(content[0], list) else content


def _following(message_id: str) -> str:
    milliseconds, _, sequence = message_id.partition("-")
    return f"{milliseconds}-{int(sequence) + 1}"


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
