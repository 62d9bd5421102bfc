"""Files damaged anywhere: each is read or refused, and nothing else happens."""

import io
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meters.formats import FORMATS, of_profile
from meters.formats.base import FINEST, LONGEST, Block, Format, Item, Refused
from segs_site.lib.quantities import Quality
from tests.meters.formats import building, feeds
from tests.meters.formats.test_profiled import HEADINGS, LONG, SHORT, row

START = datetime(2024, 3, 1, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
GREEN = feeds.whole(feeds.block(feeds.quarters(4), duration=3600))
ROWS = [row(START + turn * QUARTER, START + (turn + 1) * QUARTER) for turn in range(4)]
TABLE = "\n".join([HEADINGS, *ROWS]).encode()
EPOCHS = b"point,start,minutes,value,unit\nA,1709289000.0,15,250,Wh\nA,1709289900,15,1e2,Wh\n"
ROUNDED = of_profile(replace(SHORT, decimals=3, zone="Europe/Brussels"), "short")
WORDS = [
    "",
    "\0",
    "9" * 45,
    "-",
    ".",
    ",",
    ";",
    '"',
    "<",
    ">",
    "&",
    "e99",
    "=",
    "\n",
    "NaN",
    "0001",
]
BITS = [*map(str.encode, WORDS), b"\xff"]


@pytest.mark.parametrize(
    ("reader", "content"),
    [
        (FORMATS["nem12"], building.file(building.channel(), building.day())),
        (FORMATS["espi"], GREEN),
        (of_profile(LONG, "long"), TABLE),
        (ROUNDED, EPOCHS),
    ],
    ids=["nem12", "green button", "long table", "epochs"],
)
class TestDamage:
    @given(data=st.data())
    def test_gives_sound_reads_or_a_refusal(self, reader: Format, content: bytes, data) -> None:
        first = data.draw(st.integers(0, len(content)))
        last = data.draw(st.integers(first, min(len(content), first + 12)))
        damaged = content[:first] + data.draw(st.sampled_from(BITS)) + content[last:]

        found: list[Item] = []
        with suppress(Refused):
            found.extend(reader.read(io.BytesIO(damaged), "damaged"))

        reads = [one for item in found if isinstance(item, Block) for one in item.reads]
        for one in reads:
            assert timedelta() < one.end - one.start <= LONGEST
            assert (one.value is None) == (one.quality == Quality.MISSING)
            assert one.value is None or one.value == round(one.value, FINEST) >= 0
