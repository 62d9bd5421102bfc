"""A meter takes another's place: one series goes on, whoever asks for it and however it is cut."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client

from accounts import selectors as accounts
from accounts.models import Customer, CustomerAccount, ServiceAgreement, User
from billing.selectors import supplies, usage
from grid.models import RegionMinute, RegionQuarter
from meters import intervals
from meters.choices import Flow
from meters.intervals import Granularity
from meters.models import (
    MINUTES,
    QUARTERS,
    READINGS,
    Meter,
    MeterExchange,
    MeterInstallation,
    MinuteWindow,
    QuarterWindow,
    Reading,
    WindowMark,
    WindowRevision,
)
from meters.selectors import energy, histories
from meters.selectors.histories import Resolution
from meters.services import exchange, sums, windows
from meters.services.exchange import Dials, Order
from segs_site.lib import partitions
from segs_site.lib.choices import Quality
from segs_site.lib.models import AuditEntry
from segs_site.lib.periods import MINUTE, QUARTER, Period, floor, local_day, window_of_reading
from tariffs.models import RatePlan
from tests import worlds
from tests.accounts.builders import signed_in
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

KWH = 1_000_000
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
AT = NOON + timedelta(minutes=7, seconds=30)
READ = {"final": Dials(Decimal("100.25")), "first": Dials(Decimal("37.5"))}


def prepare(days: Sequence[date]) -> None:
    for table in (READINGS, MINUTES, QUARTERS):
        partitions.ensure(table, days)


@pytest.fixture
def old(small_grid: SmallGrid) -> Meter:
    """A meter that reports every quarter-hour."""
    prepare([NOON.date()])
    return worlds.meter(
        "MTR-OLD", region=small_grid.north, since=NOON - timedelta(days=90), interval_s=900
    )


def said(
    meter: Meter,
    at: datetime,
    *,
    kw: float,
    kwh: float | None = None,
    register: float | None = None,
) -> None:
    Reading.objects.create(
        meter=meter,
        ts=at,
        power_mw=round(kw * KWH),
        energy_mwh=None if kwh is None else round(kwh * KWH),
        register_mwh=None if register is None else round(register * KWH),
        received_at=at,
    )


def summed(*meters: Meter) -> None:
    """Sum every window of meters from their readings."""
    rows = Reading.objects.filter(meter__in=meters).values_list("meter_id", "ts")
    minutes = sorted({(meter, window_of_reading(ts, MINUTE)) for meter, ts in rows})
    quarters = sorted({(meter, floor(minute, QUARTER)) for meter, minute in minutes})
    shards = [meter.shard for meter in meters]
    with connection.cursor() as cursor:
        sums.single_minutes(cursor, pairs=minutes, shards=shards, now=NOON)
        sums.single_quarters(cursor, pairs=quarters, now=NOON)


def exchanged(old: Meter, *, at: datetime = AT, serial: str = "MTR-NEW", **said: object) -> Meter:
    order = Order(serial=serial, at=at, **READ | said)  # type: ignore[arg-type]
    made, _ = exchange.exchange_meter(
        meter_id=old.pk, order=order, by="olga", now=at + timedelta(hours=4)
    )
    return made.hung


def quarter(meter: Meter, start: datetime = NOON) -> QuarterWindow:
    return QuarterWindow.objects.get(meter=meter, start=start)


class TestExchange:
    def test_hangs_the_new_meter_where_the_old_one_hung(self, old: Meter) -> None:
        new = exchanged(old)

        places = MeterInstallation.objects.filter(service_point__code="SP-MTR-OLD")
        assert [(p.meter, p.during.lower, p.during.upper) for p in places.order_by("during")] == [
            (old, NOON - timedelta(days=90), AT),
            (new, AT, None),
        ]
        assert (new.flow, new.limit_kw, new.reading_interval_s) == (
            old.flow, old.limit_kw, old.reading_interval_s,
        )  # fmt: skip
        made = MeterExchange.objects.get()
        assert (made.final_mwh, made.first_mwh) == (100_250_000, 37_500_000)
        assert (made.final_export_mwh, made.entered_by) == (None, "olga")
        assert AuditEntry.objects.filter(subject_type="meters.MeterExchange").count() == 1

    def test_entered_twice_is_one(self, old: Meter) -> None:
        assert exchanged(old) == exchanged(old)

        assert MeterExchange.objects.count() == 1

    def test_keeps_the_ratio_unless_another_is_named(self, old: Meter) -> None:
        MeterInstallation.objects.filter(meter=old).update(multiplier=80)

        new = exchanged(old)
        newest = exchanged(new, at=AT + timedelta(hours=1), serial="MTR-NEWEST",
                           multiplier=Decimal(120), final=Dials(), first=Dials())  # fmt: skip

        assert [m.installations.get().multiplier for m in (old, new, newest)] == [80, 80, 120]

    def test_takes_a_meter_from_the_place_it_got_unannounced(self, old: Meter) -> None:
        new = worlds.meter("MTR-NEW", region=old.installations.get().service_point.region,
                           since=NOON - timedelta(days=1))  # fmt: skip
        Meter.objects.filter(pk=new.pk).update(auto_registered=True)
        point = new.installations.get().service_point
        point.code = "auto-MTR-NEW"
        point.save()

        exchanged(old)

        assert [p.service_point.code for p in new.installations.order_by("during")] == [
            "auto-MTR-NEW",
            "SP-MTR-OLD",
        ]

    @pytest.mark.parametrize(
        ("said", "refusal"),
        [
            ({"serial": "MTR-S0"}, exchange.HangsElsewhere),
            ({"serial": "MTR-OLD"}, exchange.HangsElsewhere),
            ({"at": NOON - timedelta(days=900)}, exchange.NotHanging),
            ({"at": NOON - timedelta(days=90)}, exchange.NotHanging),
            ({"final": Dials(Decimal(99))}, exchange.OddRead),
            ({"final": Dials(Decimal(100_000))}, exchange.OddRead),
        ],
        ids=["hangs elsewhere", "itself", "before it hung", "as it was hung", "below", "too wide"],
    )
    def test_is_refused(self, old: Meter, said: dict[str, object], refusal: type) -> None:
        Meter.objects.filter(pk=old.pk).update(register_digits=5)
        Reading.objects.create(
            meter=old, ts=NOON, power_mw=0, register_mwh=100_000_000, received_at=NOON
        )

        with pytest.raises(refusal):
            exchanged(old, **said)  # type: ignore[arg-type]

        assert not MeterExchange.objects.exists()
        assert MeterInstallation.objects.get(meter=old).during.upper is None

    def test_of_a_moment_to_come_and_another_at_its_moment_are_refused(self, old: Meter) -> None:
        with pytest.raises(exchange.NotYet):
            exchange.exchange_meter(
                meter_id=old.pk, order=Order("MTR-NEW", AT), by="", now=AT - MINUTE
            )
        exchanged(old)
        with pytest.raises(exchange.AlreadyExchanged):
            exchanged(old, serial="MTR-OTHER")


class TestWindowsOfASlowMeter:
    def test_share_the_quarter_hour_each_to_what_its_register_moved(self, old: Meter) -> None:
        said(old, NOON, kw=2, kwh=0.5, register=100)
        new = exchanged(old)
        said(new, NOON + QUARTER, kw=3, kwh=0.375, register=37.875)
        summed(old, new)

        assert (quarter(old).energy_mwh, quarter(new).energy_mwh) == (250_000, 375_000)
        assert {quarter(old).quality, quarter(new).quality} == {Quality.ACTUAL}
        assert (quarter(old).estimated_mwh, quarter(new).estimated_mwh) == (0, 0)

    def test_power_alone_counts_from_the_moment_the_meter_was_hung(self, old: Meter) -> None:
        new = exchanged(old)
        said(new, NOON + QUARTER, kw=3)
        summed(new)

        assert quarter(new).energy_mwh == 375_000

    def test_a_meter_that_goes_on_in_the_workshop_counts_for_nobody(self, old: Meter) -> None:
        new = exchanged(old)
        said(old, NOON + QUARTER, kw=9, kwh=9)
        summed(old, new)

        assert not QuarterWindow.objects.filter(meter=old, start=NOON).exists()
        assert not MinuteWindow.objects.filter(meter=old, region__isnull=False).exists()


class TestWindowsOfAFastMeter:
    @pytest.fixture
    def fast(self, old: Meter) -> Meter:
        Meter.objects.filter(pk=old.pk).update(reading_interval_s=10)
        old.refresh_from_db()
        return old

    def test_share_the_minute_and_nothing_is_counted_twice(self, fast: Meter) -> None:
        for place in range(1, 91):
            said(fast, NOON + place * timedelta(seconds=10), kw=3.6, kwh=0.01)
        summed(fast)
        assert quarter(fast).energy_mwh == 900_000

        new = exchanged(fast)
        for place in range(46, 91):
            said(new, NOON + place * timedelta(seconds=10), kw=3.6, kwh=0.01)
        summed(fast, new)

        assert (quarter(fast).energy_mwh, quarter(new).energy_mwh) == (450_000, 450_000)
        assert quarter(fast).quality == quarter(new).quality == Quality.ACTUAL
        minute = MinuteWindow.objects.get(meter=new, start=NOON + 7 * MINUTE)
        assert (minute.count, minute.expected, minute.energy_mwh) == (3, 3, 30_000)
        assert minute.region_id is not None

    def test_closing_a_minute_for_all_sums_a_broken_one_apart(self, fast: Meter) -> None:
        new = exchanged(fast)
        for meter in (fast, new):  # both speak for the whole minute; each counts for its half
            for place in range(6):
                said(meter, NOON + 7 * MINUTE + (place + 1) * timedelta(seconds=10),
                     kw=3.6, kwh=0.01)  # fmt: skip
        with connection.cursor() as cursor:
            sums.whole_minute(
                cursor, minute=NOON + 7 * MINUTE, shards=[fast.shard, new.shard], now=NOON
            )
            sums.whole_quarters(cursor, starts=[NOON], now=NOON)
            sums.region_minutes(cursor, starts=[NOON + 7 * MINUTE], now=NOON)
            sums.region_quarters(cursor, starts=[NOON], now=NOON)

        half = MinuteWindow.objects.filter(start=NOON + 7 * MINUTE).values_list(
            "count", "expected"
        )
        assert list(half) == [(3, 3), (3, 3)]
        load = RegionMinute.objects.get(region__code="North", start=NOON + 7 * MINUTE)
        assert (load.load_mw, load.energy_mwh) == (3_600_000, 60_000)
        whole = RegionQuarter.objects.get(region__code="North", start=NOON)
        assert whole.load_mw == 3_600_000

    def test_what_was_summed_before_the_exchange_was_known_is_marked_to_be_summed_anew(
        self, fast: Meter
    ) -> None:
        said(fast, AT - MINUTE, kw=1)
        said(fast, AT + 2 * MINUTE, kw=1)

        exchanged(fast)

        marks = WindowMark.objects.filter(meter_id=fast.pk).values_list("minute", flat=True)
        assert sorted(marks) == [NOON + 6 * MINUTE, NOON + 9 * MINUTE]


class TestRatio:
    def test_is_applied_once_to_windows_and_never_to_readings(self, old: Meter) -> None:
        MeterInstallation.objects.filter(meter=old).update(multiplier=Decimal("80"))
        said(old, NOON + QUARTER, kw=2, kwh=0.5)
        summed(old)
        summed(old)

        window = quarter(old)
        assert (window.energy_mwh, window.mean_mw, window.max_mw) == (40 * KWH, *(160 * KWH,) * 2)
        assert Reading.objects.get().energy_mwh == 500_000


class TestFedIn:
    def test_stands_beside_what_was_drawn_and_is_never_netted(self, old: Meter) -> None:
        Meter.objects.filter(pk=old.pk).update(flow=Flow.BOTH, reading_interval_s=60)
        MeterInstallation.objects.filter(meter=old).update(multiplier=2)
        for place in range(1, 16):
            kwh = -0.02 if place > 10 else 0.01
            said(old, NOON + place * MINUTE, kw=kwh * 60, kwh=kwh)
        summed(old)

        window = quarter(old)
        assert (window.energy_mwh, window.export_mwh) == (0, 200_000)
        spans = [energy.Span(0, old.pk, Period(NOON, NOON + QUARTER))]
        found = energy.sums(spans=spans, buckets=[Period(NOON, NOON + QUARTER)])[0, 0]
        assert (found.energy_mwh, found.import_mwh, found.export_mwh) == (0, 200_000, 200_000)


class TestRevisions:
    def test_of_a_quarter_hour_stay_readable(self, old: Meter) -> None:
        said(old, NOON + QUARTER, kw=2)
        summed(old)
        Reading.objects.update(power_mw=4 * KWH)
        summed(old)
        summed(old)

        before = WindowRevision.objects.get()
        assert (before.start, before.energy_mwh, before.since, before.until) == (
            NOON, 500_000, NOON, NOON,
        )  # fmt: skip
        assert quarter(old).energy_mwh == 1_000_000

    def test_are_shown_to_who_watches(self, old: Meter, olga: User) -> None:
        said(old, NOON + QUARTER, kw=2)
        summed(old)
        Reading.objects.update(power_mw=4 * KWH)
        summed(old)
        asked = {"start": "2026-11-20T00:00:00Z", "end": "2026-11-21T00:00:00Z"}

        answer = signed_in(olga).get(f"/api/admin/meters/{old.pk}/revisions", asked).json()

        (row,) = answer["results"]
        assert (row["energy_kwh"], row["quality"], row["count"]) == (0.5, "calculated", 1)


class TestMarksOfMinutesWhoseReadingsAreGone:
    def test_are_told_of(self, caplog: pytest.LogCaptureFixture) -> None:
        WindowMark.objects.create(shard=0, minute=NOON)

        windows._read_marks(before=NOON + MINUTE, now=NOON + timedelta(days=1000))

        assert "left 1 marks alone" in caplog.text


class TestLateExchange:
    def test_heals_what_the_region_was_taken_to_draw(self, old: Meter) -> None:
        Meter.objects.filter(pk=old.pk).update(reading_interval_s=60)
        for place in range(1, 31):
            said(old, NOON + place * MINUTE, kw=6)
        minutes = [NOON + place * MINUTE for place in range(30)]

        def close() -> None:
            with connection.cursor() as cursor:
                pairs = [(meter.pk, minute) for minute in minutes for meter in Meter.objects.all()]
                sums.single_minutes(cursor, pairs=pairs, shards=range(64), now=NOON)
                sums.whole_quarters(cursor, starts=[NOON, NOON + QUARTER], now=NOON)
                sums.region_quarters(cursor, starts=[NOON, NOON + QUARTER], now=NOON)

        close()
        new = exchanged(old, at=NOON + QUARTER, final=Dials(), first=Dials())
        for place in range(16, 31):
            said(new, NOON + place * MINUTE, kw=3)
        close()

        rows = RegionQuarter.objects.filter(region__code="North").order_by("start")
        assert [row.energy_mwh for row in rows] == [1_500_000, 750_000]
        assert not QuarterWindow.objects.filter(
            meter=old, start=NOON + QUARTER, region__isnull=False
        ).exists()


ZONES = {
    "Europe/Brussels": date(2026, 10, 25),  # 25 hours
    "America/New_York": date(2026, 11, 1),
    "Australia/Lord_Howe": date(2026, 10, 4),  # 23 hours and a half
    "Australia/Brisbane": date(2026, 10, 4),  # the zone of the NEM: 24, always
}


class TestSeries:
    @pytest.mark.parametrize(("name", "day"), ZONES.items(), ids=list(ZONES))
    def test_agrees_by_day_month_quarter_hour_and_bill(
        self, small_grid: SmallGrid, carl: User, name: str, day: date
    ) -> None:
        zone = ZoneInfo(name)
        whole = Period(local_day(day, zone).start, local_day(day + timedelta(1), zone).end)
        at = whole.start + timedelta(hours=31, minutes=7, seconds=30)
        prepare([day + timedelta(days) for days in range(-2, 4)])
        old = worlds.meter("MTR-OLD", region=small_grid.north, since=whole.start, interval_s=900)
        account = served(carl, old, since=whole.start)
        new = filled(old, whole, at)
        mine = accounts.supplies(user_id=carl.pk)
        spans = accounts.spans_of(mine, period=whole)

        by = {
            granularity: [
                part.energy_mwh
                for _, part in sorted(
                    energy.sums(
                        spans=spans, buckets=intervals.cut(whole, granularity, zone)
                    ).items()
                )
            ]
            for granularity in Granularity
        }

        days = [local_day(day + timedelta(n), zone) for n in range(2)]
        assert by[Granularity.DAY] == [expected(part, at) for part in days]
        truth = expected(whole, at)
        assert {sum(filter(None, parts)) for parts in by.values()} == {truth}
        assert len(by[Granularity.QUARTER]) == whole.length // QUARTER
        (part,) = supplies.parts(periods={account.pk: whole})[account.pk]
        (billed,) = usage.quarters([part])
        assert (len(billed), int(billed.energy.sum())) == (whole.length // QUARTER, truth)
        rows = [
            row
            for serial in (old.serial, new.serial)
            for row in histories.history(
                spans=accounts.spans_of_meter(mine, serial=serial, period=whole),
                resolution=Resolution.QUARTER,
            )
        ]
        assert sum(row["energy_mwh"] for row in rows) == truth

    def test_of_a_tenant_holds_no_quarter_hour_of_the_one_before(
        self, old: Meter, carl: User
    ) -> None:
        served(carl, old, since=AT)
        said(old, NOON + QUARTER, kw=2, kwh=0.5)
        summed(old)

        spans = accounts.spans_of(
            accounts.supplies(user_id=carl.pk), period=Period(NOON, NOON + QUARTER)
        )

        assert energy.sums(spans=spans, buckets=[Period(NOON, NOON + QUARTER)]) == {}


def served(carl: User, meter: Meter, *, since: datetime) -> CustomerAccount:
    customer = Customer.objects.create(code="C-1", name="Carl", user=carl)
    account = CustomerAccount.objects.create(number="A-1", customer=customer)
    plan = RatePlan.objects.create(code="standard", name="Standard")
    point = meter.installations.get().service_point
    ServiceAgreement.objects.create(
        account=account, service_point=point, plan=plan, during=(since, None)
    )
    return account


def filled(old: Meter, whole: Period, at: datetime) -> Meter:
    """Fill a period: 2 kW of the old meter until the exchange, 3 kW of the new one after it."""
    ends = [part.end for part in whole.windows(QUARTER)]
    for count, end in enumerate(ends):
        if end <= at:
            said(old, end, kw=2, kwh=0.5, register=100 + 0.5 * (count + 1))
    moved = Decimal((at - whole.start) // timedelta(seconds=1)) * 2 / 3600
    order = Order("MTR-NEW", at, Dials(100 + moved), Dials(Decimal("99999.3")))
    made, _ = exchange.exchange_meter(meter_id=old.pk, order=order, by="olga", now=whole.end)
    for end in ends:
        if end > at:
            hours = min(QUARTER, end - at) / timedelta(hours=1)
            said(made.hung, end, kw=3, kwh=3 * hours)
    summed(old, made.hung)
    return made.hung


def expected(part: Period, at: datetime) -> int:
    hour = timedelta(hours=1)
    before = max(min(part.end, at) - part.start, timedelta(0)) / hour
    after = max(part.end - max(part.start, at), timedelta(0)) / hour
    return round((2 * before + 3 * after) * KWH)


class TestDoor:
    path = "/api/admin/meters/{}/exchange"
    body = {
        "serial": "MTR-NEW",
        "at": AT.isoformat(),
        "final_kwh": "100.25",
        "first_kwh": "37.5",
        "reason": "calibration due",
    }

    def test_exchanges_once_and_shows_it(self, old: Meter, olga: User) -> None:
        client = signed_in(olga)
        path = self.path.format(old.pk)

        made = client.post(path, self.body, content_type="application/json")
        again = client.post(path, self.body, content_type="application/json")

        assert (made.status_code, again.status_code) == (201, 200), made.content
        assert made.json() == again.json()
        assert {name: made.json()[name] for name in ("removed", "hung", "final_kwh")} == {
            "removed": "MTR-OLD",
            "hung": "MTR-NEW",
            "final_kwh": "100.25",
        }
        shown = client.get(f"/api/admin/meters/{old.pk}").json()
        assert [each["hung"] for each in shown["exchanges"]] == ["MTR-NEW"]
        assert shown["installations"][0]["multiplier"] == "1"

    @pytest.mark.parametrize(
        ("said", "code"),
        [
            ({"serial": "MTR-S0"}, "hangs_elsewhere"),
            ({"at": "2001-01-01T00:00:00Z"}, "not_hanging"),
            ({"at": "2100-01-01T00:00:00Z"}, "not_yet"),
        ],
    )
    def test_says_why_it_does_not(
        self, old: Meter, olga: User, said: dict[str, str], code: str
    ) -> None:
        answer = signed_in(olga).post(
            self.path.format(old.pk), self.body | said, content_type="application/json"
        )

        assert (answer.status_code, answer.json()["code"]) == (409, code)

    def test_refuses_what_is_no_exchange(self, old: Meter, olga: User) -> None:
        answer = signed_in(olga).post(
            self.path.format(old.pk), {"serial": "", "final_kwh": -1},
            content_type="application/json",
        )  # fmt: skip

        assert answer.status_code == 400
        assert signed_in(olga).post(
            self.path.format(999_999), self.body, content_type="application/json"
        ).status_code == 404  # fmt: skip


class TestPage:
    def test_shows_the_form_and_exchanges(self, client: Client, old: Meter, olga: User) -> None:
        client.force_login(olga)
        path = f"/meters/{old.pk}/exchange/"
        form = {
            "serial": "MTR-NEW", "at": "2026-11-20T12:07:30",
            "final_kwh": "100.25", "first_kwh": "37.5", "multiplier": "", "reason": "",
        }  # fmt: skip

        page = client.get(path).content.decode()
        done = client.post(path, form)

        made = MeterExchange.objects.get()
        assert "MTR-OLD" in page
        assert done.status_code == 302
        assert done["Location"] == f"/meters/{made.hung_id}/"
        shown = client.get(f"/meters/{old.pk}/").content.decode()
        assert "MTR-NEW" in shown

    def test_keeps_what_was_written_and_says_why_it_does_not(
        self, client: Client, old: Meter, olga: User
    ) -> None:
        form = {"serial": "MTR-S0", "at": "2026-11-20T12:07"}

        client.force_login(olga)
        page = client.post(f"/meters/{old.pk}/exchange/", form)

        assert page.status_code == 200
        assert "hangs at another service point" in page.content.decode()
