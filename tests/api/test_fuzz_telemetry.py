"""Sends the telemetry door what no head-end would: each answer is one that is described."""

import os
import threading
import time
from collections.abc import Iterator

import pytest
import redis
import schemathesis
import uvicorn

from tests.api.asking import Asker
from tests.house import sources
from tests.workers.ingest import client as clients
from workers.ingest.app import Ingest

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "20"))
SCHEMA = schemathesis.openapi.from_path(sources.ROOT / "docs" / "openapi.yaml")
OPERATIONS = [
    found.ok()
    for found in SCHEMA.get_all_operations()
    if found.ok().path.startswith("/telemetry/")
]


@pytest.fixture
def door(broker: redis.Redis) -> Iterator[str]:
    """The address of an ingest process's door."""
    clients.mirror(broker)
    server = uvicorn.Server(uvicorn.Config(Ingest(), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.mark.django_db
@pytest.mark.parametrize("key", [clients.KEY, "segs_none"])
@pytest.mark.parametrize("operation", [pytest.param(each, id=each.label) for each in OPERATIONS])
class TestTheDoor:
    def test_answers_as_described_and_never_fails(
        self, operation: schemathesis.schemas.APIOperation, key: str, door: str
    ) -> None:
        head_end = Asker({"X-Api-Key": key}, {}, {}, base_url=door)

        head_end.ask(operation, examples=EXAMPLES)
