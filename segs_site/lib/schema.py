"""The API's description: what every operation refuses, examples, and what is no REST.

`SPECTACULAR_SETTINGS` names the hooks. What a view refuses by a rule of its own it says itself,
with `refusal`; what all views refuse alike is added here.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml
from drf_spectacular.utils import OpenApiResponse

from segs_site.lib import problems

Json = dict[str, Any]

EXAMPLES: Final[Json] = yaml.safe_load(Path(__file__).with_name("examples.yaml").read_text())
BESIDES_REST: Final[Json] = yaml.safe_load(
    Path(__file__).with_name("telemetry_and_socket.yaml").read_text()
)
VERBS: Final = ("get", "put", "post", "delete", "patch")
CODES: Final = "x-codes"
_ASKED_FOR: Final = "What is asked for, or sent, cannot be read or is not allowed."

_PROBLEM: Final[Json] = {
    "type": "object",
    "description": "Why there is no answer (RFC 9457). `code` is stable, `detail` is for people.",
    "required": ["type", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "const": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "detail": {"type": "string"},
        "request_id": {"type": "string", "description": "finds the request in the logs"},
        "errors": {"description": "what is wrong, by the name of the field; with code `invalid`"},
    },
}
# What simplejwt and the framework say of who asks.
_NOBODY: Final = (
    "authentication_failed",
    "bad_authorization_header",
    "not_authenticated",
    "password_changed",
    "token_not_valid",
    "user_inactive",
    "user_not_found",
)


def refusal(description: str, *codes: str) -> OpenApiResponse:
    """Return the description of a refusal with codes of its own."""
    return OpenApiResponse({"type": "object", CODES: list(codes)}, description=description)


KEY_REUSED: Final = refusal(
    "The Idempotency-Key came before with another request.", "idempotency_key_reused"
)


def complete(result: Json, generator: Any, request: Any, public: bool) -> Json:
    """Add what no view can say: common refusals, examples, telemetry, the socket."""
    result["paths"] = {path.rstrip("/"): item for path, item in result["paths"].items()}
    components = result.setdefault("components", {})
    for _, operation in operations(result):
        _refuse(operation)
    besides = json.loads(json.dumps(BESIDES_REST))  # a copy, in which nothing is shared
    for _, operation in operations(besides):
        _as_problems(operation["responses"])
    for part in ("schemas", "securitySchemes"):
        components[part] = components.get(part, {}) | besides["components"][part]
    components["schemas"] = dict(sorted((components["schemas"] | {"Problem": _PROBLEM}).items()))
    for name, example in EXAMPLES.items():
        components["schemas"][name]["examples"] = [example]
    result["paths"] |= besides["paths"]
    result["x-websockets"] = besides["x-websockets"]
    return result


def operations(result: Json) -> Iterator[tuple[str, Json]]:
    """Yield every operation with its path."""
    for path, item in result["paths"].items():
        yield from ((path, item[verb]) for verb in VERBS if verb in item)


def _refuse(operation: Json) -> None:
    responses = operation["responses"]
    for status, codes, description in _common(operation):
        said = responses.setdefault(status, {"description": description})
        content = said.setdefault("content", {"application/json": {"schema": {}}})
        media = next(iter(content.values()))
        schema = media["schema"]
        if "$ref" not in schema:  # anew: one refusal may be said by many operations
            media["schema"] = schema | {CODES: sorted({*schema.get(CODES, []), *codes})}
    _as_problems(responses)


def _common(operation: Json) -> Iterator[tuple[str, tuple[str, ...], str]]:
    places = {parameter["in"] for parameter in operation.get("parameters", [])}
    has_body = "requestBody" in operation
    schemes = operation.get("security", [])
    if has_body:
        yield "400", ("invalid", "parse_error"), _ASKED_FOR
    elif places & {"query", "header"}:
        yield "400", ("invalid",), _ASKED_FOR
    if any(schemes):
        yield "401", _NOBODY, "Nobody is signed in, or no longer."
        yield "403", ("permission_denied",), "Whoever is signed in may not do this."
    if "path" in places:
        yield "404", ("not_found",), "It does not exist, or is not for whoever asks."
    yield "406", ("not_acceptable",), "`Accept` names nothing that can be answered."
    if has_body:
        yield "413", ("too_large",), "The body is too large."
        yield "415", ("unsupported_media_type",), "The body is no JSON."
    yield "429", ("throttled",), "Too often; `Retry-After` says when to come again."
    yield "500", ("server_error",), "The fault is ours, and was logged."


def _as_problems(responses: Json) -> None:
    """Say of each refusal that it is a problem document, and which codes it can have."""
    for status in responses:
        if status >= "400":
            schema = next(iter(responses[status]["content"].values()))["schema"]
            if "$ref" not in schema:  # what has a shape of its own says its media type itself
                content = {problems.CONTENT_TYPE: {"schema": _problem(schema[CODES])}}
                responses[status]["content"] = content


def _problem(codes: list[str]) -> Json:
    reference: Json = {"$ref": "#/components/schemas/Problem"}
    return {"allOf": [reference, {"properties": {"code": {"enum": codes}}}]}
