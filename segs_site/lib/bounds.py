"""Refuses a body that is too large before anything reads it.

Django bounds forms, and the API's parsers read past that bound. A body that does not say its
length counts as empty, so nothing gets in without one.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from segs_site.lib import problems


def _refusal(request: HttpRequest) -> HttpResponse | None:
    has_files = request.content_type == "multipart/form-data"
    limit = settings.SEGS_MAX_UPLOAD_BYTES if has_files else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    sent = request.META.get("CONTENT_LENGTH") or "0"
    if sent.isdecimal() and int(sent) <= limit:
        return None
    detail = f"A body may have {limit} bytes."
    return problems.answer(status=413, code="too_large", detail=detail)


@sync_and_async_middleware
def bound_bodies(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Answer 413 to whoever sends more than we take."""

    async def bounded_async(request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) or await get_response(request)

    def bounded(request: HttpRequest) -> HttpResponseBase:
        return _refusal(request) or get_response(request)

    return bounded_async if iscoroutinefunction(get_response) else bounded
