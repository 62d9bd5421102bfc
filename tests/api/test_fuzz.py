"""Asks every operation of the schema what nobody would: each answer is one that is described.

A handful of requests each here, always the same; `make fuzz-api` sends 200.
"""

import os

import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler

from tests.api.asking import Asker
from tests.house import sources

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
ONLY = os.environ.get("FUZZ_ONLY", "/api/")  # what the path holds

SCHEMA = schemathesis.openapi.from_path(sources.ROOT / "docs" / "openapi.yaml")
SCHEMA.app = WSGIHandler()


@pytest.mark.parametrize("asker", [None, "carl", "olga", "clara", "ada"], indirect=True)
class TestEveryOperation:
    def test_answers_as_described_and_never_fails(
        self, asker: Asker, subtests: pytest.Subtests
    ) -> None:
        for found in SCHEMA.get_all_operations():
            operation = found.ok()
            if ONLY in operation.path and operation.path.startswith("/api/"):
                with subtests.test(operation.label):
                    asker.ask(operation, examples=EXAMPLES)
