import io
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meters.formats import profiled
from meters.formats.base import Block, Fault, Item, Note, Read, Refused
from meters.formats.profile import Misdrawn, Profile, Rule
from segs_site.lib.quantities import Quality

BRUSSELS = ZoneInfo("Europe/Brussels")
HEADINGS = "Day from;Time from;Day to;Time to;Point;Device;Register;Volume;Unit;State"
LONG = Profile(
    name="long",
    rules=(Rule("Volume", "import", "Taken*"), Rule("Volume", "export", "Given*")),
    start_columns=("Day from", "Time from"),
    end_columns=("Day to", "Time to"),
    time_format="%d/%m/%Y %H:%M",
    zone="Europe/Brussels",
    delimiter=";",
    decimal_mark=",",
    point_column="Point",
    register_column="Register",
    serial_column="Device",
    unit_column="Unit",
    quality_column="State",
    qualities={"read": Quality.ACTUAL, "guessed": Quality.ESTIMATED},
)
SHORT = Profile(
    name="short",
    rules=(Rule("value", "import", suffix="E"),),
    start_columns=("start",),
    time_format="epoch",
    length_column="minutes",
    point_column="point",
    unit_column="unit",
)
WIDE = Profile(
    name="wide",
    layout="wide",
    has_headings=False,
    rules=(Rule("3", "import"),),
    start_columns=("2",),
    time_format="%Y-%m-%d",
    zone="Europe/Brussels",
    length_min=15,
    point="HOME",
    register_column="1",
)
QUARTER = timedelta(minutes=15)


def items(profile: Profile, *lines: str, encoding: str = "utf-8") -> list[Item]:
    content = "\r\n".join(lines).encode(encoding)
    return list(profiled.read(profile, io.BytesIO(content), "delivery.csv"))


def reads(found: list[Item]) -> dict[str, list[Read]]:
    by_channel = defaultdict(list)
    for item in found:
        if isinstance(item, Block):
            by_channel[f"{item.channel} {item.channel.direction}"].extend(item.reads)
    return dict(by_channel)


def notes(found: list[Item]) -> list[tuple[int, str]]:
    return [(item.line, item.code) for item in found if isinstance(item, Note)]


def faults(found: list[Item]) -> list[Fault]:
    return [item for item in found if isinstance(item, Fault)]


def row(
    start: datetime, end: datetime, value: str = "0,125", register: str = "Taken", **changed: str
) -> str:
    cells = {
        "from": start.astimezone(BRUSSELS).strftime("%d/%m/%Y;%H:%M"),
        "to": end.astimezone(BRUSSELS).strftime("%d/%m/%Y;%H:%M"),
        "point": '="541448820000000001"',
        "device": "1SAG",
        "register": register,
        "value": value,
        "unit": "kWh",
        "state": "Read",
    } | changed
    return ";".join(cells.values())


def autumn_day(register: str = "Taken") -> list[str]:
    start = datetime(2023, 10, 28, 22, tzinfo=UTC)
    return [
        row(start + turn * QUARTER, start + (turn + 1) * QUARTER, register=register)
        for turn in range(100)
    ]


