"""Real files, where `SEGS_METER_FILES` names their folder, against what stands beside them."""

import hashlib
import json
import os
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from meters.formats import nem12
from meters.formats.base import Block, Note, Read, Refused
from meters.formats.nem12_day import MARKET_TIME

FOLDER = Path(os.environ.get("SEGS_METER_FILES", "/nonexistent"))
KNOWN = FOLDER / "expected.json"

pytestmark = pytest.mark.skipif(not KNOWN.is_file(), reason="SEGS_METER_FILES names no folder")


def entries(*verdicts: str, kinds: tuple[str, ...] = ("NEM12",)) -> list[dict]:
    if not KNOWN.is_file():
        return []
    found = json.loads(KNOWN.read_text())["files"]
    return [one for one in found if one["format"] in kinds and one["verdict"] in verdicts]


def named(entry: dict) -> str:
    return entry["file"]


@cache
def read(name: str) -> tuple[dict[tuple[str, str], list[Block]], list[Note]]:
    blocks, notes = defaultdict(list), []
    with (FOLDER / name).open("rb") as stream:
        for item in nem12.read(stream, name):
            if isinstance(item, Block):
                blocks[item.channel.point, item.channel.suffix].append(item)
            elif isinstance(item, Note):
                notes.append(item)
    return blocks, notes


def digest(reads: list[Read]) -> str:
    lines = sorted(
        f"{one.start:%Y-%m-%dT%H:%M:%SZ},{minutes(one)},{plain(one.value)}\n" for one in reads
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def minutes(read: Read) -> int:
    return (read.end - read.start) // timedelta(minutes=1)


def plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


@pytest.mark.parametrize("entry", entries("import"), ids=named)
class TestGoodFile:
    def test_gives_every_channel_with_unit_direction_and_serial(self, entry):
        blocks, _notes = read(entry["file"])

        found = {
            key: (one.channel.unit.lower(), one.channel.direction, one.channel.serial)
            for key, (one, *_rest) in blocks.items()
        }

        assert found == {
            (fact["service_point"], fact["channel"]): (
                fact["unit_in_file"].lower(),
                fact["direction"].removeprefix("reactive ").split()[0],
                fact["meter_serial"],
            )
            for fact in entry["facts"]["channels"]
        }

    def test_gives_every_interval_exactly(self, entry):
        blocks, _notes = read(entry["file"])

        for fact in entry["facts"]["channels"]:
            reads = [
                one
                for block in blocks[fact["service_point"], fact["channel"]]
                for one in block.reads
            ]
            assert sorted({minutes(one) for one in reads}) == fact["interval_minutes"]
            assert len(reads) == fact["intervals"]
            assert len({one.start for one in reads}) == fact["distinct_starts"]
            assert sum(one.value for one in reads) == Decimal(fact["total_in_file_unit"])
            assert digest(reads) == fact["intervals_sha256"]
            assert f"{reads[0].start:%Y-%m-%dT%H:%M:%SZ}" == fact["first_start_utc"]
            assert f"{reads[-1].end:%Y-%m-%dT%H:%M:%SZ}" == fact["last_end_utc"]
            assert Counter(one.flag for one in reads) == fact["quality"]

    def test_gives_every_day_its_energy(self, entry):
        blocks, _notes = read(entry["file"])

        for fact in entry["facts"]["channels"]:
            days = defaultdict(list)
            for block in blocks[fact["service_point"], fact["channel"]]:
                for one in block.reads:
                    days[str(one.start.astimezone(MARKET_TIME).date())].append(one.value)
            assert {day: (len(ones), sum(ones)) for day, ones in days.items()} == {
                day: (told["expected_intervals"], Decimal(told["sum_in_file_unit"]))
                for day, told in fact["per_local_day"].items()
            }

    def test_reports_what_must_be_reported_and_nothing_that_is_not_there(self, entry):
        _blocks, notes = read(entry["file"])

        told = {note.code for note in notes}

        known = {anomaly["code"] for anomaly in entry["anomalies"]}
        required = {one["code"] for one in entry["anomalies"] if one["must_report"]}
        assert required <= told <= known


@pytest.mark.parametrize("entry", entries("refuse", "policy"), ids=named)
class TestBadFile:
    def test_is_refused_at_the_line_that_is_wrong(self, entry):
        required = [one["where"] for one in entry["anomalies"] if one["must_report"]]
        assert all("none" in allowed for allowed in entry["kwh_may_be"].values())

        with pytest.raises(Refused) as refusal:
            read(entry["file"])

        assert [f"line {refusal.value.line}"] == required
        assert refusal.value.file == entry["file"]
