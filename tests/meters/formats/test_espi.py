import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from meters.formats.base import Block, Origin
from segs_site.lib.quantities import Quality
from tests.meters.formats.feeds import (
    DAWN,
    HOME,
    RULES,
    ZONE,
    block,
    clocks,
    faults,
    feed,
    items,
    meter_reading,
    notes,
    point,
    quarters,
    reading,
    reading_type,
    reads,
    whole,
)

ATOM = {"feed", "updated", "entry", "id", "content"}


def channels(content: bytes) -> dict[str, tuple[str, str, Decimal]]:
    found: dict[str, tuple[str, str, Decimal]] = {}
    for item in items(content):
        if isinstance(item, Block):
            key = str(item.channel)
            total = found.get(key, ("", "", Decimal(0)))[2] + item.reads[0].value
            found[key] = (item.channel.unit, item.channel.direction, total)
    return found


class TestFeed:
    def test_gives_each_reading_its_time_value_and_channel(self):
        content = whole(block(quarters(96)))

        (origin,) = (item for item in items(content) if isinstance(item, Origin))
        first, *_rest, last = reads(content)

        assert origin.made_at == datetime(2024, 3, 5, 7, tzinfo=UTC)
        assert origin.zone == ZoneInfo("America/Los_Angeles")
        assert channels(content) == {
            "RetailCustomer/7/UsagePoint/12 1": ("kWh", "import", Decimal(24))
        }
        assert first.start == datetime(2024, 3, 1, 8, tzinfo=UTC)
        assert (first.end - first.start, first.value) == (timedelta(minutes=15), Decimal("0.25"))
        assert last.end == datetime(2024, 3, 2, 8, tzinfo=UTC)
        assert notes(content) == []

    def test_is_read_by_the_uri_of_its_names_whatever_their_prefix(self):
        content = (
            whole(block(quarters(96)))
            .replace(b' xmlns="http://naesb.org/espi"', b"")
            .replace(b"<feed ", b'<feed xmlns:x="http://naesb.org/espi" ')
        )
        for tag in sorted(set(re.findall(r"</?([A-Za-z]+)/?>", content.decode())) - ATOM):
            content = content.replace(f"<{tag}>".encode(), f"<x:{tag}>".encode())
            content = content.replace(f"</{tag}>".encode(), f"</x:{tag}>".encode())
            content = content.replace(f"<{tag}/>".encode(), f"<x:{tag}/>".encode())

        assert sum(one.value for one in reads(content)) == 24

    def test_may_name_what_a_block_is_of_after_the_block(self):
        content = feed(block(quarters(96)), reading_type(), meter_reading(), point(), clocks())

        assert sum(one.value for one in reads(content)) == 24

    def test_of_several_reading_types_gives_each_its_own_unit_and_direction(self):
        content = feed(
            point(),
            clocks(),
            meter_reading("1", "wh"),
            meter_reading("2", "back"),
            meter_reading("3", "vars"),
            reading_type("wh"),
            reading_type("back", flowDirection="19", powerOfTenMultiplier="3"),
            reading_type("vars", uom="73"),
            block(quarters(96)),
            block(quarters(96, value="2"), name="2"),
            block(quarters(96, value="50"), name="3"),
        )

        assert channels(content) == {
            "RetailCustomer/7/UsagePoint/12 1": ("kWh", "import", Decimal(24)),
            "RetailCustomer/7/UsagePoint/12 2": ("kWh", "export", Decimal(192)),
            "RetailCustomer/7/UsagePoint/12 3": ("kvarh", "import", Decimal("4.8")),
        }

    def test_of_several_points_keeps_them_apart(self):
        other = HOME.replace("/12", "/13")
        content = feed(
            clocks(),
            *(point(), meter_reading(), reading_type(), block(quarters(96))),
            *(point(home=other), meter_reading(home=other)),
            block(quarters(96, value="500"), home=other),
        )

        totals = {name: total for name, (_unit, _way, total) in channels(content).items()}
        assert totals == {
            "RetailCustomer/7/UsagePoint/12 1": Decimal(24),
            "RetailCustomer/7/UsagePoint/13 1": Decimal(48),
        }

    def test_reads_past_comments_and_summaries(self):
        summary = (
            '<entry><content><UsageSummary xmlns="http://naesb.org/espi"><billingPeriod>'
            "<duration>2592000</duration><start>1320130800</start></billingPeriod>"
            "<overallConsumptionLastPeriod><uom>72</uom><value>768032</value>"
            "</overallConsumptionLastPeriod></UsageSummary></content></entry>"
        )
        content = whole(block(quarters(96)), summary).replace(b"<value>", b"<value><!-- Wh -->")

        assert sum(one.value for one in reads(content)) == 24