class TestLongLayout:
    def test_with_bom_comma_and_formula_ids_gives_channels_by_their_register(self):
        start = datetime(2024, 3, 1, tzinfo=UTC)
        taken, given = (row(start, start + QUARTER, register=one) for one in ("Taken", "Given"))

        found = items(LONG, "\ufeff" + HEADINGS, taken, given)

        assert reads(found) == {
            f"541448820000000001 {name}": [
                Read(start, start + QUARTER, Decimal("0.125"), Quality.ACTUAL, "Read", "")
            ]
            for name in ("Taken import", "Given export")
        }
        assert faults(found) == notes(found) == []

    @pytest.mark.parametrize("order", [1, -1], ids=["oldest first", "newest first"])
    def test_of_a_25_hour_day_has_100_quarter_hours(self, order):
        found = items(LONG, HEADINGS, *autumn_day()[::order])

        ((_channel, found_reads),) = reads(found).items()
        starts = sorted(one.start for one in found_reads)
        assert starts == [datetime(2023, 10, 28, 22, tzinfo=UTC) + n * QUARTER for n in range(100)]
        assert {one.end - one.start for one in found_reads} == {QUARTER}
        codes = [code for _line, code in notes(found)]
        assert codes == ["end-before-start", "repeated-hour"]

    def test_of_a_25_hour_day_says_the_lines_of_the_hour_and_of_the_odd_row(self):
        taken, given = autumn_day(), autumn_day("Given")
        both = [line for pair in zip(taken, given, strict=True) for line in pair]

        found = items(LONG, HEADINGS, *both)

        assert notes(found) == [(24, "end-before-start"), (25, "end-before-start"),
                                (18, "repeated-hour")]  # fmt: skip
        (hour,) = (item for item in found if getattr(item, "code", "") == "repeated-hour")
        assert "lines 18 to 33: 16 rows" in hour.message

    def test_keeps_what_is_missing_missing_and_what_is_guessed_estimated(self):
        start = datetime(2024, 3, 1, tzinfo=UTC)
        lines = [
            row(start, start + QUARTER, ""),
            row(start + QUARTER, start + 2 * QUARTER, state="Guessed"),
            row(start + 2 * QUARTER, start + 3 * QUARTER, state="Odd"),
        ]

        found = items(LONG, HEADINGS, *lines)

        ((_channel, found_reads),) = reads(found).items()
        assert [(one.value, one.quality) for one in found_reads] == [
            (None, Quality.MISSING),
            (Decimal("0.125"), Quality.ESTIMATED),
            (Decimal("0.125"), Quality.SUSPECT),
        ]
        assert notes(found) == [(4, "quality-suspect")]

    def test_reads_past_registers_and_units_that_are_no_energy_and_says_so(self):
        start = datetime(2024, 3, 1, tzinfo=UTC)
        lines = [
            row(start, start + QUARTER, register="Heat"),
            row(start, start + QUARTER, unit="kW"),
            row(start + QUARTER, start + 2 * QUARTER, unit="kW"),
        ]

        found = items(LONG, HEADINGS, *lines)

        assert reads(found) == {}
        assert notes(found) == [(2, "not-kept"), (3, "not-kept")]


class TestFaults:
    @pytest.mark.parametrize(
        ("changed", "reason"),
        [
            ({"value": "0.125"}, "has a point, the decimal mark is ,"),
            ({"value": "-0,125"}, "is negative"),
            ({"value": "n/a"}, "is not a number"),
            ({"value": "0,1250001"}, "more digits than a whole milliwatt-hour"),
            ({"value": "1e13"}, "more than a meter can count"),
            ({"from": "31/02/2024;00:00"}, "no time written as"),
            ({"to": "29/02/2024;00:00"}, "not after its start"),
            ({"to": "01/05/2024;00:00"}, "no interval"),
            ({"from": "31/03/2024;02:30", "to": "31/03/2024;03:15"}, "never was"),
            ({"point": ""}, "1 to 64 characters"),
            ({"point": "x" * 65}, "1 to 64 characters"),
        ],
    )
    def test_of_a_row_name_its_line_and_reason_and_the_rest_is_read(self, changed, reason):
        start = datetime(2024, 3, 1, tzinfo=UTC)
        good = row(start + QUARTER, start + 2 * QUARTER)

        found = items(LONG, HEADINGS, row(start, start + QUARTER, **changed), good)

        (fault,) = faults(found)
        assert fault.line == 2
        assert reason in fault.reason
        assert len(reads(found)) == 1

    def test_of_a_row_cut_short_are_said(self):
        (fault,) = faults(items(LONG, HEADINGS, "01/03/2024;00:00;01/03/2024"))

        assert fault == Fault(2, "has 3 cells, 10 or more are needed")

    def test_of_a_value_that_the_delimiter_cuts_in_two_are_said(self):
        found = items(SHORT, "point,unit,start,minutes,value", "A,kWh,1709289000,15,0,25")

        assert faults(found) == [Fault(2, "has 6 cells, 5 are expected")]
        assert reads(found) == {}

    def test_of_a_file_stop_it(self):
        with pytest.raises(Refused, match=r"line 1: has no column 'Day from'"):
            items(LONG, "a;b;c", "1;2;3")
        with pytest.raises(Refused, match="holds no rows"):
            items(LONG, HEADINGS)


