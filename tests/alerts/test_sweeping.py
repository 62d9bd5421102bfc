"""The sweep with the real database: who is silent, which node is out, what restarts change."""

from datetime import datetime, timedelta

import pytest

from alerts.choices import State, Step
from alerts.conditions.kinds import Kind
from alerts.models import Alert, AlertEvent, AlertRule, Interruption, WatchState
from alerts.services import acting, answering
from alerts.services.sweeping import Sweeper
from meters.choices import RequestState
from meters.models import GatewayRequest, LatestReading, Meter
from meters.services import requests
from segs_site.lib.models import OutboxEvent
from tests.alerts import street
from tests.alerts.street import Life, Street

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)
WITHIN_S = 45  # of the last reading


@pytest.fixture
def noon(now: datetime) -> datetime:
    """A whole minute of this day."""
    return now.replace(hour=12, minute=0, second=0)


@pytest.fixture
def town(db: None, noon: datetime) -> Street:
    """Two feeders of three transformers with ten meters each, heard through three head-ends."""
    return street.lay("Town", since=noon - YEAR, feeders=2, transformers=3, meters=10, gateways=3)


@pytest.fixture
def life(town: Street, noon: datetime) -> Life:
    """The town, reporting for a minute."""
    life = Life(town.meters, noon)
    life.run(60)
    return life


def causes() -> list[str]:
    """Return kind and subject of what stands by itself, in order."""
    alerts = Alert.objects.open().causes().exclude(state=State.CLEARED)
    return sorted(f"{alert.kind} {alert.subject}" for alert in alerts)


class TestAMeter:
    def test_that_reports_is_no_alarm(self, life: Life) -> None:
        life.run(120)

        assert not Alert.objects.exists()

    def test_that_falls_silent_is_found_in_time(self, life: Life, town: Street) -> None:
        dead = town.meters[7]

        life.run(WITHIN_S, without={dead.pk})

        [alert] = Alert.objects.all()
        assert (alert.kind, alert.meter) == (Kind.SILENT, dead)
        assert alert.region == town.region

    def test_that_comes_back_is_cleared(self, life: Life, town: Street) -> None:
        life.run(60, without={town.meters[7].pk})
        life.run(60)

        assert causes() == []
        assert Alert.objects.get().state == State.CLEARED

    def test_that_never_sent_is_silent_after_its_first_due_time(
        self, life: Life, town: Street
    ) -> None:
        mute = town.meters[0]
        LatestReading.objects.filter(meter=mute).delete()
        WatchState.objects.all().delete()

        life.run(60, without={mute.pk})

        assert causes() == [f"silent meter:{mute.pk}"]

    def test_that_says_it_draws_nothing_is_an_outage(self, life: Life, town: Street) -> None:
        dark = town.meters[7]

        for _ in range(25):
            life.run(2, without={dark.pk})
            if life.now.second % 10 == 0:
                life.say([dark.pk], kw=0.0)

        [alert] = Alert.objects.all()
        assert (alert.kind, alert.meter) == (Kind.OUTAGE, dark)
        assert alert.baseline == pytest.approx(0.5)
        assert Interruption.objects.get().meter == dark

    def test_raises_nothing_by_an_old_low_reading_after_a_new_one(
        self, life: Life, town: Street
    ) -> None:
        life.say([meter.pk for meter in town.meters], kw=0.0, at=life.now - timedelta(hours=1))

        life.run(60)

        assert not Alert.objects.exists()

    def test_stays_watched_when_it_sends_in_the_instant_of_the_sweep(
        self, life: Life, town: Street
    ) -> None:
        last = town.meters[7].pk
        life.run(26, without={last})
        life.say([last], kw=0.5)
        life.sweep()
        assert not Alert.objects.exists()

        life.run(WITHIN_S, without={last})

        assert causes() == [f"silent meter:{last}"]

    def test_is_raised_anew_when_it_was_resolved_and_holds(self, life: Life, town: Street) -> None:
        dead = {town.meters[7].pk}
        life.run(60, without=dead)
        acting.resolve(alert=Alert.objects.get(), by="olga@utility.example", now=life.now)

        life.run(70, without=dead)

        assert [alert.is_quiet for alert in Alert.objects.order_by("pk")] == [False, True]

    def test_goes_by_the_rule_as_it_stands(self, life: Life, town: Street) -> None:
        AlertRule.objects.filter(kind=Kind.SILENT).update(is_enabled=False)

        life.run(120, without={town.meters[7].pk})

        assert not Alert.objects.exists()


