"""Files out: what a meter counted, read back by our own readers to the digit."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.http.response import HttpResponseBase

from accounts.models import User
from benchmarks import quarters
from meters.choices import Flow
from meters.models import Channel, IntervalRead, Meter, QuarterWindow
from meters.selectors import formats
from meters.services import files
from segs_site.lib.choices import Quality
from segs_site.lib.periods import QUARTER
from tests.accounts.builders import point_of, signed_in, takes_service
from tests.worlds import SmallGrid, meter

pytestmark = pytest.mark.django_db

CSV, XML = "/api/telemetry/export.csv", "/api/telemetry/export.xml"
DAY = timedelta(days=1)
AUTUMN = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Brussels, of a day of 25 hours
LONG = AUTUMN + timedelta(hours=25)
BOTH = {"start": AUTUMN.isoformat(), "end": LONG.isoformat()}


@pytest.fixture
def solar(small_grid: SmallGrid) -> Meter:
    """A meter that counts both ways: noon is fed in, one quarter-hour is not known."""
    made = meter("MTR-SUN", region=small_grid.north, since=AUTUMN - DAY, flow=Flow.BOTH)
    quarters.fill([made.pk], start=AUTUMN, end=LONG, kw=1.000004)
    rows = QuarterWindow.objects.filter(meter=made)
    rows.filter(start__hour=11).update(energy_mwh=-1_234_567)
    rows.filter(start__hour=2).update(quality=Quality.ESTIMATED, estimated_mwh=9)
    rows.filter(start__hour=3).update(quality=Quality.SUSPECT)
    rows.filter(start=AUTUMN + 40 * QUARTER).delete()
    return made


def content(answer: HttpResponseBase) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer)


def take_in(body: bytes, name: str, now: datetime) -> files.Imported:
    """Take a file in by what it looks like."""
    found = formats.detect(body[:16_384], formats.formats())
    assert found is not None
    return files.import_file(stream=io.BytesIO(body), name=name, reader=found, now=now)


def counted(made: Meter) -> dict[tuple[datetime, str], tuple[Decimal, int]]:
    """Return what is on file of a meter, by start and direction."""
    found = {}
    for row in QuarterWindow.objects.filter(meter=made):
        for direction, mwh in (("import", row.energy_mwh), ("export", -row.energy_mwh)):
            found[row.start, direction] = (Decimal(max(mwh, 0)).scaleb(-6), row.quality)
    return found


def read_back() -> dict[tuple[datetime, str], tuple[Decimal | None, int]]:
    rows = IntervalRead.objects.select_related("channel")
    return {(row.start, row.channel.direction): (row.value, row.quality) for row in rows}


class TestRoundTrip:
    @pytest.mark.parametrize("address", [CSV, XML])
    def test_brings_back_every_quarter_hour_of_a_long_day_both_ways(
        self, olga: User, solar: Meter, now: datetime, address: str
    ) -> None:
        body = content(signed_in(olga).get(address, BOTH | {"meter": solar.serial}))

        imported = take_in(body, address[-10:], now)

        assert read_back() == counted(solar)
        assert len(read_back()) == 2 * 99
        for summary in imported.summaries:
            (day,) = summary.days
            assert (day.found, day.expected, day.hours) == (99, 100, 25)

    @pytest.mark.parametrize("address", [CSV, XML])
    def test_knows_no_export_of_a_meter_that_has_none(
        self, olga: User, small_grid: SmallGrid, now: datetime, address: str
    ) -> None:
        made = small_grid.north_meters[0]
        quarters.fill([made.pk], start=AUTUMN, end=LONG)

        take_in(content(signed_in(olga).get(address, BOTH | {"meter": made.serial})), "x", now)

        channel = Channel.objects.get()
        assert (channel.suffix, channel.direction) == ("import", "import")
        assert channel.point.endswith("SP-MTR-N0")

    def test_keeps_a_name_that_a_spreadsheet_would_run(
        self, olga: User, small_grid: SmallGrid, now: datetime
    ) -> None:
        name = '=HYPERLINK("x")'
        made = meter(name, region=small_grid.north, since=AUTUMN)
        quarters.fill([made.pk], start=AUTUMN, end=LONG)

        body = content(signed_in(olga).get(CSV, BOTH | {"meter": name}))
        take_in(body, "x.csv", now)

        cells = [cell for row in csv.reader(io.StringIO(body.decode())) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]
        assert Channel.objects.get().serial == name


class TestWhose:
    def test_is_the_customers_at_his_points_in_his_time(
        self, carl: User, solar: Meter, small_grid: SmallGrid, now: datetime
    ) -> None:
        home = small_grid.south_meters[0]
        quarters.fill([home.pk], start=AUTUMN, end=LONG)
        until = AUTUMN + timedelta(hours=6)
        takes_service(carl, point_of(solar), since=AUTUMN, until=until)
        takes_service(carl, point_of(home), since=AUTUMN)

        take_in(content(signed_in(carl).get(XML, BOTH)), "x", now)

        found = {
            (str(channel), channel.reads.count()) for channel in Channel.objects.order_by("pk")
        }
        assert found == {
            ("UsagePoint/SP-MTR-SUN import", 24),
            ("UsagePoint/SP-MTR-SUN export", 24),
            ("UsagePoint/SP-MTR-S0 import", 100),
        }

    @pytest.mark.parametrize("address", [CSV, XML])
    @pytest.mark.parametrize("serial", ["MTR-SUN", "MTR-NOWHERE"])
    def test_is_nobody_elses(self, carl: User, solar: Meter, address: str, serial: str) -> None:
        answer = signed_in(carl).get(address, {"meter": serial})

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    def test_follows_a_meter_to_where_it_hung(
        self, olga: User, solar: Meter, now: datetime
    ) -> None:
        place = solar.installations.get()
        place.during = (AUTUMN + timedelta(hours=1), None)
        place.save()

        take_in(content(signed_in(olga).get(XML, BOTH | {"meter": solar.serial})), "x", now)

        points = Channel.objects.filter(suffix="import").values_list("point", flat=True)
        assert set(points) == {"UsagePoint/MTR-SUN", "UsagePoint/SP-MTR-SUN"}
        assert len(read_back()) == 2 * 99


class TestXml:
    def test_names_its_kind_and_its_file(self, olga: User, solar: Meter) -> None:
        answer: Any = signed_in(olga).get(XML, BOTH | {"meter": solar.serial})

        assert answer["Content-Type"] == "application/xml"
        assert answer["Content-Disposition"] == 'attachment; filename="MTR-SUN-15m.xml"'

    def test_has_no_raw_readings(self, olga: User, solar: Meter) -> None:
        answer = signed_in(olga).get(XML, {"meter": solar.serial, "resolution": "raw"})

        assert "resolution" in answer.json()["errors"]

    def test_of_somebody_without_meters_is_a_feed_without_blocks(self, olga: User) -> None:
        body = content(signed_in(olga).get(XML, BOTH)).decode()

        assert body.endswith("</feed>\n")
        assert "IntervalBlock" not in body