class TestShortLayout:
    def test_newest_first_with_float_epochs_mixed_lengths_and_units(self):
        found = items(
            SHORT,
            "point,start,minutes,value,unit",
            "A,1709289000.0,15,0.25,kWh",
            "A,1709287200.0,30,500,Wh",
            "A,1.7092836E9,60,0.001,MWh",
            "B,1709283599.9999998,5.0,83,wh",
        )

        by_channel = reads(found)
        begin = datetime(2024, 3, 1, 9, tzinfo=UTC)
        hour = timedelta(hours=1)
        latest = by_channel["A E import"]
        assert [(one.start - begin, one.end - begin, one.value) for one in latest] == [
            (1.5 * hour, 1.75 * hour, Decimal("0.25")),
            (hour, 1.5 * hour, Decimal("0.5")),
            (timedelta(), hour, Decimal(1)),
        ]  # fmt: skip
        (other,) = by_channel["B E import"]
        assert (other.start, other.value) == (begin, Decimal("0.083"))
        assert faults(found) == []

    @pytest.mark.parametrize("minutes", ["0", "-15", "1501", "often", ""])
    def test_with_no_sound_length_is_a_fault(self, minutes):
        found = items(SHORT, "point,start,minutes,value,unit", f"A,1709289000,{minutes},1,kWh")

        assert [fault.line for fault in faults(found)] == [2]

    def test_stamped_at_the_end_counts_what_went_before(self):
        profile = replace(
            SHORT, start_columns=(), end_columns=("end",), time_format="%Y-%m-%d %H:%M",
            zone="UTC+10:00", length_column="", length_min=30,
        )  # fmt: skip

        found = items(profile, "point,end,value,unit", "A,2024-03-02 00:00,1,kWh")

        ((_channel, (one,)),) = reads(found).items()
        assert one.start == datetime(2024, 3, 1, 13, 30, tzinfo=UTC)
        assert one.end == datetime(2024, 3, 1, 14, tzinfo=UTC)

    def test_stamped_at_the_end_also_knows_the_repeated_hour(self):
        profile = replace(
            SHORT, start_columns=(), end_columns=("end",), time_format="iso",
            zone="Europe/Brussels", length_column="", length_min=15,
        )  # fmt: skip
        first = datetime(2023, 10, 28, 22, tzinfo=UTC)
        ends = [first + turn * QUARTER for turn in range(1, 101)]
        written = [f"A,{end.astimezone(BRUSSELS):%Y-%m-%dT%H:%M},0.1,kWh" for end in ends]

        found = items(profile, "point,end,value,unit", *written)

        ((_channel, found_reads),) = reads(found).items()
        assert [one.end for one in found_reads] == ends

    def test_of_a_net_column_makes_two_channels(self):
        profile = replace(
            SHORT,
            rules=(
                Rule("value", "import", suffix="E", sign="positive"),
                Rule("value", "export", suffix="B", sign="negative"),
            ),
        )
        head = "point,start,minutes,value,unit"

        found = items(profile, head, "A,1709289000,15,-2,kWh", "A,1709288100,15,3,kWh")

        totals = {name: [one.value for one in ones] for name, ones in reads(found).items()}
        assert totals == {"A E import": [0, 3], "A B export": [2, 0]}

    def test_may_group_thousands_round_and_skip_rows(self):
        profile = replace(
            SHORT, grouping="'", decimals=3, skip_rows=2, ignored=("Total",), encoding="cp1252"
        )

        found = items(
            profile, "Kunde: Müller", "", "point,start,minutes,value,unit",
            "A,1709289000,15,1'234.56789,Wh", "Total,,,99,Wh", encoding="cp1252",
        )  # fmt: skip

        ((_channel, (one,)),) = reads(found).items()
        assert one.value == Decimal("1.234568")
        assert faults(found) == []


