import io
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from meters.formats import FORMATS
from meters.formats.base import Block, Channel, Format, Read, Refused
from meters.models import Channel as ChannelRow
from meters.models import IntervalRead, ReadFile
from meters.services import files
from meters.services.arrivals import Outcome
from segs_site.lib.quantities import Quality
from tests.meters.deliveries import NOW, nothing_kept, take_in
from tests.meters.formats.building import HALF_HOURS, NMI, channel, day, file, quality

pytestmark = pytest.mark.django_db


class TestImport:
    def test_keeps_every_read_with_quality_and_file(self):
        content = file(
            channel(), day(flag="V"), quality(1, 47, "A"), quality(48, 48, "S14", "32,")
        )

        take_in(content)

        row = ChannelRow.objects.get()
        last = IntervalRead.objects.latest("start")
        assert (row.point, row.suffix, row.serial) == (NMI, "E1", "SER-1")
        assert (row.unit, row.direction) == ("kWh", "import")
        assert IntervalRead.objects.count() == 48
        assert last.start == datetime(2024, 3, 1, 13, 30, tzinfo=UTC)
        assert last.end == datetime(2024, 3, 1, 14, tzinfo=UTC)
        assert (last.value, last.quality) == (Decimal("0.5"), Quality.ESTIMATED)
        assert (last.flag, last.reason) == ("S14", "32")
        assert last.file == ReadFile.objects.get()

    def test_keeps_what_is_missing_as_missing(self):
        take_in(file(channel(), day(values=["0"] * 48, flag="N")))

        assert set(IntervalRead.objects.values_list("value", flat=True)) == {None}
        assert set(IntervalRead.objects.values_list("quality", flat=True)) == {Quality.MISSING}

    def test_says_what_was_in_the_file(self):
        imported = take_in(file(channel(), day("20240301"), day("20240304", ["0.25"] * 48)))

        (summary,) = imported.summaries
        assert imported.outcome == Outcome(added=96)
        assert (summary.intervals, summary.total) == (96, Decimal(36))
        assert (summary.days_found, summary.days_expected) == (2, 4)
        assert summary.qualities == {Quality.ACTUAL: 96}

    def test_keeps_texts_that_a_bulk_load_could_trip_over(self):
        take_in(file(channel(serial="\\N"), day(reason='0,"back\\slash, \\t and \\."')))

        assert ChannelRow.objects.get().serial == "\\N"
        assert IntervalRead.objects.first().reason == "0 back\\slash, \\t and \\."

    def test_remembers_when_the_file_was_made(self):
        take_in(file(channel(), day(), made="202403041130"))

        assert ReadFile.objects.get().made_at == datetime(2024, 3, 4, 1, 30, tzinfo=UTC)


class TestSameFile:
    def test_again_changes_nothing_and_says_so(self):
        content = file(channel(), day())
        take_in(content)

        with pytest.raises(files.AlreadyImported) as known:
            take_in(content, name="renamed.csv", now=NOW + timedelta(days=1))

        assert "delivery.csv" in str(known.value)
        assert ReadFile.objects.count() == 1
        assert IntervalRead.objects.count() == 48

    def test_in_a_dry_run_leaves_nothing_and_can_be_taken_in_after(self):
        content = file(channel(), day())

        rehearsed = take_in(content, dry_run=True)

        assert rehearsed.outcome == Outcome(added=48)
        assert nothing_kept()
        assert take_in(content).outcome == Outcome(added=48)


class TestRefusedFile:
    def test_leaves_nothing_behind_not_even_its_good_days(self):
        with pytest.raises(Refused) as refusal:
            take_in(file(channel(), day("20240301"), day("20240302", HALF_HOURS[1:])))

        assert refusal.value.line == 4
        assert nothing_kept()

    def test_leaves_what_was_there_before(self):
        take_in(file(channel(), day()))

        with pytest.raises(Refused):
            take_in(file(channel(), day(values=["9"] * 48), day("20240302", [])))

        assert set(IntervalRead.objects.values_list("value", flat=True)) == {Decimal("0.5")}

    def test_may_contradict_itself(self):
        content = file(channel(), day(), channel("B1"), day(), channel(), day(values=["9"] * 48))

        with pytest.raises(Refused, match=r"line 7: .* E1 .*otherwise than in line 3"):
            take_in(content)

        assert nothing_kept()

    def test_may_change_the_length_within_a_day(self):
        content = file(channel(), day(), channel(minutes=15), day(values=["0.25"] * 96))

        with pytest.raises(Refused, match="otherwise than in line 3"):
            take_in(content)

    def test_may_name_a_channel_that_counts_something_else(self):
        ChannelRow.objects.create(point=NMI, suffix="E1", unit="kvarh", direction="import")

        with pytest.raises(Refused, match=r"line 3: .* is kWh import, on file it is kvarh import"):
            take_in(file(channel(), day()))

    def test_may_come_from_a_reader_that_knows_no_limits(self):
        kind = Channel("P", "E1", "", "kWh", "import")
        month = Read(NOW, NOW + timedelta(days=30), Decimal(1), Quality.ACTUAL, "", "")
        loose = Format("loose", "Loose", lambda _stream, _name: iter([Block(kind, 7, (month,))]))

        with pytest.raises(Refused, match=r"line 7: .* no interval"):
            take_in(b"", reader=loose)


class TestRepeatedDay:
    def test_that_says_the_same_counts_once(self):
        imported = take_in(file(channel(), day(), "900", channel(), day()))

        assert imported.outcome == Outcome(added=48, repeated=48)
        assert IntervalRead.objects.count() == 48


@pytest.mark.django_db(transaction=True)
class TestSameFileTwiceAtOnce:
    def test_enters_once(self):
        content = file(channel(), *(day(f"202403{date:02}") for date in range(1, 29)))
        start = threading.Barrier(2)

        def deliver(name: str) -> str:
            start.wait(timeout=10)
            try:
                files.import_file(
                    stream=io.BytesIO(content), name=name, reader=FORMATS["nem12"], now=NOW
                )
            except files.AlreadyImported:
                return "known"
            finally:
                connection.close()
            return "taken in"

        with ThreadPoolExecutor(2) as pool:
            ends = sorted(pool.map(deliver, ["left.csv", "right.csv"]))

        assert ends == ["known", "taken in"]
        assert IntervalRead.objects.count() == 28 * 48
