"""The registry that ingest goes by, packed for the broker and indexed for questions."""

from datetime import UTC, datetime
from zlib import crc32

import msgspec
import pytest

from meters import registry
from meters.registry import Key
from tests.meters.bodies import EXPORTER, IMPORTER, STORED, snapshot

END = datetime(2027, 1, 1, tzinfo=UTC)


class TestMirror:
    def test_says_the_same_after_its_way_through_the_broker(self):
        keys = {"ab" * 32: Key("head-end", END), "cd" * 32: Key("demo")}

        arrived = registry.unpack(registry.pack(snapshot(keys=keys, version=7)))

        assert (arrived.version, arrived.shards, arrived.keys) == (7, 4, keys)
        assert arrived.place == {IMPORTER: 0, EXPORTER: 1, STORED: 2}
        assert arrived.meter.tolist() == [101, 102, 103, -1]

    @pytest.mark.parametrize("packed", [b"", b"\x80", b"\xc1", b"not a mirror"])
    def test_refuses_other_bytes(self, packed):
        with pytest.raises(msgspec.DecodeError):
            registry.unpack(packed)


class TestIndex:
    def test_its_last_place_answers_for_strangers(self):
        known = registry.index(snapshot())

        assert known.meter[-1] == -1
        assert known.region[-1] == registry.NOWHERE
        assert known.limit[-1] == 100_000_000
        assert known.both[-1]

    def test_every_meter_travels_in_the_shard_of_its_serial(self):
        known = registry.index(snapshot())

        for serial, place in known.place.items():
            assert known.shard[place] == crc32(serial.encode()) % 4

    def test_an_empty_registry_knows_nobody(self):
        empty = msgspec.structs.replace(
            snapshot(), serial=[], meter=[], region=[], limit=[], both=[]
        )

        assert registry.index(empty).meter.tolist() == [-1]