class TestWideLayout:
    @pytest.mark.parametrize(
        ("day", "count", "written"),
        [
            ("2023-06-01", 96, 96), ("2023-10-29", 100, 100), ("2023-03-26", 92, 92),
            ("2023-03-26", 92, 100), ("2023-06-01", 96, 100),
        ],
        ids=["plain", "25 hours", "23 hours", "23 hours, blanks behind", "plain, blanks behind"],
    )  # fmt: skip
    def test_holds_a_day_a_row_interval_by_interval_as_it_elapses(self, day, count, written):
        values = ["0.25"] * count + [""] * (written - count)

        ((_channel, found_reads),) = reads(items(WIDE, f"E,{day},{','.join(values)}")).items()

        midnight = datetime.fromisoformat(day).replace(tzinfo=BRUSSELS).astimezone(UTC)
        assert [one.start for one in found_reads] == [midnight + n * QUARTER for n in range(count)]
        assert sum(one.value for one in found_reads) == count * Decimal("0.25")

    @pytest.mark.parametrize(
        ("day", "count"),
        [("2023-10-29", 96), ("2023-03-26", 96), ("2023-06-01", 97), ("2023-06-01", 0)],
    )
    def test_with_another_number_of_values_than_the_day_has_is_a_fault(self, day, count):
        (fault,) = faults(items(WIDE, ",".join(["E", day, *["0.25"] * count])))

        assert f"has {count} values" in fault.reason

    def test_leaves_blanks_within_missing(self):
        values = ["0.25"] * 40 + [""] + ["0.25"] * 55

        ((_channel, found_reads),) = reads(items(WIDE, f"E,2023-06-01,{','.join(values)}")).items()

        assert [place for place, one in enumerate(found_reads) if one.value is None] == [40]


class TestFits:
    def test_knows_its_own_headings(self):
        assert profiled.fits(LONG, f"\ufeff{HEADINGS}\r\n".encode())
        assert profiled.fits(replace(LONG, skip_rows=1), f"Report\n{HEADINGS}\n".encode())
        assert not profiled.fits(LONG, b"point,start,minutes,value,unit\n")
        assert not profiled.fits(WIDE, b"E,2023-06-01,0.25\n")
        assert not profiled.fits(LONG, b"\xff\xfe\n")
        assert not profiled.fits(LONG, b"")


class TestCheck:
    @pytest.mark.parametrize(
        ("profile", "reason"),
        [
            (replace(LONG, zone="Europe/Atlantis"), "no zone"),
            (replace(LONG, rules=()), "no channel"),
            (replace(LONG, start_columns=(), end_columns=()), "no column of time"),
            (replace(SHORT, length_column=""), "neither how long"),
            (replace(WIDE, length_min=None, end_columns=("2",)), "needs the interval length"),
            (replace(WIDE, point=""), "no point"),
            (replace(WIDE, start_columns=("Day",)), "columns are numbers"),
            (replace(LONG, delimiter=","), "the decimal mark is the delimiter"),
            (replace(SHORT, rules=(Rule("value", "import"),)), "has no name"),
        ],
    )
    def test_refuses_what_no_file_can_be_read_by(self, profile, reason):
        with pytest.raises(Misdrawn, match=reason):
            profile.check()
