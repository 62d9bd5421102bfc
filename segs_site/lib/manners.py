"""How whoever asks is spoken to: in his language, by the clock of his zone.

What he has not said is the site's zone and the language that his browser prefers. Outside of a
request it is the site's zone. Who asks is known by his session before any view runs; a token is
read later, and whoever reads it calls `speak_to`.
"""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

_zone: ContextVar[ZoneInfo | None] = ContextVar("zone", default=None)


def site_zone() -> ZoneInfo:
    """Return the zone of the site's calendar."""
    return ZoneInfo(settings.SEGS_SITE_ZONE)


def local_zone() -> ZoneInfo:
    """Return the zone whose days whoever asks means."""
    return _zone.get() or site_zone()


def zones() -> list[str]:
    """Return the zones that can be chosen: places, and UTC."""
    return sorted(name for name in available_timezones() if "/" in name or name == "UTC")


def speak_to(user: Any) -> None:
    """Mind what a person prefers until the request ends."""
    chosen = getattr(user, "preferences", None)
    if chosen is None:
        return
    if chosen.language in settings.PAGE_LANGUAGES:
        translation.activate(chosen.language)
    _zone.set(_known(chosen.time_zone))


def mind_manners(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Speak to whoever asks as he prefers; stands after authentication."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        before = _zone.set(None)
        try:
            with translation.override(_language_of(request)):
                if request.session.session_key:
                    speak_to(request.user)
                with timezone.override(_clock_of(request)):
                    return get_response(request)
        finally:
            _zone.reset(before)

    return answer


def _language_of(request: HttpRequest) -> str:
    """Return what the browser prefers, if we speak it."""
    wanted = translation.get_language_from_request(request)
    return wanted if wanted in settings.PAGE_LANGUAGES else settings.LANGUAGE_CODE


def _clock_of(request: HttpRequest) -> tzinfo:
    """Return by which clock Django reads and writes: the API's instants are UTC."""
    return UTC if request.path.startswith("/api/") else local_zone()


def _known(name: str) -> ZoneInfo | None:
    """Return a zone by name; None for none, and for one that the tz database has dropped."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
