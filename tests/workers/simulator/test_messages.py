import json
import re
from dataclasses import replace
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from meters import telemetry
from tests.workers.simulator.orders import NOW
from workers.simulator import messages, moments, readings
from workers.simulator.fleet import DEMO_REGIONS, Fleet
from workers.simulator.households import Households
from workers.simulator.messages import Writer

FLEET = Fleet(400, DEMO_REGIONS)
MODEL = Households(FLEET, seed=7, zone=ZoneInfo("Asia/Kolkata"))
STAMP_MS = moments.milliseconds(NOW)
MEASURED = readings.measured(MODEL, start_ms=STAMP_MS - 10_000, end_ms=STAMP_MS, seq=3)
WRITER = Writer(MODEL, mode="normal", seed=7)


class TestBody:
    def test_says_what_a_meter_says(self):
        first = json.loads(WRITER.body(MEASURED))[0]

        assert list(first) == [
            "readingId",
            "meterId",
            "userId",
            "timestamp",
            "powerKw",
            "energyKwh",
            "voltage",
            "region",
            "seq",
            "status",
            "metadata",
        ]
        assert first["meterId"] == "MTR-00000001"
        assert first["userId"] == "USR-00000001"
        assert first["timestamp"] == "2026-11-25T13:00:00.000Z"
        assert first["region"] == "Mumbai-North"
        assert (first["seq"], first["status"]) == (3, "OK")
        assert first["metadata"]["mode"] == "normal"
        assert 2 <= first["metadata"]["baseLoad"] <= 8

    def test_gives_two_meters_to_a_customer_and_deals_the_regions_out(self):
        items = json.loads(WRITER.body(MEASURED))

        assert [item["userId"][-2:] for item in items[:5]] == ["01", "01", "02", "02", "03"]
        assert [item["region"] for item in items[:5]] == [*DEMO_REGIONS, DEMO_REGIONS[0]]
        assert items[-1]["meterId"] == "MTR-00000400"

    def test_rounds_power_to_watts_and_energy_to_milliwatt_hours(self):
        body = WRITER.body(MEASURED).decode()

        assert all(len(digits) <= 3 for digits in re.findall(r'"powerKw":-?\d+\.(\d+)', body))
        assert all(len(digits) <= 6 for digits in re.findall(r'"energyKwh":-?\d+\.(\d+)', body))
        assert all(len(digits) <= 1 for digits in re.findall(r'"voltage":\d+\.(\d+)', body))
        items = json.loads(body)
        assert [round(item["energyKwh"] * 1e6) for item in items] == MEASURED.energy_mwh.tolist()

    def test_knows_no_negative_zero(self):
        tiny = replace(MEASURED, power_kw=np.full(FLEET.count, -0.0001))

        assert b'"powerKw":-' not in WRITER.body(tiny)

    def test_marks_a_failing_meter(self):
        failing = replace(MEASURED, failed=FLEET.indexes == 1)

        statuses = [item["status"] for item in json.loads(WRITER.body(failing))]
        assert statuses[:3] == ["OK", "ERROR", "OK"]

    def test_is_read_by_the_door_without_a_complaint(self):
        parsed = telemetry.parse(WRITER.body(MEASURED))

        assert parsed.total == 400
        assert not parsed.refusals


class TestReadingIds:
    def test_are_uuids_all_different(self):
        ids = messages.reading_ids(7, FLEET.indexes, MEASURED.at_ms)

        assert len(set(ids)) == FLEET.count
        assert all(str(UUID(text)) == text and UUID(text).version == 8 for text in ids)

    def test_stay_with_the_reading(self):
        ids = messages.reading_ids(7, FLEET.indexes, MEASURED.at_ms)
        alone = messages.reading_ids(7, FLEET.indexes[5:6], MEASURED.at_ms[5:6])

        assert alone == [ids[5]]

    def test_differ_at_another_moment_and_for_another_seed(self):
        ids = {
            *messages.reading_ids(7, FLEET.indexes, MEASURED.at_ms),
            *messages.reading_ids(7, FLEET.indexes, MEASURED.at_ms + 1),
            *messages.reading_ids(8, FLEET.indexes, MEASURED.at_ms),
        }

        assert len(ids) == 3 * FLEET.count


class TestTimestamps:
    def test_have_milliseconds_and_a_zone(self):
        stamps = messages.timestamps(np.array([STAMP_MS + 7, STAMP_MS, STAMP_MS + 7]))

        assert stamps == [
            "2026-11-25T13:00:00.007Z",
            "2026-11-25T13:00:00.000Z",
            "2026-11-25T13:00:00.007Z",
        ]
