"""Refuses a body that is too large before anything reads it.

Django bounds forms, and the API's parsers read past that bound. A body that does not say its
length counts as empty, so nothing gets in without one.
"""

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware

from segs_site.lib import problems


def _has_files(request: HttpRequest) -> bool:
    return request.content_type == "multipart/form-data"


def _is_within(request: HttpRequest, limit: int) -> bool:
    sent = request.META.get("CONTENT_LENGTH") or "0"
    return sent.isdecimal() and int(sent) <= limit


def _refusal(request: HttpRequest) -> HttpResponse | None:
    small, large = settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.SEGS_MAX_UPLOAD_BYTES
    limit = large if _has_files(request) else small
    if _is_within(request, limit):
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


def bound_uploads(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Take large files on pages from whoever is signed in; stands between session and CSRF.

    The check of a form's token reads the whole form, before any view asks who sent it. The API
    asks first, and reads then.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        is_small = _is_within(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if is_small or request.path.startswith("/api/") or SESSION_KEY in request.session:
            return get_response(request)
        detail = "Sign in before you send a file."
        return problems.answer(status=401, code="not_authenticated", detail=detail)

    return answer
