"""Entries that could not be processed: kept with their reason until somebody replays them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis

from workers.stream import names

PAGE = 100


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One entry that was put aside: its own id, the id it had in the stream, and why."""

    shard: int
    id: str
    origin: str
    reason: str
    size: int


class DeadLetters:
    """The dead letters of all shards in one broker."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client

    def letters(self, shard: int) -> Iterator[DeadLetter]:
        """Yield a shard's dead letters, oldest first."""
        for letter_id, fields in self._entries(shard):
            yield DeadLetter(
                shard=shard,
                id=letter_id.decode(),
                origin=fields.get(b"origin", b"").decode(),
                reason=fields.get(b"reason", b"").decode(),
                size=len(fields.get(names.PACKED, b"")),
            )

    def replay(self, letter: DeadLetter) -> bool:
        """Append an entry to its stream again and take it off the dead ones, in one step.

        False when it is no longer there. It is judged again from the beginning: what was broken
        and still is comes back as a new dead letter.
        """
        found: Any = self._client.xrange(names.dead_letters(letter.shard), letter.id, letter.id)
        if not found:
            return False
        carried = {k: v for k, v in found[0][1].items() if k not in (b"origin", b"reason")}
        with self._client.pipeline(transaction=True) as pipe:
            pipe.xadd(names.stream(letter.shard), carried or {b"empty": b""})
            pipe.xdel(names.dead_letters(letter.shard), letter.id)
            pipe.execute()
        return True

    def _entries(self, shard: int) -> Iterator[tuple[bytes, dict[bytes, bytes]]]:
        start = "-"
        while True:
            page: Any = self._client.xrange(names.dead_letters(shard), start, "+", count=PAGE)
            yield from page
            if len(page) < PAGE:
                return
            start = f"({page[-1][0].decode()}"
