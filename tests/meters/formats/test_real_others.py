"""Real files that are no NEM12, where `SEGS_METER_FILES` names their folder."""

import io
from collections import defaultdict
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from meters.formats import FORMATS
from meters.formats.base import Block, Format, Note, Read
from meters.selectors import formats
from meters.services import files
from tests.meters.deliveries import NOW
from tests.meters.formats.test_real_nem12 import FOLDER, KNOWN, digest, entries, named

pytestmark = [
    pytest.mark.skipif(not KNOWN.is_file(), reason="SEGS_METER_FILES names no folder"),
    pytest.mark.django_db,
]
OTHERS = entries("import-with-anomalies", kinds=("ESPI", "CSV long"))


@cache
def content(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def detected(entry: dict) -> Format:
    found = formats.detect(content(entry["file"])[: 1 << 14], formats.formats())
    assert found is not None
    return found


def read(entry: dict) -> tuple[dict[tuple[str, str], list[Read]], list[Note]]:
    reads, notes = defaultdict(list), []
    reader = detected(entry)
    for item in reader.read(io.BytesIO(content(entry["file"])), entry["file"]):
        if isinstance(item, Block):
            reads[item.channel.suffix, item.channel.direction].extend(item.reads)
        elif isinstance(item, Note):
            notes.append(item)
    return reads, notes


@pytest.mark.parametrize("entry", OTHERS, ids=named)
class TestFile:
    def test_is_known_by_its_beginning(self, entry):
        expected = FORMATS["espi"].name if entry["format"] == "ESPI" else "fluvius"

        assert detected(entry).name == expected

    def test_gives_every_interval_exactly(self, entry):
        reads, _notes = read(entry)

        facts = entry["facts"]["channels"]
        assert len(reads) == len(facts)
        for fact, (key, ones) in zip(facts, reads.items(), strict=True):
            kilo = 0 if fact.get("unit_in_file") == "kWh" else 3
            in_file_unit = [replace(one, value=one.value.scaleb(kilo)) for one in ones]
            assert key[1] == fact.get("direction", "import")
            assert digest(in_file_unit) == fact["intervals_sha256"]
            assert sum(one.value for one in ones) == Decimal(fact["total_kwh"])

    def test_says_what_must_be_said_at_its_line(self, entry):
        _reads, notes = read(entry)

        told = {note.code for note in notes}
        assert {one["code"] for one in entry["anomalies"] if one["must_report"]} == told
        where = " ".join(one["where"] for one in entry["anomalies"])
        assert [note.line for note in notes if str(note.line) not in where] == []

    def test_is_taken_in_with_found_against_expected_of_every_local_day(self, entry):
        imported = files.import_file(
            stream=io.BytesIO(content(entry["file"])),
            name=entry["file"],
            reader=detected(entry),
            now=NOW,
        )

        for fact, summary in zip(entry["facts"]["channels"], imported.summaries, strict=True):
            assert {
                str(day.date): (day.found, day.expected, day.total) for day in summary.days
            } == {
                day: (told["intervals"], told["expected_intervals"], Decimal(told["kwh"]))
                for day, told in fact["per_local_day"].items()
            }
