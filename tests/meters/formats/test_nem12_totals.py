from collections import defaultdict
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from segs_site.lib.quantities import Quality
from tests.meters.formats.building import blocks, channel, day, file, quality

SCALES = {"Wh": -3, "kWh": 0, "MWh": 3}
values = st.decimals(min_value=0, max_value=99_999, places=3, allow_nan=False)


@st.composite
def deliveries(draw):
    """Channels with days of values: `(suffix, unit, minutes, [(date, [value])])`."""
    made = []
    for suffix in draw(st.lists(st.sampled_from(["E1", "E2", "B1"]), min_size=1, unique=True)):
        minutes = draw(st.sampled_from([5, 15, 30]))
        count = 1440 // minutes
        dates = draw(st.lists(st.integers(1, 31), min_size=1, max_size=3, unique=True))
        few = draw(st.lists(values, min_size=1, max_size=8))
        days = [(f"202403{date:02}", (few * (count + 31))[date : date + count]) for date in dates]
        made.append((suffix, draw(st.sampled_from(sorted(SCALES))), minutes, days))
    return made


class TestTotals:
    @given(deliveries())
    def test_are_exact_whatever_unit_and_length(self, delivery):
        records = []
        expected = {}
        for suffix, unit, minutes, days in delivery:
            written = [day(date, [f"{one:f}" for one in ones]) for date, ones in days]
            records += [channel(suffix, unit=unit, minutes=minutes), *written]
            total = sum((one for _date, ones in days for one in ones), Decimal(0))
            expected[suffix] = (len(days) * 1440 // minutes, total.scaleb(SCALES[unit]))

        counts, totals = defaultdict(int), defaultdict(Decimal)
        for block in blocks(file(*records)):
            counts[block.channel.suffix] += len(block.reads)
            totals[block.channel.suffix] += sum(read.value for read in block.reads)

        assert {suffix: (counts[suffix], totals[suffix]) for suffix in totals} == expected

    @given(st.sets(st.integers(2, 48)), st.lists(values, min_size=48, max_size=48))
    def test_leave_out_what_is_null_and_nothing_else(self, cuts, ones):
        starts = [1, *sorted(cuts)]
        ends = [*(start - 1 for start in starts[1:]), 48]
        flags = ["NA"[place % 2] for place in range(len(starts))]
        ranges = [
            quality(start, end, flag) for start, end, flag in zip(starts, ends, flags, strict=True)
        ]
        content = file(channel(), day(values=[f"{one:f}" for one in ones], flag="V"), *ranges)

        (block,) = blocks(content)

        known = [read.value for read in block.reads if read.quality == Quality.ACTUAL]
        expected = [
            one
            for start, end, flag in zip(starts, ends, flags, strict=True)
            for one in ones[start - 1 : end]
            if flag == "A"
        ]
        assert known == expected
        assert len(block.reads) == 48
