"""Green Button out: what is written is read back to the digit, by us and by others."""

import io
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.formats import espi, espi_clock, espi_out
from meters.formats.base import Block, Channel, Item, Note, Origin, Read
from meters.formats.tally import Tally
from segs_site.lib.periods import QUARTER, Period, local_day
from segs_site.lib.quantities import Quality

ATOM, ESPI = "{http://www.w3.org/2005/Atom}", "{http://naesb.org/espi}"
MADE = datetime(2026, 3, 4, 12, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")
DRAWN = Channel("SP-1", "import", "", "kWh", "import")
FED_IN = Channel("SP-1", "export", "", "kWh", "export")
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)


def day_of(
    channel: Channel, day: date, zone: ZoneInfo = BRUSSELS, value: str = "0.25"
) -> espi_out.Stretch:
    period = local_day(day, zone)
    reads = [
        Read(each.start, each.end, Decimal(value), Quality.ACTUAL, "", "")
        for each in period.windows(QUARTER)
    ]
    return espi_out.Stretch(channel, period, reads)


def written(
    *stretches: espi_out.Stretch, zone: ZoneInfo = BRUSSELS, title: str = "MTR-1"
) -> bytes:
    channels = list(dict.fromkeys(stretch.channel for stretch in stretches))
    clocks = espi_clock.clocks(zone, 2026)
    about = espi_out.About(title, MADE, clocks, 900)
    return "".join(espi_out.feed(about=about, channels=channels, stretches=stretches)).encode()


def items(content: bytes) -> list[Item]:
    return list(espi.read(io.BytesIO(content), "ours.xml"))


def reads(found: Iterable[Item]) -> dict[tuple[str, str, str], list[Read]]:
    blocks = [item for item in found if isinstance(item, Block)]

    def of(block: Block) -> tuple[str, str, str]:
        return (block.channel.point, block.channel.suffix, block.channel.direction)

    blocks.sort(key=of)
    return {key: [one for b in group for one in b.reads] for key, group in groupby(blocks, of)}


class TestRoundTrip:
    def test_brings_back_both_directions_with_their_times(self) -> None:
        drawn, fed_in = day_of(DRAWN, AUTUMN), day_of(FED_IN, AUTUMN, value="1.000001")

        found = reads(items(written(drawn, fed_in)))

        assert found.keys() == {
            ("UsagePoint/SP-1", "import", "import"),
            ("UsagePoint/SP-1", "export", "export"),
        }
        for stretch, kept in zip((drawn, fed_in), reversed(found.values()), strict=True):
            assert [(r.start, r.end, r.value) for r in kept] == [
                (r.start, r.end, r.value) for r in stretch.reads
            ]

    @given(
        values=st.lists(
            st.tuples(
                st.integers(0, 10**14),
                st.sampled_from([q for q in Quality if q != Quality.MISSING]),
            ),
            min_size=1,
            max_size=20,
        )
    )
    def test_loses_no_digit_and_no_quality(self, values: list[tuple[int, Quality]]) -> None:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        said = [
            Read(
                start + turn * QUARTER,
                start + (turn + 1) * QUARTER,
                Decimal(mwh).scaleb(-6),
                quality,
                "",
                "",
            )
            for turn, (mwh, quality) in enumerate(values)
        ]
        stretch = espi_out.Stretch(DRAWN, Period(start, start + timedelta(days=1)), said)

        (kept,) = reads(items(written(stretch))).values()

        assert [(r.value, r.quality) for r in kept] == [(r.value, r.quality) for r in said]

    @pytest.mark.parametrize(
        ("zone", "day", "count"),
        [
            ("Europe/Brussels", SPRING, 92),
            ("Europe/Brussels", AUTUMN, 100),
            ("America/New_York", date(2026, 3, 8), 92),
            ("America/New_York", date(2026, 11, 1), 100),
            ("Australia/Lord_Howe", date(2026, 4, 5), 98),
            ("Australia/Lord_Howe", date(2026, 10, 4), 94),
            ("Asia/Kolkata", SPRING, 96),
            ("UTC", AUTUMN, 96),
        ],
    )
    def test_says_where_days_lie_that_change_their_clocks(
        self, zone: str, day: date, count: int
    ) -> None:
        found = items(written(day_of(DRAWN, day, ZoneInfo(zone)), zone=ZoneInfo(zone)))

        (origin,) = [item for item in found if isinstance(item, Origin)]
        tally = Tally(DRAWN)
        for item in found:
            if isinstance(item, Block):
                tally.add(item, origin.zone)
        (only,) = tally.summary().days
        assert (only.date, only.found, only.expected) == (day, count, count)
        assert not [item for item in found if isinstance(item, Note)]
        assert origin.made_at == MADE

    def test_leaves_out_what_is_missing_and_says_that_the_block_is_not_whole(self) -> None:
        whole = day_of(DRAWN, SPRING)
        hole = whole.reads[7]
        rest = [read for read in whole.reads if read is not hole]
        unknown = Read(hole.start, hole.end, None, Quality.MISSING, "", "")

        found = items(written(espi_out.Stretch(DRAWN, whole.period, [*rest, unknown])))

        (kept,) = reads(found).values()
        assert [read.start for read in kept] == [read.start for read in rest]
        assert [item.code for item in found if isinstance(item, Note)] == ["incomplete-block"]

    @pytest.mark.parametrize(
        "name",
        ['=HYPERLINK("x")', "</title><x>", "a/b c&d", "Zähler 7 電", "..", "%41"],
    )
    def test_keeps_strange_names(self, name: str) -> None:
        channel = Channel(name, "import", "", "kWh", "import")

        found = reads(items(written(day_of(channel, SPRING), title=name)))

        assert found.keys() == {(f"UsagePoint/{name}", "import", "import")}


