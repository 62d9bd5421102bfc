"""The page of one meter and its parts as the server sends them, without a browser."""

import gzip
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from alerts.conditions.kinds import Kind, Severity
from benchmarks import quarters
from meters.choices import Found
from meters.models import (
    READINGS,
    LatestReading,
    Meter,
    MeterInstallation,
    QuarterWindow,
    Reading,
    ServicePoint,
    WindowClock,
)
from meters.selectors import days
from meters.views import meter as views
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.manners import site_zone
from segs_site.lib.periods import DAY, QUARTER, local_day
from tests.alerts import builders
from tests.meters.test_pages import page, queries
from tests.tariffs import builders as pricing
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

FRAGMENT = {"X-Fragment": "1"}
BRUSSELS = ZoneInfo("Europe/Brussels")
TUESDAY = date(2026, 5, 12)
NOON = datetime(2026, 5, 20, 10, tzinfo=UTC)
MOST_SENT = 25_000  # bytes of all parts of a page, packed
BUDGETS = {"": 8, "day/": 6, "readings/": 4, "alerts/": 4}


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    """Registered long ago."""
    found = small_grid.north_meters[0]
    Meter.objects.filter(pk=found.pk).update(registered_at=datetime(2026, 1, 1, tzinfo=UTC))
    return Meter.objects.get(pk=found.pk)


@pytest.fixture
def desk(client: Client, olga: User) -> Client:
    """Olga's browser."""
    cache.clear()
    client.force_login(olga)
    return client


@pytest.fixture
def shown(desk: Client, meter: Meter) -> Callable[..., str]:
    """Read a part of the meter's page: `shown("day/", day="2026-05-12")`."""

    def read(part: str = "", **query: str) -> str:
        return page(desk.get(f"/meters/{meter.pk}/{part}", query))

    return read


def used(meter: Meter, day: date, *, kw: float, skip: tuple[int, ...] = (), **more: Any) -> None:
    """Let a meter draw so much all day, save for some quarter-hours, in Brussels."""
    period = local_day(day, BRUSSELS)
    quarters.fill([meter.pk], start=period.start, end=period.end, kw=kw, **more)
    gone = [period.start + place * QUARTER for place in skip]
    QuarterWindow.objects.filter(meter=meter, start__in=gone).delete()


def of_meter(meter: Meter, day: date, *, now: datetime = NOON) -> days.Day:
    return days.of_meter(meter=meter, day=day, zone=BRUSSELS, now=now)


def said(meter: Meter, at: datetime, *, kw: float, register_kwh: float) -> Reading:
    partitions.ensure(READINGS, [at.date()])
    return Reading.objects.create(
        meter=meter,
        ts=at,
        power_mw=round(kw * 1e6),
        register_mwh=round(register_kwh * 1e6),
        received_at=at,
    )


class TestOfMeter:
    @pytest.mark.parametrize(
        ("day", "count"),
        [(TUESDAY, 96), (date(2026, 3, 29), 92), (date(2025, 10, 26), 100)],
        ids=["a day", "the clock goes forward", "the clock goes back"],
    )
    def test_has_every_quarter_hour_of_the_local_day(
        self, meter: Meter, day: date, count: int
    ) -> None:
        found = of_meter(meter, day)

        assert len(found.slots) == count
        assert found.is_shifted is (count != 96)
        assert found.slots[0].start == local_day(day, BRUSSELS).start

    def test_finds_gaps_and_what_is_partly_estimated(self, meter: Meter) -> None:
        used(meter, TUESDAY, kw=4, skip=(0, 1, 2, 50))
        estimated = local_day(TUESDAY, BRUSSELS).start + 60 * QUARTER
        QuarterWindow.objects.filter(meter=meter, start=estimated).update(
            estimated_mwh=250_000, quality=Quality.ESTIMATED
        )

        found = of_meter(meter, TUESDAY)

        assert [each.quarters for each in found.missing] == [3, 1]
        assert [each.period.start for each in found.estimated] == [estimated]
        assert found.slots[60].measured_mwh == 750_000
        assert found.energy_mwh == 92 * 1_000_000
        assert found.by_quality == [(Quality.ACTUAL, 91_000_000), (Quality.ESTIMATED, 1_000_000)]

    def test_tells_what_is_to_come_and_not_summed_from_what_is_missing(self, meter: Meter) -> None:
        WindowClock.objects.update_or_create(
            pk=1, defaults={"closed_until": NOON - timedelta(minutes=30)}
        )
        Meter.objects.filter(pk=meter.pk).update(registered_at=NOON - timedelta(hours=2))
        meter.refresh_from_db()

        found = of_meter(meter, NOON.date())

        fates = {slot.start: slot.found for slot in found.slots}
        assert fates[NOON - timedelta(hours=3)] is Found.BEFORE
        assert fates[NOON - timedelta(hours=1)] is Found.MISSING
        assert fates[NOON - timedelta(minutes=30)] is Found.WAITING
        assert fates[NOON] is Found.AHEAD
        assert found.energy_mwh is None

    def test_takes_the_median_of_such_days_for_typical(self, meter: Meter) -> None:
        for back, kw in ((1, 2.0), (4, 3.0), (7, 10.0)):  # Monday, Friday, Tuesday
            used(meter, TUESDAY - back * DAY, kw=kw)
        for back in (2, 3):  # a weekend
            used(meter, TUESDAY - back * DAY, kw=50.0)

        slot = of_meter(meter, TUESDAY).slots[40]

        assert (slot.typical.low_mw, slot.typical.middle_mw, slot.typical.high_mw) == (
            2_500_000,
            3_000_000,
            6_500_000,
        )

    def test_knows_nothing_typical_of_two_days_or_of_estimates(self, meter: Meter) -> None:
        used(meter, TUESDAY - DAY, kw=2)
        used(meter, TUESDAY - 4 * DAY, kw=2)
        used(meter, TUESDAY - 5 * DAY, kw=2, quality=Quality.ESTIMATED)

        assert of_meter(meter, TUESDAY).has_typical is False

    def test_never_takes_a_day_for_typical_of_itself(self, meter: Meter) -> None:
        for back in range(3):
            used(meter, TUESDAY + back * DAY, kw=2)

        assert of_meter(meter, TUESDAY).has_typical is False


