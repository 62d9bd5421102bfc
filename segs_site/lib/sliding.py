"""Sessions that live as long as somebody is there, not as long as a page is open.

An open page reads the API, and parts of pages, by itself for ever; only what a person does moves
the session's end: a page opened, a form sent, a hand on the mouse (`static/accounts/presence.js`
tells).
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

BY_ITSELF = frozenset({"GET", "HEAD", "OPTIONS"})


def slide_sessions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Save a signed-in person's session anew, and so its end; stands after authentication."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        is_by_itself = request.path.startswith("/api/") or "X-By-Itself" in request.headers
        is_reading = is_by_itself and request.method in BY_ITSELF
        if not is_reading and request.session.session_key and request.user.is_authenticated:
            request.session.modified = True
        return get_response(request)

    return answer
