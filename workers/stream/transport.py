"""What the pipeline needs of a broker. The in-memory one is a real stream that forgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from workers.stream.message import Message


class Away(Exception):
    """The broker does not answer now: back off and come again."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a read returned, and the broker's clock from before it, in microseconds.

    An entry that a read did not return arrived after that clock.
    """

    messages: Mapping[int, Sequence[Message]]
    clock_us: int


class Transport(Protocol):
    """Streams by shard number; every method raises Away when the broker does not answer."""

    def fetch(self, offsets: Mapping[int, str], *, entries: int, wait_ms: int) -> Fetched:
        """Return up to `entries` messages a shard behind its offset, waiting for the first."""
        ...

    def acknowledge(self, shard: int, offset: str) -> None:
        """Let go of what is stored: everything up to and including `offset`."""
        ...

    def bury(self, shard: int, message: Message, reason: str) -> None:
        """Keep an entry that cannot be processed, with the reason, durably."""
        ...

    def last_id(self, shard: int) -> str:
        """Return the id of the newest entry the stream ever had, "0-0" when it had none."""
        ...