class TestAccess:
    @pytest.mark.parametrize("part", list(BUDGETS))
    def test_is_refused_to_carl(self, client: Client, carl: User, meter: Meter, part: str) -> None:
        client.force_login(carl)

        assert client.get(f"/meters/{meter.pk}/{part}").status_code == 403

    @pytest.mark.parametrize("part", list(BUDGETS))
    def test_is_not_there_for_an_unknown_meter(self, desk: Client, part: str) -> None:
        assert desk.get(f"/meters/999999999999/{part}").status_code == 404


class TestMeterPage:
    def test_says_what_it_is_and_where_it_hangs(
        self, shown: Callable[..., str], meter: Meter, now: datetime
    ) -> None:
        point = ServicePoint.objects.create(
            code="SP-OLD", region=meter.installations.get().service_point.region
        )
        MeterInstallation.objects.create(
            meter=meter, service_point=point, during=(now - 400 * DAY, now - 100 * DAY)
        )

        page = shown()

        for words in ("Meter MTR-N0", "SP-MTR-N0", "T-North", "F-North", "import only",
                      "up to 100 kW", "every 10 seconds", "SP-OLD"):  # fmt: skip
            assert words in page

    def test_shows_the_last_reading_greyed_when_it_is_old(
        self, shown: Callable[..., str], meter: Meter, now: datetime
    ) -> None:
        LatestReading.objects.create(
            meter=meter, ts=now, power_mw=2_345_000, voltage_mv=229_900, received_at=now
        )
        fresh = shown()
        LatestReading.objects.update(received_at=now - timedelta(minutes=5))

        old = shown()

        assert "<b>2.345</b> kW" in fresh
        assert 'class="figures"' in fresh
        assert "<b>2.345</b> kW" in old
        assert 'class="figures is-old"' in old
        assert "</svg>silent" in old

    def test_says_that_it_was_never_heard(self, shown: Callable[..., str]) -> None:
        page = shown()

        assert "It was never heard" in page
        assert "</b> kW" not in page

    def test_says_the_price_in_force(
        self, shown: Callable[..., str], small_grid: SmallGrid, now: datetime
    ) -> None:
        assert "no price is decided for its region" in shown()
        pricing.policy()
        pricing.decide(small_grid.north, now=now - QUARTER)
        pricing.decide(small_grid.north, now=now)
        cache.clear()

        assert "EUR per kWh" in shown()

    def test_answers_a_script_with_the_part_alone(self, desk: Client, meter: Meter) -> None:
        answer = desk.get(f"/meters/{meter.pk}/day/", headers=FRAGMENT)

        assert answer.content.decode().strip().startswith('<div data-swap="days">')
        assert "X-Fragment" in answer["Vary"]


