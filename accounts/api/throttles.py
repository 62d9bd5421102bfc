"""Slows down whoever guesses passwords. Only failures count, so nobody is locked out by work."""

import hashlib
import logging
from typing import Any

from django.core.cache import cache
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

logger = logging.getLogger(__name__)

WINDOW_S = 60
FAILURES_OF_ACCOUNT = 10
FAILURES_OF_ADDRESS = 100  # an office, or a proxy, is one address


class FailedLogins(BaseThrottle):
    """Counts failures by account and by address, for a minute each.

    While the cache is away nothing is counted: people must be able to sign in.
    """

    def __init__(self, request: Request, email: str) -> None:
        digest = hashlib.sha256(email.lower().encode()).hexdigest()
        self._limits = {
            f"login-failures:{digest}": FAILURES_OF_ACCOUNT,
            f"login-failures:{self.get_ident(request)}": FAILURES_OF_ADDRESS,
        }

    def check(self) -> None:
        """Raise Throttled when there were too many."""
        counts = self._try(cache.get_many, self._limits.keys()) or {}
        if any(count >= self._limits[key] for key, count in counts.items()):
            raise Throttled(wait=WINDOW_S)

    def count(self) -> None:
        """Remember one failure."""
        for key in self._limits:
            self._try(cache.add, key, 0, WINDOW_S)
            self._try(cache.incr, key)

    def _try(self, ask: Any, *arguments: Any) -> Any:
        try:
            return ask(*arguments)
        except Exception as problem:  # noqa: BLE001 each cache has errors of its own
            logger.warning("failed logins are not counted: %s", problem)
            return None
