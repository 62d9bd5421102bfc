from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from meters import choices
from meters.formats import base, nem12_codes
from meters.formats.base import Origin
from segs_site.lib.quantities import Quality
from tests.meters.formats.building import (
    HALF_HOURS,
    NMI,
    blocks,
    channel,
    day,
    file,
    header,
    items,
    lines,
    notes,
    quality,
    reads,
)


class TestDays:
    @pytest.mark.parametrize(("minutes", "count"), [(5, 288), (15, 96), (30, 48)])
    def test_hold_as_many_intervals_as_their_length_asks_for(self, minutes, count):
        content = file(channel(minutes=minutes), day(values=["1"] * count))

        found = reads(content)

        assert len(found) == count
        assert {read.end - read.start for read in found} == {timedelta(minutes=minutes)}

    def test_begin_at_midnight_of_market_time_which_knows_no_summer(self):
        content = file(channel(), day("20240101"), day("20240701"))

        winter, summer = blocks(content)

        assert winter.reads[0].start == datetime(2023, 12, 31, 14, tzinfo=UTC)
        assert summer.reads[0].start == datetime(2024, 6, 30, 14, tzinfo=UTC)

    def test_follow_each_other_without_gap_or_overlap_over_29_february(self):
        content = file(channel(), *(day(date) for date in ("20240228", "20240229", "20240301")))

        found = reads(content)

        assert len(found) == 144
        assert all(one.end == other.start for one, other in pairwise(found))

    def test_keep_their_order_of_values(self):
        content = file(channel(), day(values=[str(place) for place in range(48)]))

        assert [read.value for read in reads(content)] == list(range(48))

    def test_may_end_in_more_or_fewer_commas(self):
        short = f"300,20240301,{','.join(HALF_HOURS)},A"
        content = file(channel(), short, short.replace("0301", "0302") + ",,,,,,")

        assert len(reads(content)) == 96

    def test_know_their_line(self):
        content = file(channel(), day("20240301"), quality(1, 2, "S14"), day("20240302"))

        assert [block.line for block in blocks(content)] == [3, 5]


class TestChannels:
    @pytest.mark.parametrize(
        ("suffix", "unit", "kept", "direction"),
        [
            ("E1", "kWh", "kWh", "import"),
            ("E2", "KWH", "kWh", "import"),
            ("B1", "Wh", "kWh", "export"),
            ("Q1", "kVArh", "kvarh", "import"),
            ("K1", "KVARH", "kvarh", "export"),
            ("T1", "kVAh", "kVAh", "import"),
        ],
    )
    def test_have_unit_and_direction_as_the_customer_sees_them(
        self, suffix, unit, kept, direction
    ):
        content = file(channel(suffix, unit=unit), day())

        (block,) = blocks(content)

        assert block.channel == base.Channel(NMI, suffix, "SER-1", kept, direction)

    @pytest.mark.parametrize(
        ("unit", "written", "kwh"),
        [
            ("MWh", "0.0123456", "12.3456"),
            ("kWh", "12.3456", "12.3456"),
            ("wh", "12345.6", "12.3456"),
            ("Wh", "0", "0"),
            ("kWh", ".5", "0.5"),
            ("kWh", "7.", "7"),
            ("kWh", "0007.500000000", "7.5"),
        ],
    )
    def test_are_scaled_to_kilo_exactly(self, unit, written, kwh):
        content = file(channel(unit=unit), day(values=[written] * 48))

        assert {read.value for read in reads(content)} == {Decimal(kwh)}

    def test_that_are_named_again_for_every_day_stay_one(self):
        content = file(
            *(channel("E1"), day("20240301"), channel("B1"), day("20240301")),
            *(channel("E1"), day("20240302"), channel("B1"), day("20240302")),
        )

        counts = Counter(block.channel.suffix for block in blocks(content))

        assert counts == {"E1": 2, "B1": 2}

    def test_of_many_points_are_kept_apart(self):
        nmis = [f"NEM{place:07}" for place in range(30)]
        content = file(*(row for nmi in nmis for row in (channel(nmi=nmi), day())))

        assert [block.channel.point for block in blocks(content)] == nmis

    @pytest.mark.parametrize(
        ("suffix", "unit"),
        [("V1", "V"), ("G1", "pf"), ("N1", "kWh"), ("E1", "kW"), ("X1", "kvarh")],
    )
    def test_that_count_no_energy_of_one_direction_are_read_past_and_named(self, suffix, unit):
        content = file(channel(suffix, unit=unit), day(), channel("E2"), day())

        assert [block.channel.suffix for block in blocks(content)] == ["E2"]
        assert notes(content) == [(2, "not-kept")]

    @pytest.mark.parametrize(
        ("suffix", "code"), [("F1", "check-channel"), ("D1", "average-channel")]
    )
    def test_that_double_a_master_are_named_once(self, suffix, code):
        content = file(channel(suffix), day(), channel(suffix), day("20240302"))

        assert len(blocks(content)) == 2
        assert notes(content) == [(2, code)]

    def test_without_a_day_are_named(self):
        content = file(channel("E1"), channel("B1"), day())

        assert notes(content) == [(2, "no-days")]

    def test_with_an_odd_identifier_are_taken_as_written_and_named_once(self):
        content = file(channel("E1", nmi="42"), day(), channel("B1", nmi="42"), day())

        assert {block.channel.point for block in blocks(content)} == {"42"}
        assert notes(content) == [(2, "nmi-length")]


