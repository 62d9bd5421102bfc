"""The transport and the dead letters over a real Valkey."""

import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command

from workers.stream import names
from workers.stream.dead_letter import DeadLetters
from workers.stream.message import Message, order
from workers.stream.redis import RedisTransport
from workers.stream.transport import Away


@pytest.fixture
def transport(broker: redis.Redis):
    transport = RedisTransport(settings.REDIS_URL)
    yield transport
    transport.close()


def fill(broker: redis.Redis, shard: int, *contents: bytes) -> list[str]:
    return [broker.xadd(names.stream(shard), {"m": content}).decode() for content in contents]


class TestFetch:
    def test_returns_what_lies_behind_each_offset(self, broker, transport) -> None:
        ids = fill(broker, 0, b"a", b"b", b"c")
        fill(broker, 1, b"x")

        fetched = transport.fetch({0: ids[0], 1: "0-0", 2: "0-0"}, entries=10, wait_ms=1)

        contents = {s: [m.fields[b"m"] for m in ms] for s, ms in fetched.messages.items()}
        assert contents == {0: [b"b", b"c"], 1: [b"x"]}

    def test_returns_no_more_than_asked_for(self, broker, transport) -> None:
        fill(broker, 0, b"a", b"b", b"c")

        assert len(transport.fetch({0: "0-0"}, entries=2, wait_ms=1).messages[0]) == 2

    def test_reads_the_clock_before_it_reads_the_stream(self, broker, transport) -> None:
        clock_us = transport.fetch({0: "0-0"}, entries=1, wait_ms=1).clock_us
        [entry] = fill(broker, 0, b"later")

        assert Message(entry, {}).arrived_us // 1000 >= clock_us // 1_000_000

    def test_is_away_where_nobody_listens(self) -> None:
        with pytest.raises(Away):
            RedisTransport("redis://127.0.0.1:1/0").fetch({0: "0-0"}, entries=1, wait_ms=1)


class TestAcknowledge:
    def test_lets_go_of_what_is_stored_and_of_nothing_else(self, broker, transport) -> None:
        ids = fill(broker, 0, b"a", b"b", b"c")

        transport.acknowledge(0, ids[1])

        assert [entry.decode() for entry, _ in broker.xrange(names.stream(0))] == [ids[2]]
        assert broker.xinfo_groups(names.stream(0))[0]["last-delivered-id"].decode() == ids[1]

    def test_leaves_the_newest_id_known_once_all_is_gone(self, broker, transport) -> None:
        [entry] = fill(broker, 0, b"a")

        transport.acknowledge(0, entry)

        assert broker.xlen(names.stream(0)) == 0
        assert order(transport.last_id(0)) >= order(entry)
        assert transport.last_id(3) == "0-0"


@pytest.mark.django_db
class TestDeadLetters:
    @pytest.fixture
    def buried(self, broker, transport) -> Message:
        message = Message("5-1", {b"m": b"poison", b"d": b"1,2"})
        transport.bury(2, message, "not a packed batch")
        return message

    def test_are_listed_with_their_reason(self, buried, capsys) -> None:
        call_command("replay_dead_letters", "--list")

        printed = capsys.readouterr().out
        assert "of shard 2, once 5-1, 6 bytes: not a packed batch" in printed
        assert "1 dead letters" in printed

    def test_go_back_to_their_stream_whole_and_once(self, broker, buried) -> None:
        call_command("replay_dead_letters")
        call_command("replay_dead_letters")

        assert [fields for _, fields in broker.xrange(names.stream(2))] == [buried.fields]
        assert list(DeadLetters(broker).letters(2)) == []

    def test_of_another_shard_stay(self, broker, buried) -> None:
        call_command("replay_dead_letters", "--shard", "1")

        assert len(list(DeadLetters(broker).letters(2))) == 1

    def test_of_no_shard_at_all_are_asked_for_in_vain(self, db) -> None:
        with pytest.raises(CommandError, match="--shard 9: there are shards 0 to 3"):
            call_command("replay_dead_letters", "--shard", "9")
