"""Readings carried all the way by the real processes, on good days and bad ones."""

import asyncio
import json
import random
import signal
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from benchmarks.stack import KEY, Stack
from segs_site.lib.periods import MINUTE, QUARTER, floor
from tests.journeys import reference, sending
from tests.journeys.sending import HARBOUR, LIGHTHOUSE, reading

pytestmark = pytest.mark.processes


@pytest.fixture
def quarter(now: datetime) -> datetime:
    """The start of a quarter-hour that is over."""
    return floor(now - timedelta(minutes=35), QUARTER)


class TestGoodDay:
    def test_a_reading_is_in_its_minute_its_quarter_and_its_regions_load(self, stack, quarter):
        minute = quarter + 4 * MINUTE
        stamps = [minute + timedelta(seconds=second) for second in range(10, 61, 10)]

        answer = sending.post(
            stack,
            [
                reading(LIGHTHOUSE, at, 3.6, energyKwh=0.01, voltage=230.0, region=HARBOUR)
                for at in stamps
            ],
        )

        assert (answer.status_code, answer.json()["accepted"]) == (202, 6)
        minutes = sending.wait_until_summed(stack, "meters_minute", LIGHTHOUSE, 6)
        assert minutes == [(minute, 6, 3_600_000, 60_000, 0)]
        quarters = sending.wait_until_summed(stack, "meters_quarter", LIGHTHOUSE, 6)
        # Fourteen of its minutes are missing: taken to be like the one that came, and said so.
        assert quarters == [(quarter, 6, 3_600_000, 900_000, 840_000)]
        assert region_load(stack, "grid_regionminute", minute) == [(3_600_000, 0, 1, 1, True)]
        assert region_load(stack, "grid_regionquarter", quarter) == [(3_600_000, 0, 1, 1, True)]

    async def test_the_same_batch_five_times_at_once_and_shuffled_counts_once(
        self, stack, quarter
    ):
        items = [
            reading(f"MTR-FIVE-{number % 20:02}", quarter + timedelta(seconds=number), 1.5)
            for number in range(1, 201)
        ]
        shuffled = [random.Random(turn).sample(items, len(items)) for turn in range(5)]

        answers = [a.json() for a in await sending.post_at_once(stack, shuffled)]

        assert sum(answer["accepted"] for answer in answers) == 200
        assert sum(answer["duplicates"] for answer in answers) == 800
        minutes = sending.wait_until_summed(stack, "meters_minute", "MTR-FIVE-%", 200)
        assert sum(row[1] for row in minutes) == 200
        assert len(sending.stored(stack, "MTR-FIVE-%")) == 200

    def test_one_bad_item_of_a_thousand_spoils_none(self, stack, quarter):
        items = [
            reading(f"MTR-BAD-{number:04}", quarter + timedelta(seconds=1), 1.5)
            for number in range(1000)
        ]
        body = json.dumps(items).replace('"powerKw": 1.5', '"powerKw": NaN', 1).encode()

        answer = sending.post(stack, body)

        assert answer.status_code == 207
        assert (answer.json()["accepted"], answer.json()["rejected"]) == (999, 1)
        assert answer.json()["errors"][0]["index"] == 0
        assert len(sending.wait_until_stored(stack, "MTR-BAD-%", 999)) == 999

    def test_yesterdays_reading_changes_yesterdays_windows_and_not_the_latest_value(
        self, stack, now, quarter
    ):
        yesterday = quarter - timedelta(days=1)
        sending.post(stack, [reading("MTR-LATE", now, 5.0)])
        sending.wait_until_stored(stack, "MTR-LATE", 1)

        sending.post(stack, [reading("MTR-LATE", yesterday + timedelta(seconds=30), 2.0)])

        minutes = sending.wait_until_summed(stack, "meters_minute", "MTR-LATE", 1)
        assert minutes[0][:3] == (yesterday, 1, 2_000_000)
        quarters = sending.wait_until_summed(stack, "meters_quarter", "MTR-LATE", 1)
        assert quarters[0][:3] == (yesterday, 1, 2_000_000)
        assert latest(stack, "MTR-LATE") == [(now, 5_000_000)]

    def test_of_one_key_with_two_values_the_first_stays_and_the_second_is_held(
        self, stack, quarter
    ):
        at = quarter + timedelta(seconds=20)

        answer = sending.post(
            stack, [reading("MTR-TWICE", at, 1.0), reading("MTR-TWICE", at, 2.0)]
        )

        assert answer.status_code == 202
        sending.wait_until_drained(stack)
        assert sending.stored(stack, "MTR-TWICE") == [("MTR-TWICE", at, 1_000_000)]
        ((reason, raw),) = sending.held(stack, "MTR-TWICE")
        assert (reason, json.loads(raw)["powerKw"]) == ("conflict", 2.0)


