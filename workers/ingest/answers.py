"""What the door answers: the counts and faults of a body, or why there is none."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from meters import verdicts
from meters.admission import Judged
from meters.verdicts import Refusal

Send = Callable[[dict[str, Any]], Awaitable[None]]

ACCEPTED = 202
VALIDATED = 200
SOME_REJECTED = 207
ALL_REJECTED = 422


class Fault(msgspec.Struct, rename="camel"):
    """One item that was not counted."""

    index: int
    reading_id: str | None
    code: str
    message: str


class Answer(msgspec.Struct):
    """The answer to a body of telemetry."""

    status: str
    accepted: int
    duplicates: int
    quarantined: int
    rejected: int
    errors: list[Fault]


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer before it is sent."""

    status: int
    body: bytes
    content_type: bytes = b"application/json"
    headers: Sequence[tuple[bytes, bytes]] = ()
    code: str = ""  # why the request was refused as a whole


def answer(judged: Judged, repeats: Sequence[int], *, validated: bool) -> tuple[Reply, Answer]:
    """Return the reply to a body whose places `repeats` were seen before."""
    rejected, quarantined = len(judged.refusals), len(judged.held)
    duplicates = len(repeats) + len(judged.repeats)
    held = [
        verdicts.refusal(item.place, item.held.reading_id, item.held.reason)
        for item in judged.held
    ]
    content = Answer(
        status=_word(judged, rejected, validated),
        accepted=len(judged.columns) - len(repeats),
        duplicates=duplicates,
        quarantined=quarantined,
        rejected=rejected,
        errors=[_fault(item) for item in sorted([*judged.refusals, *held], key=_place)],
    )
    status = VALIDATED if validated else _status(judged, rejected)
    return Reply(status, msgspec.json.encode(content)), content


def _place(item: Refusal) -> int:
    return item.index


def _fault(item: Refusal) -> Fault:
    return Fault(item.index, _printable(item.reading_id), item.code, _printable(item.message))


def _printable(text: Any) -> Any:
    # What a sender wrote may hold half a surrogate pair, which no JSON can carry.
    return text if text is None else text.encode("utf-8", "replace").decode()


def _status(judged: Judged, rejected: int) -> int:
    if rejected == 0:
        return ACCEPTED
    return ALL_REJECTED if rejected == judged.total else SOME_REJECTED


def _word(judged: Judged, rejected: int, validated: bool) -> str:
    if validated:
        return "validated"
    if rejected == 0:
        return "accepted"
    return "rejected" if rejected == judged.total else "partial"


def problem(status: int, code: str, detail: str, *headers: tuple[bytes, bytes]) -> Reply:
    """Return a problem document (RFC 9457) as a reply."""
    body = {"type": "about:blank", "status": status, "code": code, "detail": detail}
    return Reply(status, msgspec.json.encode(body), b"application/problem+json", headers, code)


async def send(reply: Reply, to: Send) -> None:
    """Send a reply to the server."""
    headers = [
        (b"content-type", reply.content_type),
        (b"content-length", str(len(reply.body)).encode()),
        (b"cache-control", b"no-store"),
        *reply.headers,
    ]
    await to({"type": "http.response.start", "status": reply.status, "headers": headers})
    await to({"type": "http.response.body", "body": reply.body})
