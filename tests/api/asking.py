"""How an operation of the schema is asked, and what must hold of the answer."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi import checks

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]


@dataclass(frozen=True)
class Asker:
    """Who asks, and the names of what there is: ids by the beginning of a path, and others."""

    headers: dict[str, str]
    ids: dict[str, int]
    named: dict[str, str]
    base_url: str | None = None  # of a server; without it, the schema's own application is asked

    def ask(self, operation: APIOperation, *, examples: int) -> None:
        """Send requests and take back what each did; raises what does not hold."""

        @how(
            max_examples=examples,
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=self._cases(operation))
        def holds(case: Case) -> None:
            with transaction.atomic():
                answer = case.call(
                    base_url=self.base_url,
                    headers={"Accept-Encoding": "identity"} | self.headers,
                )
                transaction.set_rollback(True)
            case.validate_response(answer, checks=CHECKS)

        holds()

    def _cases(self, operation: APIOperation) -> SearchStrategy[Case]:
        """Return requests as described about what there is and is not, and others."""
        about = self._about(operation)
        return st.one_of(
            operation.as_strategy(**about),
            operation.as_strategy(),
            operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
        )

    def _about(self, operation: APIOperation) -> dict[str, dict[str, Any]]:
        of_path = {
            parameter.name: self.named.get(parameter.name) or self._id(operation.path)
            for parameter in operation.path_parameters
        }
        of_query = {
            parameter.name: self.named[parameter.name]
            for parameter in operation.query
            if parameter.name in self.named
        }
        return {"path_parameters": of_path, "query": of_query} if of_path or of_query else {}

    def _id(self, path: str) -> int:
        return next((pk for start, pk in self.ids.items() if path.startswith(start)), 1)
