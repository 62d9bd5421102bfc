"""What a stream carries, seen from the pipeline: an id, a time, and fields it does not read."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a shard's stream.

    `id` orders entries within the shard; `arrived_us` is when the broker took it, in
    microseconds since 1970.
    """

    id: str
    fields: Mapping[bytes, bytes]

    @property
    def arrived_us(self) -> int:
        """See the class."""
        return int(self.id.partition("-")[0]) * 1000


def order(message_id: str) -> tuple[int, int]:
    """Return what ids are compared by."""
    milliseconds, _, sequence = message_id.partition("-")
    return int(milliseconds), int(sequence or 0)
