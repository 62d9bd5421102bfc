import io

import pytest

from meters.formats import nem12
from meters.formats.base import Refused
from tests.meters.formats.building import HALF_HOURS, channel, day, file, header, lines, quality


def with_one(value: str, *, unit: str = "kWh") -> bytes:
    return file(channel(unit=unit), day(values=[*HALF_HOURS[:-1], value]))


CASES = {
    "empty file": (b"", 1, "cut short"),
    "no header": (lines(channel(), day(), "900"), 1, "begins with a 100 record"),
    "no text at all": (b"\x89PNG\r\n\x1a\n\0\0\0", 1, "not UTF-8"),
    "control characters": (lines(header(), "200,NEM\x07"), 2, "control characters"),
    "one endless line": (b"7" * 100_000, 1, "longer than"),
    "stray quote": (lines(header(), '200,"NEM,E1'), 2, "quotes"),
    "accumulation data": (lines("100,NEM13,202403041130,A,B", "900"), 1, "NEM13"),
    "record of NEM13": (file(channel(), "250,NEM7654321,11"), 3, "'250'"),
    "header in the middle": (lines(header(), channel(), day(), header(), "900"), 4, "900 record"),
    "no end": (lines(header(), channel(), day()), 3, "cut short"),
    "day before channel": (file(day()), 2, "without a 200 record"),
    "day after the end of a part": (file(channel(), day(), "900", day()), 5, "without a 200"),
    "range before day": (file(channel(), quality(1, 48, "A")), 3, "without a 300 record"),
    "short channel": (file("200,NEM7654321,E1"), 2, "9 fields"),
    "no identifier": (file(channel(nmi="")), 2, "1 to 64"),
    "unknown suffix": (file(channel("11")), 2, "'11' is no data stream suffix"),
    "no suffix": (file(channel("")), 2, "no data stream suffix"),
    "suffix against unit": (file(channel("E1", unit="kvarh")), 2, "E1 counts kWh"),
    "unknown unit": (file(channel(unit="GJ")), 2, "'GJ' is no unit"),
    "hourly": (file(channel(minutes=60)), 2, "'60': 5, 15 or 30"),
    "no length": (file(channel(minutes="")), 2, "''"),
    "too few values": (file(channel(), day(values=HALF_HOURS[1:])), 3, "47 values"),
    "too many values": (file(channel(), day(values=[*HALF_HOURS, "1"])), 3, "49 values"),
    "half-hours in a channel of quarters": (
        file(channel(minutes=15), day(), quality(1, 47, "A"), quality(48, 48, "N")),
        3,
        "48 values: the 200 record in line 2 says 15 minutes, so 96",
    ),
    "varying day without values": (
        file(channel(), "300,20240301,V,,,20240302120025,", day("20240302")),
        3,
        "0 values",
    ),
    "values without quality": (
        file(channel(), f"300,20240301,{','.join(HALF_HOURS)}"),
        3,
        "has no quality",
    ),
    "no such day": (file(channel(), day("20230229")), 3, "'20230229'"),
    "day with dashes": (file(channel(), day("2024-03-01")), 3, "YYYYMMDD"),
    "no day": (file(channel(), "300"), 3, "YYYYMMDD"),
    "missing value called actual": (with_one(""), 3, "interval 48 has no value"),
    "negative": (with_one("-0.1"), 3, "negative"),
    "not a number": (with_one("NaN"), 3, "'NaN' is not a plain decimal"),
    "infinite": (with_one("Infinity"), 3, "plain decimal"),
    "exponent": (with_one("1e3"), 3, "plain decimal"),
    "two points": (with_one("1.2.3"), 3, "plain decimal"),
    "digits of another script": (with_one("١"), 3, "plain decimal"),
    "finer than a milliwatt-hour": (with_one("0.0000001"), 3, "more digits"),
    "finer than a milliwatt-hour in Wh": (with_one("0.0001", unit="Wh"), 3, "more digits"),
    "beyond any meter": (with_one("1" * 13), 3, "12 digits"),
    "unknown quality of the day": (file(channel(), day(flag="B")), 3, "'B' is no quality"),
    "varying day without ranges": (file(channel(), day(flag="V")), 3, "covers interval 1"),
    "varying day with a hole": (
        file(channel(), day(flag="V"), quality(1, 20, "A"), quality(22, 48, "A")),
        3,
        "covers interval 21",
    ),
    "range twice": (
        file(channel(), day(), quality(1, 9, "A"), quality(9, 9, "N")),
        5,
        "interval 9",
    ),
    "range beyond the day": (file(channel(), day(), quality(40, 49, "A")), 4, "40 to 49 of 48"),
    "range backwards": (file(channel(), day(), quality(9, 8, "A")), 4, "no range"),
    "range from zero": (file(channel(), day(), quality(0, 8, "A")), 4, "no range"),
    "range in words": (file(channel(), day(), quality("one", 8, "A")), 4, "first and last"),
    "range that varies": (file(channel(), day(), quality(1, 8, "V")), 4, "'V' is no quality"),
    "range without quality": (file(channel(), day(), quality(1, 8, "")), 4, "no quality"),
    "hole in a channel that is not kept": (
        file(channel("V1", unit="V"), day(flag="V"), quality(1, 47, "A")),
        3,
        "covers interval 48",
    ),
    "short day in a channel that is not kept": (
        file(channel("V1", unit="V"), day(values=HALF_HOURS[1:])),
        3,
        "47 values",
    ),
}


class TestRefusal:
    @pytest.mark.parametrize(("content", "line", "reason"), CASES.values(), ids=CASES.keys())
    def test_names_file_line_and_reason(self, content, line, reason):
        with pytest.raises(Refused) as refusal:
            list(nem12.read(io.BytesIO(content), "delivery.csv"))

        assert (refusal.value.file, refusal.value.line) == ("delivery.csv", line)
        assert reason in refusal.value.reason
        assert str(refusal.value).startswith(f"delivery.csv, line {line}: ")
