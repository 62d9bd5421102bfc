"""Who is acting now, and from where: told to logs, problem documents and the audit trail.

A request has an id, `X-Request-Id`: the one it came with, else a new one. A task or a command
names itself by `acting`.
"""

import logging
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

HEADER = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")  # what may stand in a log line
_SECRETS = re.compile(
    r"(?i)(\btoken=|\brefresh=|\bpassword=|\bbearer\s+|\bapi-key:?\s+|\bbasic\s+)[^\s&\"',;]+"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """What happens now: `origin` is `POST /api/…`, a task or a command; `by` a person's address.

    A request's person is asked of the request, for a token is looked at late.
    """

    origin: str
    request_id: str = ""
    address: str = ""
    by: str = ""
    request: HttpRequest | None = None

    def actor(self) -> tuple[int | None, str]:
        """Return the key and the address of whoever acts; (None, "") for nobody known."""
        user: Any = getattr(self.request, "user", None)
        if user is not None and user.is_authenticated:
            return user.pk, user.get_username()
        return None, self.by


_scene: ContextVar[Scene | None] = ContextVar("scene", default=None)


def current() -> Scene | None:
    """Return what happens now; None in a process that has not said."""
    return _scene.get()


def request_id() -> str:
    """Return the id of the request that is served now; empty outside of one."""
    scene = _scene.get()
    return scene.request_id if scene else ""


@contextmanager
def acting(*, origin: str, by: str = "") -> Iterator[None]:
    """Say what this block does, and for whom."""
    with _on(Scene(origin=origin, by=by)):
        yield


@contextmanager
def _on(scene: Scene) -> Iterator[None]:
    before = _scene.set(scene)
    try:
        yield
    finally:
        _scene.reset(before)


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from.

    `X-Forwarded-For` is believed as far as there are proxies of ours to have written it.
    """
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    if settings.SEGS_PROXIES and len(hops) >= settings.SEGS_PROXIES and all(hops):
        return hops[-settings.SEGS_PROXIES]
    return request.META.get("REMOTE_ADDR") or ""


def _scene_of(request: HttpRequest) -> Scene:
    sent = request.headers.get(HEADER, "")
    return Scene(
        origin=f"{request.method} {request.path}",
        request_id=sent if _ID.fullmatch(sent) else uuid.uuid4().hex,
        address=address_of(request),
        request=request,
    )


@sync_and_async_middleware
def trace_requests(
    get_response: Callable[[HttpRequest], Any],
) -> Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]:
    """Give each request its id and send it back; the outermost middleware."""

    def marked(response: HttpResponseBase, scene: Scene) -> HttpResponseBase:
        response.headers[HEADER] = scene.request_id
        return response

    async def traced_async(request: HttpRequest) -> HttpResponseBase:
        scene = _scene_of(request)
        with _on(scene):
            return marked(await get_response(request), scene)

    def traced(request: HttpRequest) -> HttpResponseBase:
        scene = _scene_of(request)
        with _on(scene):
            return marked(get_response(request), scene)

    return traced_async if iscoroutinefunction(get_response) else traced


class LogFilter(logging.Filter):
    """Adds the request's id to each line, and takes out what opens doors."""

    def filter(self, record: logging.LogRecord) -> bool:
        """See the class."""
        record.request_id = request_id() or "-"
        said = record.getMessage()
        clean = _SECRETS.sub(r"\1…", said)
        if clean != said:
            record.msg, record.args = clean, ()
        return True
