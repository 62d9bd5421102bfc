"""What is stored leaves the stream, whoever died before it could let go."""

from collections.abc import Sequence

from workers.stream.memory import MemoryTransport
from workers.stream.message import Message
from workers.stream.pipeline import Lane, Pipeline


class Keeper:
    """A handler that stores everything, and may take the broker away while it does."""

    def __init__(self, transport: MemoryTransport) -> None:
        self.takes_broker_away = False
        self._transport = transport

    def store(self, lane: Lane, messages: Sequence[Message]) -> None:
        lane.offset = messages[-1].id
        self._transport.is_away = self.takes_broker_away

    def rest(self, lane: Lane, clock_us: int) -> None:
        """Nothing came."""


class TestTurn:
    def test_lets_go_for_an_owner_that_died_between_commit_and_acknowledgement(self) -> None:
        transport = MemoryTransport()
        stored = transport.append(0, {b"m": b"stored by the dead"})

        Pipeline(transport, Keeper(transport)).turn([Lane(0, 2, stored)], wait_ms=0)

        assert transport.streams[0] == []

    def test_lets_go_later_of_what_it_stored_while_the_broker_went(self) -> None:
        transport = MemoryTransport()
        transport.append(0, {b"m": b"stored"})
        keeper, lane = Keeper(transport), Lane(0, 1, "0-0")
        pipeline = Pipeline(transport, keeper)
        keeper.takes_broker_away = True
        assert pipeline.turn([lane], wait_ms=0).busy
        transport.is_away = False

        pipeline.turn([lane], wait_ms=0)

        assert transport.streams[0] == []

    def test_leaves_the_broker_alone_while_nothing_comes(self) -> None:
        transport = MemoryTransport()
        lane = Lane(0, 1, transport.append(0, {b"m": b"stored"}))
        pipeline = Pipeline(transport, Keeper(transport))
        pipeline.turn([lane], wait_ms=0)
        transport.acknowledged.clear()

        pipeline.turn([lane], wait_ms=0)

        assert transport.acknowledged == {}
