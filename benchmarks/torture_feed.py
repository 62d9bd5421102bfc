"""The live feed after the torture: numbers without holes, a chain per group, nothing untold."""

from collections import defaultdict
from collections.abc import Iterable

from benchmarks.stack import Stack

_NUMBERS = "SELECT count(*), coalesce(max(number), 0) FROM lib_outboxevent"
_CHAINS = """
SELECT number, previous, before FROM (
    SELECT number, previous, lag(number) OVER (PARTITION BY "group" ORDER BY number) AS before
    FROM lib_outboxevent) AS events
WHERE previous IS DISTINCT FROM before ORDER BY number
"""
_STREAMED = "SELECT stream, number FROM lib_outboxevent WHERE stream <> '' ORDER BY number DESC"
KEPT = 5_000  # events of a stream that its cap has surely not taken away yet


def differences(stack: Stack) -> Iterable[str]:
    """Return in words what is wrong with the numbered events and the event streams."""
    count, newest = stack.query(_NUMBERS)[0]
    if count != newest:
        yield f"{count} events are numbered up to {newest}"
    for number, previous, before in stack.query(_CHAINS):
        yield f"event {number} says that {previous} was before it in its group, not {before}"
    with stack.redis() as broker:
        for stream, numbers in _streamed(stack).items():
            told = {int(fields[b"id"]) for _, fields in broker.xrange(stream)}
            for number in sorted(set(numbers[:KEPT]) - told):
                yield f"event {number} is not in {stream}"


def _streamed(stack: Stack) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for stream, number in stack.query(_STREAMED):
        numbers[str(stream)].append(int(str(number)))
    return numbers
