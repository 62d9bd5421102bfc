"""How often somebody may ask the API: by role, counted by the minute, and said in headers."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from segs_site.lib import caching

WINDOW_S = 60
ANONYMOUS = "anonymous"
_ON_REQUEST = "_segs_rate"


@dataclass(frozen=True, slots=True)
class Rate:
    """How much is left of a minute: requests, and seconds until the next begins."""

    limit: int
    used: int
    reset_s: int

    def headers(self) -> dict[str, str]:
        """Return what the client is told (IETF draft ratelimit-headers, version 03)."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset_s),
        }


class ByRole(BaseThrottle):
    """Lets each user, or each address without a user, ask so often a minute as his role may.

    Who has a role but no row of the people says by `counted_as` whom he is counted with.
    A limit of 0 is none. While the cache is away nothing is counted: work goes on.
    """

    def __init__(self) -> None:
        self._rate: Rate | None = None

    def allow_request(self, request: Request, view: Any) -> bool:
        """See `BaseThrottle`; leaves the rate on the request for `tell_rate`."""
        role = str(getattr(request.user, "role", ANONYMOUS))
        limit = settings.SEGS_API_LIMITS.get(role, 0)
        if not limit:
            return True
        user: Any = request.user
        who = getattr(user, "counted_as", user.pk) or self.get_ident(request)
        now = time.time()
        used = caching.count(f"api-rate:{role}:{who}:{int(now // WINDOW_S)}", seconds=2 * WINDOW_S)
        if used is None:
            return True
        self._rate = Rate(limit, used, WINDOW_S - int(now % WINDOW_S))
        setattr(request._request, _ON_REQUEST, self._rate)
        return used <= limit

    def wait(self) -> float | None:
        """Return after how many seconds to come again."""
        return self._rate.reset_s if self._rate else None


@sync_and_async_middleware
def tell_rate(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Write the rate of a request into its answer's headers."""

    def told(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        rate: Rate | None = getattr(request, _ON_REQUEST, None)
        for name, value in rate.headers().items() if rate else ():
            response[name] = value
        return response

    if iscoroutinefunction(get_response):

        async def answer_later(request: HttpRequest) -> HttpResponseBase:
            return told(request, await get_response(request))

        return answer_later

    def answer(request: HttpRequest) -> HttpResponseBase:
        return told(request, get_response(request))

    return answer
