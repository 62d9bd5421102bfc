"""What is asked of meters through their head-ends: fetched, answered once, or expired."""

from datetime import datetime, timedelta

import pytest

from meters.choices import RequestState
from meters.models import Gateway, GatewayRequest, Meter
from meters.services import requests
from meters.services.requests import Answer, NotWaiting, NotYours
from tests.worlds import SmallGrid

pytestmark = pytest.mark.django_db

OWN_KEY, OTHER_KEY = "segs-north", "segs-south"


@pytest.fixture
def meter(small_grid: SmallGrid) -> Meter:
    """A meter of the north, heard through the north's head-end."""
    meter = small_grid.north_meters[0]
    meter.gateway = Gateway.objects.create(code="North-1", key_prefix=OWN_KEY)
    meter.save()
    return meter


def ask(meter: Meter, *, now: datetime) -> GatewayRequest:
    requests.ping(meters=[meter], reason="an outage is proposed", now=now)
    return GatewayRequest.objects.latest("pk")


class TestPing:
    def test_asks_a_meter_once_while_it_waits(self, meter: Meter, now: datetime) -> None:
        assert requests.ping(meters=[meter], reason="", now=now) == 1
        assert requests.ping(meters=[meter], reason="", now=now) == 0
        assert requests.ping(meters=[meter], reason="", now=now + requests.PING_LASTS) == 1


class TestFetch:
    def test_gives_a_head_end_its_own_and_marks_it(self, meter: Meter, now: datetime) -> None:
        request = ask(meter, now=now)

        assert requests.fetch(key_prefix=OTHER_KEY, now=now) == []
        assert requests.fetch(key_prefix=OWN_KEY, now=now) == [request]

        request.refresh_from_db()
        assert (request.state, request.sent_at) == (RequestState.SENT, now)

    def test_gives_it_again_until_it_is_answered(self, meter: Meter, now: datetime) -> None:
        request = ask(meter, now=now)
        requests.fetch(key_prefix=OWN_KEY, now=now)

        assert requests.fetch(key_prefix=OWN_KEY, now=now) == [request]

    def test_gives_nothing_that_has_expired(self, meter: Meter, now: datetime) -> None:
        ask(meter, now=now)

        assert requests.fetch(key_prefix=OWN_KEY, now=now + requests.PING_LASTS) == []

    def test_gives_anybody_what_has_no_head_end(
        self, small_grid: SmallGrid, now: datetime
    ) -> None:
        request = ask(small_grid.south_meters[0], now=now)

        assert requests.fetch(key_prefix=OTHER_KEY, now=now) == [request]


class TestAnswer:
    def test_is_written_down_once(self, meter: Meter, now: datetime) -> None:
        request = ask(meter, now=now)
        said = Answer(succeeded=True, text="here")
        requests.answer(request_id=request.pk, key_prefix=OWN_KEY, answer=said, now=now)

        with pytest.raises(NotWaiting):
            requests.answer(request_id=request.pk, key_prefix=OWN_KEY, answer=said, now=now)

        request.refresh_from_db()
        assert (request.state, request.succeeded, request.answer) == ("answered", True, "here")

    def test_of_another_head_end_is_refused(self, meter: Meter, now: datetime) -> None:
        request = ask(meter, now=now)

        with pytest.raises(NotYours):
            requests.answer(
                request_id=request.pk, key_prefix=OTHER_KEY, answer=Answer(succeeded=True), now=now
            )


class TestExpire:
    def test_closes_what_nobody_answered_in_time(self, meter: Meter, now: datetime) -> None:
        request = ask(meter, now=now)

        assert requests.expire(now=now + requests.PING_LASTS - timedelta(seconds=1)) == 0
        assert requests.expire(now=now + requests.PING_LASTS) == 1

        request.refresh_from_db()
        assert request.state == RequestState.EXPIRED
