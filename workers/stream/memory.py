"""A transport without a broker, for the pipeline's own tests."""

from collections.abc import Mapping

from workers.stream.message import Message, order
from workers.stream.transport import Away, Fetched


class MemoryTransport:
    """Streams in lists. `clock_us` is the broker's clock, moved by the test."""

    def __init__(self) -> None:
        self.streams: dict[int, list[Message]] = {}
        self.buried: list[tuple[int, Message, str]] = []
        self.acknowledged: dict[int, str] = {}
        self.clock_us = 1_000_000
        self.is_away = False
        self._newest: dict[int, str] = {}

    def append(self, shard: int, fields: Mapping[bytes, bytes]) -> str:
        """Append an entry at the clock; return its id."""
        stream = self.streams.setdefault(shard, [])
        milliseconds = self.clock_us // 1000
        before = order(self._newest.get(shard, "0-0"))
        sequence = before[1] + 1 if before[0] == milliseconds else 0
        message = Message(f"{milliseconds}-{sequence}", fields)
        stream.append(message)
        self._newest[shard] = message.id
        return message.id

    def fetch(self, offsets: Mapping[int, str], *, entries: int, wait_ms: int) -> Fetched:
        """See `Transport`."""
        self._answer()
        behind = {
            shard: [m for m in self.streams.get(shard, []) if order(m.id) > order(offset)]
            for shard, offset in offsets.items()
        }
        found = {shard: messages[:entries] for shard, messages in behind.items() if messages}
        return Fetched(found, self.clock_us)

    def acknowledge(self, shard: int, offset: str) -> None:
        """See `Transport`."""
        self._answer()
        kept = [m for m in self.streams.get(shard, []) if order(m.id) > order(offset)]
        self.streams[shard] = kept
        self.acknowledged[shard] = offset

    def bury(self, shard: int, message: Message, reason: str) -> None:
        """See `Transport`."""
        self._answer()
        self.buried.append((shard, message, reason))

    def last_id(self, shard: int) -> str:
        """See `Transport`."""
        self._answer()
        return self._newest.get(shard, "0-0")

    def _answer(self) -> None:
        if self.is_away:
            raise Away("the test says so")