class TestANode:
    def test_that_is_out_is_one_alarm_with_its_meters_below(
        self, life: Life, town: Street
    ) -> None:
        node = town.transformers[1]

        life.run(WITHIN_S, without=town.below(node))

        assert causes() == [f"transformer_outage transformer:{node.pk}"]
        alert = Alert.objects.get(kind=Kind.TRANSFORMER_OUTAGE)
        assert (alert.value, alert.baseline) == (10, 10)
        assert alert.children.count() == 10

    def test_takes_the_highest_that_fits(self, life: Life, town: Street) -> None:
        feeder = town.feeders[0]

        life.run(WITHIN_S, without=town.below(feeder))

        assert causes() == [f"feeder_outage feeder:{feeder.pk}"]

    def test_that_is_dark_still_when_its_feeder_is_back_stands_by_itself(
        self, life: Life, town: Street
    ) -> None:
        life.run(120, without=town.below(town.feeders[0]))

        life.run(60, without=town.below(town.transformers[0]))

        assert causes() == [f"transformer_outage transformer:{town.transformers[0].pk}"]

    def test_writes_who_was_without_supply_and_for_how_long(
        self, life: Life, town: Street
    ) -> None:
        node = town.transformers[1]
        life.run(600, without=town.below(node))
        assert Interruption.objects.running().count() == 10

        life.run(60)

        spells = list(Interruption.objects.all())
        assert len(spells) == 10
        for spell in spells:
            assert spell.ended_at is not None
            lasted = (spell.ended_at - spell.started_at).total_seconds()
            assert lasted == pytest.approx(600, abs=6)
        assert causes() == []

    def test_asks_a_sample_when_it_is_proposed_and_when_it_is_over(
        self, life: Life, town: Street
    ) -> None:
        life.run(60, without=town.below(town.transformers[1]))
        proposed = GatewayRequest.objects.count()
        GatewayRequest.objects.update(expires_at=life.now)
        life.run(60)

        assert proposed == 5
        assert GatewayRequest.objects.count() == 10