class TestBadDay:
    def test_ingest_and_worker_start_again_while_postgresql_is_away(self, stack, quarter):
        stack.kill_database()
        try:
            for name in ("ingest", "worker"):
                stack.kill(name)
                stack.start(name)
            stack.wait_for_ingest()
            answer = sending.post(
                stack,
                [
                    reading(f"MTR-AWAY-{number}", quarter + timedelta(seconds=5), 1.0)
                    for number in range(50)
                ],
            )
        finally:
            stack.database.start()

        assert (answer.status_code, answer.json()["accepted"]) == (202, 50)
        assert len(sending.wait_until_stored(stack, "MTR-AWAY-%", 50)) == 50

    def test_a_broker_that_is_away_is_a_reason_to_come_again(self, stack, quarter):
        items = [reading("MTR-BROKER", quarter + timedelta(seconds=5), 1.0)]
        stack.broker.kill()
        try:
            refused = sending.post(stack, items)
        finally:
            stack.broker.start()

        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) >= 1
        stack.wait_until(
            "it is taken", lambda: sending.post(stack, items).status_code == 202, timeout_s=10
        )
        assert len(sending.wait_until_stored(stack, "MTR-BROKER", 1)) == 1

    def test_an_ingest_that_is_asked_to_end_finishes_what_it_has_begun(self, stack, quarter):
        body = json.dumps([reading("MTR-DRAIN", quarter + timedelta(seconds=5), 1.0)]).encode()
        head = (
            f"POST /telemetry/batch HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {KEY}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        stays_ready(stack, seconds=3)  # it has looked at a broker that a test before took away
        with socket.create_connection(("127.0.0.1", stack.ingest_port), timeout=20) as connection:
            connection.sendall(head + body[:10])
            asked_in_the_middle(stack)

            connection.sendall(body[10:])
            answer = connection.makefile("rb").read()

        stack.stop("ingest")
        stack.start("ingest")
        stack.wait_for_ingest()
        assert b" 202 " in answer, answer
        assert len(sending.wait_until_stored(stack, "MTR-DRAIN", 1)) == 1


class TestReferenceClient:
    async def test_what_it_was_promised_is_stored_once_though_ingest_is_killed(self, stack: Stack):
        client = reference.Client(
            f"http://meters:{KEY}@127.0.0.1:{stack.ingest_port}/telemetry/batch"
        )
        begun = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=30)
        kills = Kills(stack)
        killing = asyncio.create_task(kills.go_on())

        rounds = 0
        while (rounds < reference.ROUNDS or kills.count < 2) and not killing.done():
            at = begun + timedelta(seconds=10 * rounds)
            await client.send(reference.one_round(at, rounds))
            rounds += 1
        kills.over = True
        await killing

        await asyncio.to_thread(sending.wait_until_drained, stack)
        rows = sending.stored(stack, "MTR-0%")
        keys = [(serial, ts.isoformat(timespec="milliseconds")) for serial, ts, _ in rows]
        promised = {(s, t.replace("Z", "+00:00")) for s, t in client.acknowledged}
        assert promised - set(keys) == set()
        assert len(keys) == len(set(keys)) <= reference.METERS * rounds
        assert len(promised) >= reference.METERS  # none would prove nothing
        assert sending.held(stack, "MTR-0%") == []
        minutes = await asyncio.to_thread(
            sending.wait_until_summed, stack, "meters_minute", "MTR-0%", len(keys)
        )
        assert sum(row[1] for row in minutes) == len(keys)


@dataclass
class Kills:
    """Kills ingest and starts it again, now and then, until told that it is over."""

    stack: Stack
    over: bool = False
    count: int = 0

    async def go_on(self) -> None:
        while not self.over:
            await asyncio.sleep(0.5)
            self.stack.kill("ingest")
            self.stack.start("ingest")
            await asyncio.to_thread(self.stack.wait_for_ingest)
            self.count += 1


def stays_ready(stack: Stack, *, seconds: float) -> None:
    """Wait until ingest has been ready for so long without a break."""
    address, since = f"http://127.0.0.1:{stack.ingest_port}/readyz", time.monotonic()

    def has_stayed() -> bool:
        nonlocal since
        if httpx.get(address, timeout=5).status_code != 200:
            since = time.monotonic()
        return time.monotonic() - since > seconds

    stack.wait_until("ingest stays ready", has_stayed, timeout_s=30)


def asked_in_the_middle(stack: Stack) -> None:
    """Ask ingest to end, and wait until it takes no new connection."""
    stack.processes["ingest"].send_signal(signal.SIGTERM)

    def is_closed() -> bool:
        try:
            socket.create_connection(("127.0.0.1", stack.ingest_port), timeout=1).close()
        except OSError:
            return True
        return False

    stack.wait_until("ingest listens no more", is_closed, timeout_s=10)


def region_load(stack: Stack, table: str, start: datetime) -> list[tuple[object, ...]]:
    stack.wait_until(
        f"{table} at {start}", lambda: bool(_region_load(stack, table, start)), timeout_s=20
    )
    return _region_load(stack, table, start)


def _region_load(stack: Stack, table: str, start: datetime) -> list[tuple[object, ...]]:
    return stack.query(
        "SELECT load_mw, estimated_mw, meters_reporting, meters_expected, load_known"
        f" FROM {table} l JOIN grid_region g ON g.id = l.region_id"
        " WHERE g.code = %s AND l.start = %s AND l.meters_reporting > 0",
        HARBOUR,
        start.astimezone(UTC),
    )


def latest(stack: Stack, serial: str) -> list[tuple[object, ...]]:
    return stack.query(
        "SELECT l.ts, l.power_mw FROM meters_latestreading l"
        " JOIN meters_meter m ON m.id = l.meter_id WHERE m.serial = %s",
        serial,
    )