class TestDayPart:
    def test_shows_raw_beside_final_with_quality(
        self, shown: Callable[..., str], meter: Meter
    ) -> None:
        used(meter, TUESDAY, kw=4, skip=(3,), quality=Quality.ESTIMATED, estimated_kwh=0.25)

        page = shown("day/", day="2026-05-12")

        cells = '<td class="is-figure">0.750</td> <td class="is-figure">0.250</td>'
        assert f'{cells} <td class="is-figure">1.000</td>' in page
        assert '<span aria-hidden="true">◇</span> estimated' in page
        assert '<span aria-hidden="true">✕</span> no reading' in page

    def test_says_which_offset_an_hour_has_that_comes_twice(
        self, shown: Callable[..., str], meter: Meter
    ) -> None:
        page = shown("day/", day="2025-10-26")

        if "100 quarter-hours" in page:  # the site's zone changes its clock then
            assert "+0200" in page
        else:
            assert "+0000" not in page

    @pytest.mark.parametrize("day", ["", "nonsense", "1066-10-14", "2222-01-01"])
    def test_shows_today_for_what_is_no_day(self, shown: Callable[..., str], day: str) -> None:
        today = f"{datetime.now(UTC).astimezone(site_zone()):%Y-%m-%d}"

        assert f'name="day" value="{today}"' in shown("day/", day=day)


class TestReadingsPart:
    def test_shows_what_the_meter_sent_newest_first_by_pages(
        self,
        shown: Callable[..., str],
        desk: Client,
        meter: Meter,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(views, "READINGS", 2)
        noon = datetime(2026, 5, 12, 10, tzinfo=UTC)
        for place in range(3):
            said(meter, noon + place * timedelta(seconds=10), kw=1 + place, register_kwh=9.5)

        first = shown("readings/", day="2026-05-12")
        (address,) = re.findall(r'href="([^"]+)">Older readings', first)
        older = page(desk.get(address.replace("&amp;", "&")))

        powers = r'</th> <td class="is-figure">([\d.]+)</td>'
        assert re.findall(powers, first) == ["3.000", "2.000"]
        assert re.findall(powers, older) == ["1.000"]
        assert "9.500" in first
        assert "Newest of the day" in older

    def test_says_why_there_are_none(self, shown: Callable[..., str]) -> None:
        assert "No raw reading of 2026-05-12 is kept." in shown("readings/", day="2026-05-12")


class TestAlertsPart:
    def test_shows_what_was_wrong_newest_first(
        self, shown: Callable[..., str], small_grid: SmallGrid, meter: Meter, now: datetime
    ) -> None:
        builders.raised(small_grid.north_meters[1], at=now)
        old = builders.raised(meter, Kind.SILENT, at=now - DAY, severity=Severity.LOW)
        new = builders.raised(meter, at=now, severity=Severity.HIGH)

        page = shown("alerts/")

        assert re.findall(r'<th scope="row"><a href="/alerts/(\d+)/">', page) == [
            str(new.pk),
            str(old.pk),
        ]

    def test_is_led_to_from_an_alert(self, desk: Client, meter: Meter, now: datetime) -> None:
        alert = builders.raised(meter, at=now)

        assert f'<a href="/meters/{meter.pk}/">' in page(desk.get(f"/alerts/{alert.pk}/"))

    def test_says_that_nothing_was_wrong(self, shown: Callable[..., str]) -> None:
        assert "Nothing was ever wrong with this meter." in shown("alerts/")


class TestWeight:
    def test_of_a_whole_day_is_small_on_the_line(self, desk: Client, meter: Meter) -> None:
        used(meter, TUESDAY, kw=4)

        answers = [
            desk.get(f"/meters/{meter.pk}/{part}", {"day": "2026-05-12"}, headers=FRAGMENT)
            for part in BUDGETS
        ]

        sent = {
            part: len(gzip.compress(each.content))
            for part, each in zip(BUDGETS, answers, strict=True)
        }
        assert sum(sent.values()) < MOST_SENT, sent


class TestBudgets:
    def test_are_kept_whatever_there_is(
        self, desk: Client, meter: Meter, now: datetime, small_grid: SmallGrid
    ) -> None:
        def count() -> dict[str, int]:
            return {part: queries(desk, f"/meters/{meter.pk}/{part}") for part in BUDGETS}

        pricing.policy()
        pricing.decide(small_grid.north, now=now - QUARTER)
        few = count()
        used(meter, now.date(), kw=2)
        for kind in (Kind.OUTAGE, Kind.SILENT, Kind.VOLTAGE):
            builders.raised(meter, kind, at=now)
        for place in range(5):
            said(meter, now - place * timedelta(seconds=10), kw=1, register_kwh=1)

        assert (few, count()) == (BUDGETS, BUDGETS)