class TestAPing:
    @pytest.fixture
    def dark(self, life: Life, town: Street) -> tuple[set[int], list[GatewayRequest]]:
        """A transformer that is told as dark, and what was fetched of it."""
        below = town.below(town.transformers[1])
        life.run(60, without=below)
        GatewayRequest.objects.update(state=RequestState.SENT, sent_at=life.now)
        return below, list(GatewayRequest.objects.select_related("meter").order_by("pk"))

    def answer(self, asked: list[GatewayRequest], life: Life, *, succeeded: bool) -> None:
        for request in asked:
            said = requests.Answer(succeeded=succeeded)
            requests.answer(request_id=request.pk, key_prefix="", answer=said, now=life.now)

    def notes(self) -> list[tuple[str, str]]:
        told = AlertEvent.objects.filter(step=Step.NOTED).order_by("pk")
        return [(event.alert.kind, event.note) for event in told.select_related("alert")]

    def test_that_is_answered_clears_the_meter_and_is_noted(
        self, life: Life, dark: tuple[set[int], list[GatewayRequest]]
    ) -> None:
        below, asked = dark
        there = asked[0].meter
        self.answer(asked[:1], life, succeeded=True)
        life.run(20, without=below)

        note = f"Ping answered, so with supply: {there.serial}."
        assert self.notes() == [(Kind.TRANSFORMER_OUTAGE, note)]
        assert not Alert.objects.open().filter(meter=there).exists()
        assert Alert.objects.open().filter(kind=Kind.OUTAGE).count() == 9
        assert Interruption.objects.get(meter=there).ended_at is not None
        assert Interruption.objects.filter(ended_at=None).count() == 9

    def test_that_most_answer_ends_the_outage(
        self, life: Life, town: Street, dark: tuple[set[int], list[GatewayRequest]]
    ) -> None:
        below, asked = dark
        others = [each for each in town.meters if each.pk in below - {a.meter_id for a in asked}]
        requests.ping(meters=others[:3], reason="by hand", now=life.now)
        GatewayRequest.objects.update(state=RequestState.SENT, sent_at=life.now)
        self.answer(list(GatewayRequest.objects.all()), life, succeeded=True)
        life.run(60, without=below)

        open_now = Alert.objects.open().exclude(state=State.CLEARED)
        assert not open_now.filter(kind=Kind.TRANSFORMER_OUTAGE).exists()

    def test_that_is_not_answered_confirms(
        self, life: Life, dark: tuple[set[int], list[GatewayRequest]]
    ) -> None:
        below, asked = dark
        self.answer(asked[:2], life, succeeded=False)
        life.run(4, without=below)
        GatewayRequest.objects.filter(state=RequestState.SENT).update(state=RequestState.EXPIRED)
        life.run(4, without=below)

        first, second = ([one.meter.serial for one in some] for some in (asked[:2], asked[2:]))
        assert self.notes() == [
            (Kind.TRANSFORMER_OUTAGE, f"Ping not answered: {', '.join(some)}.")
            for some in (first, second)
        ]
        assert Alert.objects.open().filter(kind=Kind.OUTAGE).count() == 10

    def test_that_no_head_end_has_fetched_says_nothing(
        self, life: Life, dark: tuple[set[int], list[GatewayRequest]]
    ) -> None:
        below, _ = dark
        GatewayRequest.objects.update(state=RequestState.EXPIRED, sent_at=None)
        life.run(4, without=below)

        assert self.notes() == []

    def test_of_what_is_resolved_is_noted_and_told_to_nobody(
        self, life: Life, town: Street, dark: tuple[set[int], list[GatewayRequest]]
    ) -> None:
        _, asked = dark
        cause = Alert.objects.get(kind=Kind.TRANSFORMER_OUTAGE)
        acting.resolve(alert=cause, by="olga@utility.example", now=life.now)
        told = OutboxEvent.objects.count()
        self.answer(asked[:1], life, succeeded=False)
        answering.heed(now=life.now)

        assert [kind for kind, _ in self.notes()] == [Kind.TRANSFORMER_OUTAGE]
        assert OutboxEvent.objects.count() == told


class TestAGateway:
    def test_that_is_lost_is_no_outage(self, life: Life, town: Street) -> None:
        lost = town.gateways[1]

        life.run(120, without=set(lost.meters.values_list("pk", flat=True)))

        assert causes() == [f"gateway_lost gateway:{lost.pk}"]
        assert not Interruption.objects.exists()

    def test_that_is_back_is_cleared(self, life: Life, town: Street) -> None:
        life.run(120, without=set(town.gateways[1].meters.values_list("pk", flat=True)))

        life.run(60)

        assert causes() == []


class TestTheInput:
    def test_that_stops_is_one_alarm(self, life: Life, town: Street) -> None:
        everybody = {meter.pk for meter in town.meters}

        life.run(600, without=everybody)

        assert [alert.kind for alert in Alert.objects.all()] == [Kind.NO_INPUT]

    def test_is_back_without_an_alarm(self, life: Life, town: Street) -> None:
        life.run(300, without={meter.pk for meter in town.meters})

        life.run(120)

        assert causes() == []
        assert Alert.objects.count() == 1

    def test_that_we_do_not_read_is_none(self, life: Life) -> None:
        life.is_read = False
        life.run(300)
        life.is_read = True
        life.run(120)

        assert not Alert.objects.exists()


class TestARestart:
    def test_of_everything_with_5000_healthy_meters_raises_nothing(self, noon: datetime) -> None:
        city = street.lay("City", since=noon - YEAR, feeders=25, transformers=4, meters=50)
        life = Life(city.meters, noon)
        life.run(20)

        life.now += timedelta(minutes=10)
        life.sweeper = Sweeper()
        life.run(60)

        assert Meter.objects.count() == 5000
        assert not Alert.objects.exists()

    def test_remembers_what_was_out(self, life: Life, town: Street) -> None:
        dark = town.below(town.transformers[1])
        life.run(60, without=dark)

        life.sweeper = Sweeper()
        life.run(60)

        assert causes() == []
        assert Interruption.objects.running().count() == 0
