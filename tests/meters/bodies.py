"""Bodies of telemetry for tests, as a head-end sends them, and a registry to judge them by."""

import json
from datetime import UTC, datetime
from typing import Any

from meters import admission, registry, telemetry
from meters.admission import Judged
from meters.registry import Key, Registry, Snapshot

NOW = datetime(2026, 11, 24, 10, 0, 5, tzinfo=UTC)
IMPORTER, EXPORTER, STORED = "MTR-00000001", "MTR-00000002", "MTR-00000003"
REGIONS = ["Mumbai-North", "Pune"]
SHARDS = 4


def item(**said: Any) -> dict[str, Any]:
    """A good reading of the importing meter; what is `said` outranks, None leaves a field out."""
    reading = {
        "readingId": "5c3bd10e-8f43-4a4c-9a40-0d3a3a5f0001",
        "meterId": IMPORTER,
        "userId": "USR-00000001",
        "timestamp": "2026-11-24T10:00:00.000Z",
        "powerKw": 3.217,
        "region": "Mumbai-North",
    } | said
    return {name: value for name, value in reading.items() if value is not None}


def body(*items: Any) -> bytes:
    return json.dumps(list(items)).encode()


def known(
    *, auto_register: bool = False, keys: dict[str, Key] | None = None, version: int = 1
) -> Registry:
    return registry.index(
        snapshot(auto_register=auto_register, keys=keys or {}, version=version),
    )


def snapshot(
    *, auto_register: bool = False, keys: dict[str, Key] | None = None, version: int = 1
) -> Snapshot:
    """An importer and an exporter in Mumbai-North, and a meter that hangs nowhere."""
    return Snapshot(
        version=version,
        shards=SHARDS,
        auto_register=auto_register,
        oldest_days=90,
        regions=REGIONS,
        serial=[IMPORTER, EXPORTER, STORED],
        meter=[101, 102, 103],
        region=[0, 0, registry.NOWHERE],
        limit=[10_000_000] * 3,
        both=[0, 1, 0],
        default_limit=100_000_000,
        keys=keys or {},
    )


def judged(content: bytes, *, auto_register: bool = False, single: bool = False) -> Judged:
    parsed = telemetry.parse(content, single=single)
    return admission.judge(parsed, known(auto_register=auto_register), now=NOW)
