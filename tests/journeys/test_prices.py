"""From the decision of a price, and from a forecast, to a client, through the real processes."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from websockets.sync.client import ClientConnection, connect

from benchmarks.stack import Stack

pytestmark = pytest.mark.processes

PATIENCE_S = 60
ANNOUNCED_WITHIN_S = 2.0
_PEOPLE = """
from datetime import UTC, datetime
from accounts.choices import UserRole
from accounts.models import User
from grid.models import Region, RegionCapacity

User.objects.create_user("olga@utility.example", "secret-olga", role=UserRole.OPERATOR)
since = datetime(2000, 1, 1, tzinfo=UTC)
region = Region.objects.create(code="Harbour", name="Harbour")
RegionCapacity.objects.create(region=region, capacity_kw=1000, effective_from=since)
"""
_POLICY = """
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from grid.models import Region, RegionMinute
from segs_site.lib.periods import MINUTE, floor
from tariffs.models import PricingPolicy
from tariffs.services import policies

now = datetime.now(UTC)
region, minute = Region.objects.get(), floor(now, MINUTE)
for back in (1, 2):
    RegionMinute.objects.create(region=region, start=minute - back * MINUTE,
        load_mw=800_000_000, capacity_mw=1_000_000_000, meters_reporting=9, meters_expected=9,
        load_known=True, revised_at=now)
policy = PricingPolicy(effective_from=datetime(2000, 1, 1, tzinfo=UTC), currency="EUR",
    base_price=Decimal("0.2"), slot_minutes=1, lead_s=60, min_dwell_minutes=0)
policies.adopt(policy=policy, by="", now=now)
"""
_THREE_WEEKS = """
INSERT INTO grid_regionquarter (region_id, start, load_mw, estimated_mw, energy_mwh, capacity_mw,
    meters_reporting, meters_expected, load_known, revised_at)
SELECT r.id, at, load, 0, load / 4, 1000000000, 9, 9, true, at
FROM grid_region r,
    generate_series(date_trunc('hour', now()) - interval '21 days', now(), '15 minutes') AS at,
    LATERAL (SELECT (500000000 + 400000000 * sin(extract(epoch FROM at) / 86400 * 6.2832))::bigint
             AS load) AS loads
RETURNING id
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Web, relay, Celery and beat, with one region that no policy rules yet."""
    with Stack() as stack:
        stack.run(_PEOPLE)
        stack.start("web", "relay", "celery", "beat")
        address = f"http://127.0.0.1:{stack.web_port}/healthz"
        stack.wait_until(
            "the web process answers", lambda: _answers(address), timeout_s=PATIENCE_S
        )
        yield stack


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def sign_in(stack: Stack) -> str:
    body = {"email": "olga@utility.example", "password": "secret-olga"}
    address = f"http://127.0.0.1:{stack.web_port}/api/auth/login"
    return str(httpx.post(address, json=body, timeout=PATIENCE_S).json()["access"])


def hear(client: ClientConnection, kind: str) -> tuple[dict[str, Any], datetime]:
    """Return the next event of a kind, and when it came."""
    ends = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends:
        frame = client.recv(timeout=PATIENCE_S)
        came = datetime.now(UTC)
        message = msgspec.json.decode(frame) if isinstance(frame, str) else {"type": "map"}
        if message["type"] == kind:
            return message, came
    message = f"no {kind} was heard"
    raise AssertionError(message)


class TestAPrice:
    def test_reaches_a_client_two_seconds_after_its_decision(self, stack: Stack) -> None:
        token = sign_in(stack)
        socket = f"ws://127.0.0.1:{stack.web_port}/ws?topics=grid&token={token}"

        with connect(socket, open_timeout=PATIENCE_S) as client:
            hear(client, "heartbeat")
            stack.run(_POLICY)
            event, came = hear(client, "tariff")

        [row] = stack.query(
            "SELECT decided_at, starts_at, price::text, load_pct::text FROM tariffs_regionprice"
            " WHERE id = %s",
            event["data"]["tariffId"],
        )
        decided_at, starts_at, price, load_pct = row
        assert (came - decided_at).total_seconds() < ANNOUNCED_WITHIN_S
        assert came < starts_at
        assert (price, load_pct) == ("0.300000", "80.000000")
        assert event["data"]["region"] == "Harbour"
        assert event["data"]["pricePerKwh"] == price
        assert event["data"]["triggeredBy"] == "AUTO"
        with stack.redis() as broker:
            assert broker.xlen("tariff_updates") > 0


class TestAForecast:
    def test_is_made_by_celery_and_told_by_the_api(self, stack: Stack) -> None:
        stack.query(_THREE_WEEKS)

        stack.wait_until("Celery has made a forecast", lambda: _hours(stack) > 0, timeout_s=90)

        answer = httpx.get(
            f"http://127.0.0.1:{stack.web_port}/api/tariffs/forecast",
            params={"region": "Harbour"},
            headers={"Authorization": f"Bearer {sign_in(stack)}"},
            timeout=PATIENCE_S,
        ).json()
        assert _hours(stack) % 24 == 0
        made_at = datetime.fromisoformat(answer["made_at"])
        assert timedelta(minutes=5) <= datetime.now(UTC) - made_at < timedelta(minutes=70)
        known = [hour for hour in answer["hours"] if hour["p50_kw"] is not None]
        assert len(known) >= 22  # those that are not over since it was made
        assert all(hour["p10_kw"] <= hour["p50_kw"] <= hour["p90_kw"] for hour in known)
        assert max(hour["p50_kw"] for hour in known) == pytest.approx(900, rel=0.1)


def _hours(stack: Stack) -> int:
    return int(str(stack.query("SELECT count(*) FROM tariffs_loadforecast")[0][0]))