class TestQuality:
    @pytest.mark.parametrize(
        ("flag", "meant"),
        [
            ("A", Quality.ACTUAL),
            ("a", Quality.ACTUAL),
            ("E52", Quality.ESTIMATED),
            ("S14", Quality.ESTIMATED),
            ("F16", Quality.ESTIMATED),
        ],
    )
    def test_of_a_day_is_that_of_its_intervals(self, flag, meant):
        content = file(channel(), day(flag=flag, reason="32,Meter seals"))

        kept = {(read.quality, read.flag, read.reason) for read in reads(content)}

        assert kept == {(meant, flag.upper(), "32 Meter seals")}

    def test_of_a_varying_day_stands_in_ranges(self):
        content = file(
            channel(), day(flag="V"), quality(1, 20, "A"), quality(21, 48, "S14", "89,Clock reset")
        )

        found = reads(content)

        assert Counter(read.flag for read in found) == {"A": 20, "S14": 28}
        assert found[19].flag == "A"
        assert (found[20].flag, found[20].reason) == ("S14", "89 Clock reset")

    def test_of_a_range_overrules_that_of_the_day(self):
        content = file(channel(), day(), quality(48, 48, "F16"))

        assert [read.flag for read in reads(content)] == ["A"] * 47 + ["F16"]

    def test_null_is_missing_and_never_a_number(self):
        content = file(channel(), day(values=["0"] * 48, flag="N"))

        assert {(read.value, read.quality) for read in reads(content)} == {(None, Quality.MISSING)}
        assert notes(content) == []

    def test_null_may_leave_the_values_out_in_part(self):
        values = ["1"] * 46 + ["", ""]
        content = file(
            channel(), day(values=values, flag="V"), quality(1, 46, "A"), quality(47, 48, "N")
        )

        assert [read.value for read in reads(content)] == [1] * 46 + [None, None]

    def test_null_beside_a_number_is_named(self):
        content = file(channel(), day(values=["470"] * 48), quality(48, 48, "N"))

        assert reads(content)[47].value is None
        assert notes(content) == [(3, "null-with-value")]

    def test_zero_that_was_measured_stays_zero(self):
        content = file(channel("B1"), day(values=["0.000"] * 48))

        assert {(read.value, read.quality) for read in reads(content)} == {
            (Decimal(0), Quality.ACTUAL)
        }

    def test_reason_beyond_the_limit_shows_that_it_is_cut(self):
        content = file(channel(), day(reason=f",{'long ' * 80}"))

        reason = reads(content)[0].reason

        assert len(reason) == base.REASON_LENGTH
        assert reason.endswith("…")

    def test_reason_may_be_quoted(self):
        content = file(channel(), day(reason='0,"Free text, with a comma"'))

        assert reads(content)[0].reason == "0 Free text, with a comma"

    def test_of_every_letter_is_settled(self):
        letters = set("AEFNS")

        assert set(nem12_codes.QUALITIES) == letters


class TestFrame:
    def test_header_says_when_the_file_was_made_in_market_time(self):
        (origin,) = (one for one in items(file(made="202403041130")) if isinstance(one, Origin))

        assert origin.made_at == datetime(2024, 3, 4, 1, 30, tzinfo=UTC)

    @pytest.mark.parametrize("made", ["", "20240304", "202413041130", "yesterday"])
    def test_header_without_a_time_is_noted(self, made):
        assert notes(file(channel(), day(), made=made)) == [(1, "made-at-unknown")]

    @pytest.mark.parametrize("with_header", [True, False])
    def test_several_ends_are_read_through(self, with_header):
        second_part = [header(), channel("B1")] if with_header else [channel("B1")]
        content = file(channel("E1"), day(), "900", *second_part, day())

        assert [block.channel.suffix for block in blocks(content)] == ["E1", "B1"]
        assert notes(content) == [(5, "continues-after-end")]

    def test_blank_lines_byte_order_mark_and_visit_details_do_not_matter(self):
        visit = "500,O,S01009,20240301000000,001123.5"
        content = lines("", header(), "", channel(), day(), visit, "900", "", "")

        assert len(reads(b"\xef\xbb\xbf" + content)) == 48

    def test_an_end_may_carry_commas(self):
        assert len(reads(lines(header(), channel(), day(), "900,,,"))) == 48

    def test_is_read_lazily(self):
        found = items(lines(header(), channel(), day(), "what is this"))

        assert isinstance(next(found), Origin)
        assert isinstance(next(found), base.Block)


class TestCodes:
    def test_units_and_directions_are_those_of_the_models(self):
        streams = nem12_codes.STREAMS.values()

        assert {stream.unit for stream in streams} == set(choices.Unit.values)
        assert {stream.direction for stream in streams} - {None} == set(choices.Direction.values)
