from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Count, Sum

from meters.formats.base import Block, Channel, Format, Origin, Read, Refused
from meters.models import Channel as ChannelRow
from meters.models import IntervalRead
from meters.services.arrivals import Outcome
from segs_site.lib.quantities import Quality
from tests.meters.deliveries import take_in
from tests.meters.formats.building import NMI, channel, day, file, quality

MORNING, NOON, EVENING = "202403040800", "202403041200", "202403042000"

pytestmark = pytest.mark.django_db


def halves(value: str) -> list[str]:
    return [value] * 48


def kept_values() -> list[Decimal | None]:
    return list(IntervalRead.objects.order_by("start").values_list("value", flat=True))


class TestLaterDelivery:
    def test_replaces_values_and_counts_them_as_revised(self):
        take_in(file(channel(), day(flag="S14"), made=MORNING))
        changed = [*halves("0.5")[:-1], "0.75"]

        imported = take_in(
            file(
                channel(),
                day(values=changed, flag="V"),
                quality(1, 47, "S14"),
                quality(48, 48, "A"),
                made=EVENING,
            ),
            name="evening.csv",
        )

        assert imported.outcome == Outcome(revised=1, unchanged=47)
        assert kept_values() == [Decimal(one) for one in changed]
        assert IntervalRead.objects.latest("start").quality == Quality.ACTUAL
        assert set(IntervalRead.objects.values_list("file__name", flat=True)) == {"evening.csv"}

    def test_adds_days_beside_those_it_confirms(self):
        take_in(file(channel(), day("20240301"), made=MORNING))

        imported = take_in(file(channel(), day("20240301"), day("20240302"), made=EVENING))

        assert imported.outcome == Outcome(added=48, unchanged=48)

    def test_stands_although_it_is_taken_in_first(self):
        take_in(file(channel(), day(values=halves("2")), made=EVENING), name="evening.csv")

        imported = take_in(file(channel(), day(values=halves("1")), made=MORNING))

        assert imported.outcome == Outcome(outdated=48)
        assert set(kept_values()) == {Decimal(2)}
        assert set(IntervalRead.objects.values_list("file__name", flat=True)) == {"evening.csv"}

    def test_that_confirms_a_value_guards_it_against_a_file_made_between(self):
        take_in(file(channel(), day(values=halves("2")), made=MORNING))
        take_in(file(channel(), day(values=halves("2")), made=EVENING))

        imported = take_in(file(channel(), day(values=halves("1")), made=NOON))

        assert imported.outcome == Outcome(outdated=48)

    def test_made_at_the_same_minute_is_ranked_by_arrival(self):
        take_in(file(channel(), day(values=halves("1")), made=MORNING))

        imported = take_in(file(channel(), day(values=halves("2")), made=MORNING))

        assert imported.outcome == Outcome(revised=48)
        assert set(kept_values()) == {Decimal(2)}

    def test_never_replaces_a_value_by_a_missing_one(self):
        take_in(file(channel(), day(), made=MORNING))

        imported = take_in(
            file(channel(), day(flag="V"), quality(1, 40, "A"), quality(41, 48, "N"), made=EVENING)
        )

        assert imported.outcome == Outcome(unchanged=40, kept=8)
        assert set(kept_values()) == {Decimal("0.5")}

    @pytest.mark.parametrize("made", [MORNING, EVENING], ids=["made before", "made after"])
    def test_fills_what_was_missing_whenever_it_was_made(self, made):
        take_in(file(channel(), day(flag="N"), made=NOON))

        imported = take_in(file(channel(), day(), made=made))

        assert imported.outcome == Outcome(revised=48)
        assert set(kept_values()) == {Decimal("0.5")}

    def test_at_a_finer_length_replaces_without_counting_twice(self):
        take_in(file(channel(), day(), made=MORNING))

        imported = take_in(file(channel(minutes=5), day(values=["0.1"] * 288), made=EVENING))

        assert imported.outcome == Outcome(revised=288)
        assert IntervalRead.objects.aggregate(n=Count("*"), s=Sum("value")) == {
            "n": 288,
            "s": Decimal("28.8"),
        }

    def test_at_a_coarser_length_replaces_without_counting_twice(self):
        take_in(file(channel(minutes=5), day(values=["0.1"] * 288), made=MORNING))

        imported = take_in(file(channel(), day(values=halves("0.7")), made=EVENING))

        assert imported.outcome == Outcome(revised=48)
        assert kept_values() == [Decimal("0.7")] * 48

    def test_made_earlier_at_another_length_changes_nothing(self):
        take_in(file(channel(), day(), made=EVENING))

        imported = take_in(file(channel(minutes=15), day(values=["9"] * 96), made=MORNING))

        assert imported.outcome == Outcome(outdated=96)
        assert set(kept_values()) == {Decimal("0.5")}

    def test_of_part_of_a_longer_read_is_refused(self):
        take_in(file(channel(), day(), made=MORNING))
        start = datetime(2024, 3, 1, 2, tzinfo=UTC)
        quarter = Read(start, start + timedelta(minutes=15), Decimal(1), Quality.ACTUAL, "", "")
        block = Block(Channel(NMI, "E1", "", "kWh", "import"), 9, (quarter,))
        part = Format("part", "Part", lambda _stream, _name: iter([Origin(None, UTC), block]))

        with pytest.raises(Refused, match=r"line 9: .* only part of a longer read"):
            take_in(b"part", reader=part)

        assert set(kept_values()) == {Decimal("0.5")}

    def test_leaves_other_channels_alone(self):
        take_in(file(channel("E1"), day(), channel("E1", nmi="NEM0000001"), day(), made=MORNING))

        take_in(file(channel("B1"), day(values=halves("3")), made=EVENING))

        sums = ChannelRow.objects.annotate(s=Sum("reads__value")).order_by("point", "suffix")
        assert [(row.point, row.suffix, row.s) for row in sums] == [
            ("NEM0000001", "E1", 24),
            (NMI, "B1", 144),
            (NMI, "E1", 24),
        ]


class TestMeterExchange:
    def test_is_noted_and_kept(self):
        take_in(file(channel(serial="OLD"), day("20240301"), made=MORNING))

        imported = take_in(file(channel(serial="NEW"), day("20240302"), made=EVENING))

        assert [(note.line, note.code) for note in imported.notes] == [(3, "meter-exchanged")]
        assert ChannelRow.objects.get().serial == "NEW"

    def test_is_not_undone_by_an_older_day(self):
        take_in(file(channel(serial="NEW"), day("20240302"), made=MORNING))

        imported = take_in(file(channel(serial="OLD"), day("20240301"), made=EVENING))

        assert imported.notes == []
        assert ChannelRow.objects.get().serial == "NEW"
