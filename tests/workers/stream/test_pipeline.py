"""The pipeline over the in-memory stream: done, busy, broken, lost."""

from collections.abc import Sequence

import pytest

from workers.stream.memory import MemoryTransport
from workers.stream.message import Message, order
from workers.stream.pipeline import Broken, Busy, Lane, Lost, Pipeline


class Ledger:
    """A handler that remembers; `broken`, `busy` and `lost` make it fail as told."""

    def __init__(self) -> None:
        self.stored: list[bytes] = []
        self.rested: list[int] = []
        self.broken: set[bytes] = set()
        self.busy = 0
        self.lost = False

    def store(self, lane: Lane, messages: Sequence[Message]) -> None:
        if self.lost:
            raise Lost
        if self.busy:
            self.busy -= 1
            raise Busy("the test says so")
        for message in messages:
            if message.fields.get(b"m") in self.broken:
                raise Broken(message, "poison")
        self.stored += [m.fields[b"m"] for m in messages if m.fields]
        lane.offset = messages[-1].id

    def rest(self, lane: Lane, clock_us: int) -> None:
        self.rested.append(clock_us)


@pytest.fixture
def transport() -> MemoryTransport:
    return MemoryTransport()


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
def lane() -> Lane:
    return Lane(shard=0, epoch=1, offset="0-0")


def fill(transport: MemoryTransport, *names: bytes) -> list[str]:
    return [transport.append(0, {b"m": name}) for name in names]


class TestTurn:
    def test_stores_in_order_and_lets_go_behind_the_offset(self, transport, ledger, lane) -> None:
        ids = fill(transport, b"a", b"b")

        done = Pipeline(transport, ledger).turn([lane], wait_ms=0)

        assert ledger.stored == [b"a", b"b"]
        assert (done.stored, done.busy, lane.offset) == (2, "", ids[-1])
        assert transport.streams[0] == []

    def test_says_that_an_empty_lane_was_read_to_its_end(self, transport, ledger, lane) -> None:
        transport.clock_us = 7_000_000

        Pipeline(transport, ledger).turn([lane], wait_ms=0)

        assert ledger.rested == [7_000_000]

    def test_leaves_everything_where_it_is_while_the_handler_is_busy(
        self, transport, ledger, lane
    ) -> None:
        fill(transport, b"a")
        ledger.busy = 1
        pipeline = Pipeline(transport, ledger)

        first = pipeline.turn([lane], wait_ms=0)
        second = pipeline.turn([lane], wait_ms=0)

        assert first.busy
        assert first.stored == 0
        assert second.stored == 1
        assert ledger.stored == [b"a"]

    @pytest.mark.parametrize("place", [0, 1, 2], ids=["first", "middle", "last"])
    def test_buries_a_broken_message_and_stores_its_neighbours(
        self, transport, ledger, lane, place
    ) -> None:
        names = [b"a", b"b", b"c"]
        ids = fill(transport, *names)
        ledger.broken = {names[place]}

        done = Pipeline(transport, ledger).turn([lane], wait_ms=0)

        assert ledger.stored == [name for name in names if name != names[place]]
        assert [(m.id, reason) for _, m, reason in transport.buried] == [(ids[place], "poison")]
        assert done.buried == 1
        assert lane.offset == ids[-1]

    def test_reports_a_lane_that_somebody_else_owns(self, transport, ledger, lane) -> None:
        fill(transport, b"a")
        ledger.lost = True

        done = Pipeline(transport, ledger).turn([lane], wait_ms=0)

        assert done.lost == [0]
        assert transport.acknowledged == {}

    def test_backs_off_while_the_broker_is_away(self, transport, ledger, lane) -> None:
        transport.is_away = True

        assert "away" in Pipeline(transport, ledger).turn([lane], wait_ms=0).busy

    def test_does_not_bury_before_the_broker_has_kept_the_letter(
        self, transport, ledger, lane
    ) -> None:
        fill(transport, b"a")
        ledger.broken = {b"a"}
        pipeline = Pipeline(transport, ledger)
        transport.bury = lambda *_: (_ for _ in ()).throw(Busy("no room"))  # type: ignore

        done = pipeline.turn([lane], wait_ms=0)

        assert done.busy == "no room"
        assert lane.offset == "0-0"
        assert len(transport.streams[0]) == 1


class TestOrder:
    def test_compares_ids_as_numbers(self) -> None:
        assert order("10-2") > order("9-11")
        assert order("10-10") > order("10-9")