class TestForOthers:
    """Read by a parser that knows the standard alone, and nothing of ours."""

    def test_sums_by_links_units_and_directions(self) -> None:
        content = written(day_of(DRAWN, AUTUMN), day_of(FED_IN, AUTUMN, value="0.1"))

        assert sums_in_wh(content) == {"1": Decimal(25_000), "19": Decimal(10_000)}

    def test_keeps_the_order_of_elements_that_the_schema_asks_for(self) -> None:
        stretch = day_of(DRAWN, SPRING)
        estimated = [
            Read(r.start, r.end, r.value, Quality.ESTIMATED, "", "") for r in stretch.reads
        ]
        root = ET.fromstring(written(espi_out.Stretch(DRAWN, stretch.period, estimated)))

        def order(tag: str) -> list[str]:
            element = root.find(f".//{ESPI}{tag}")
            assert element is not None
            return list(dict.fromkeys(child.tag.removeprefix(ESPI) for child in element))

        assert order("IntervalBlock") == ["interval", "IntervalReading"]
        assert order("IntervalReading") == ["ReadingQuality", "timePeriod", "value"]
        assert order("interval") == order("timePeriod") == ["duration", "start"]
        for tag in ("ReadingType", "LocalTimeParameters"):
            assert order(tag) == sorted(order(tag))

    def test_names_each_entry_once_and_dates_it(self) -> None:
        root = ET.fromstring(written(day_of(DRAWN, SPRING), day_of(FED_IN, SPRING)))

        entries = root.findall(f"{ATOM}entry")
        ids = [entry.findtext(f"{ATOM}id") for entry in entries]
        assert len(set(ids)) == len(entries) == 8
        assert {entry.findtext(f"{ATOM}updated") for entry in entries} == {"2026-03-04T12:00:00Z"}


def sums_in_wh(content: bytes) -> dict[str, Decimal]:
    """Return watt-hours by flow direction, following the links as the standard tells."""
    entries = ET.fromstring(content).findall(f"{ATOM}entry")

    def links(entry: ET.Element, rel: str) -> list[str]:
        return [link.attrib["href"] for link in entry.findall(f"{ATOM}link[@rel='{rel}']")]

    by_self = {links(entry, "self")[0]: entry for entry in entries}
    found: dict[str, Decimal] = {}
    for entry in entries:
        if entry.find(f"{ATOM}content/{ESPI}IntervalBlock") is None:
            continue
        (up,) = links(entry, "up")
        (reading,) = [one for one in by_self.values() if up in links(one, "related")]
        kinds = [by_self.get(link) for link in links(reading, "related")]
        (kind,) = [one.find(f".//{ESPI}ReadingType") for one in kinds if one is not None]
        assert kind is not None
        power = int(kind.findtext(f"{ESPI}powerOfTenMultiplier") or 0)
        assert kind.findtext(f"{ESPI}uom") == "72"
        flow = str(kind.findtext(f"{ESPI}flowDirection"))
        values = [int(str(each.text)) for each in entry.iterfind(f".//{ESPI}value")]
        found[flow] = found.get(flow, Decimal(0)) + sum(values) * Decimal(10) ** power
    return found