class TestMultiplier:
    @pytest.mark.parametrize(
        ("power", "value", "kwh"),
        [
            ("0", "250", "0.25"),
            ("-3", "250123", "0.250123"),
            ("3", "2", "2"),
            ("-6", "250000000", "0.25"),
            ("", "250", "0.25"),
        ],
        ids=["watt-hours", "thousandths", "thousands", "millionths", "unsaid"],
    )
    def test_is_a_power_of_ten_on_the_unit(self, power, value, kwh):
        content = whole(block(reading(DAWN, value), DAWN, 900), powerOfTenMultiplier=power)

        assert [one.value for one in reads(content)] == [Decimal(kwh)]

    @pytest.mark.parametrize(
        ("power", "value", "reason"),
        [
            ("-6", "250000001", "more digits than a whole milliwatt-hour"),
            ("9", "250000000", "more than a meter can count"),
            ("99", "1", "no power of ten"),
            ("two", "1", "no power of ten"),
            ("0", "-1", "is negative"),
            ("0", "many", "is not a number"),
            ("0", "NaN", "is not a number"),
        ],
    )
    def test_never_makes_a_number_that_cannot_be_kept(self, power, value, reason):
        content = whole(block(reading(DAWN, value), DAWN, 900), powerOfTenMultiplier=power)

        (fault,) = faults(content)
        assert reason in fault.reason


class TestBlocks:
    def test_with_a_reading_too_many_keep_it_at_its_own_time_and_say_so(self):
        content = whole(block(quarters(97)))

        assert len(reads(content)) == 97
        assert reads(content)[-1].start == datetime(2024, 3, 2, 8, tzinfo=UTC)
        assert notes(content) == ["outside-block"]

    def test_that_are_not_full_say_so_and_nothing_is_filled(self):
        content = whole(block(quarters(32)))

        assert len(reads(content)) == 32
        (note,) = (item for item in items(content) if getattr(item, "code", ""))
        assert note.message == "8 h of 24 h are read: the rest is missing"

    def test_that_overlap_are_read_whole_and_named(self):
        content = whole(block(quarters(96)), block(quarters(96, DAWN + 43_200), DAWN + 43_200))

        assert len(reads(content)) == 192
        assert notes(content) == ["overlapping-block"]

    def test_in_any_order_give_the_same_readings(self):
        days = [block(quarters(96, DAWN + day * 86_400), DAWN + day * 86_400) for day in range(3)]

        forward, backward = reads(whole(*days)), reads(whole(*reversed(days)))

        assert sorted(forward, key=lambda one: one.start) == sorted(
            backward, key=lambda one: one.start
        )

    def test_may_stand_several_in_an_entry(self):
        both = block(quarters(48), duration=43_200).replace(
            "</content>",
            '<IntervalBlock xmlns="http://naesb.org/espi"><interval><duration>43200</duration>'
            f"<start>{DAWN + 43_200}</start></interval>{quarters(48, DAWN + 43_200)}"
            "</IntervalBlock></content>",
        )

        assert sum(one.value for one in reads(whole(both))) == 24
        assert notes(whole(both)) == []

    def test_that_belong_to_nothing_known_are_a_fault_at_their_line(self):
        content = feed(
            point(),
            clocks(),
            *(meter_reading("1", "1"), meter_reading("2", "2")),
            *(reading_type("8"), reading_type("9")),
            block(quarters(1), duration=900),
        )

        (fault,) = faults(content)
        assert "no reading type" in fault.reason
        line = content[: content.index(b"<IntervalBlock")].count(b"\n") + 1
        assert fault.line == line


class TestReading:
    @pytest.mark.parametrize(
        ("code", "quality"),
        [
            ("", Quality.ACTUAL),
            ("17", Quality.ACTUAL),
            ("8", Quality.ESTIMATED),
            ("13", Quality.ESTIMATED),
            ("7", Quality.EDITED),
            ("10", Quality.SUSPECT),
            ("99", Quality.SUSPECT),
        ],
    )
    def test_keeps_its_quality(self, code, quality):
        (one,) = reads(whole(block(reading(DAWN, quality=code), DAWN, 900)))

        assert (one.quality, one.flag) == (quality, code)

    def test_takes_the_quality_of_its_type_when_it_has_none(self):
        (one,) = reads(whole(block(reading(DAWN), DAWN, 900), defaultQuality="8"))

        assert (one.quality, one.flag) == (Quality.ESTIMATED, "8")

    def test_names_a_quality_that_is_not_known_once(self):
        content = whole(block(quarters(96).replace("<value>", "<x/><value>")), defaultQuality="77")

        assert notes(content) == ["quality-unknown"]

    def test_without_a_value_is_missing_never_zero(self):
        (one,) = reads(whole(block(reading(DAWN, value=""), DAWN, 900)))

        assert (one.value, one.quality) == (None, Quality.MISSING)

    def test_takes_its_length_from_its_type_when_it_says_none(self):
        bare = reading(DAWN).replace("<duration>900</duration>", "")

        (one,) = reads(whole(block(bare, DAWN, 900)))

        assert one.end - one.start == timedelta(minutes=15)

    @pytest.mark.parametrize(
        ("start", "duration", "reason"),
        [
            ("soon", "900", "without a start"),
            (DAWN, "0", "no interval"),
            (DAWN, "-900", "no interval"),
            (DAWN, "2592000", "no interval"),
            (DAWN * 1000, "900", "no interval"),
            (0, "900", "no interval"),
        ],
        ids=["no number", "no length", "backward", "a month", "milliseconds", "before 2000"],
    )
    def test_without_a_sound_time_is_a_fault_and_the_rest_is_read(self, start, duration, reason):
        content = whole(block(reading(start, duration=duration) + reading(DAWN), DAWN, 900))

        (fault,) = faults(content)
        assert reason in fault.reason
        assert len(reads(content)) == 1


class TestNotKept:
    @pytest.mark.parametrize(
        "changed",
        [
            {"uom": "38"},
            {"uom": ""},
            {"commodity": "7"},
            {"flowDirection": "4"},
            {"accumulationBehaviour": "3"},
            {"intervalLength": "2592000"},
        ],
        ids=["power", "no unit", "gas", "net", "a register", "a month"],
    )
    def test_is_read_past_and_said_so(self, changed):
        content = whole(block(quarters(96)), **changed)

        assert reads(content) == []
        assert notes(content) == ["not-kept"]

    def test_is_a_point_of_another_service(self):
        content = feed(
            point(kind="1"), clocks(), meter_reading(), reading_type(), block(quarters(96))
        )

        assert notes(content) == ["not-kept"]


class TestClocks:
    @pytest.mark.parametrize(
        ("said", "zone", "codes"),
        [
            (ZONE + RULES, "America/Los_Angeles", []),
            (ZONE + "<dstStartRule>B60E</dstStartRule>", "America/Los_Angeles", ["dst-rule"]),
            (ZONE, "America/Los_Angeles", ["zone-likely"]),
            ("<tzOffset>-25200</tzOffset>", "UTC-07:00", []),
            ("<tzOffset>3600</tzOffset><dstOffset>3600</dstOffset>", "UTC+01:00", ["zone-likely"]),
        ],
        ids=["by rules", "malformed rule", "no rules", "no summer time", "elsewhere"],
    )
    def test_say_where_days_lie(self, said, zone, codes):
        content = feed(point(), clocks(said), meter_reading(), reading_type(), block(quarters(96)))

        (origin,) = (item for item in items(content) if isinstance(item, Origin))
        assert str(origin.zone) == zone
        assert notes(content) == codes

    def test_that_say_nothing_leave_days_to_utc(self):
        content = feed(point(), meter_reading(), reading_type(), block(quarters(96)))

        assert notes(content) == ["zone-unknown"]
