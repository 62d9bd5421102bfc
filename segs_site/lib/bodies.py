"""Answers that stay the same until something changes, kept ready to be sent."""

import gzip
import re
import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers
from rest_framework.request import Request

from segs_site.lib import rendering

_TAKES_GZIP = re.compile(r"\bgzip\b")


@dataclass(frozen=True, slots=True)
class Body:
    """A JSON document as bytes, plain and packed; it must hold nothing that a client sent."""

    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, document: Any) -> "Body":
        """Make one."""
        plain = rendering.encode(document)
        return cls(plain, gzip.compress(plain, mtime=0))

    def answer(self, request: Request) -> HttpResponse:
        """Answer with it, packed for whoever takes that."""
        is_packed = bool(_TAKES_GZIP.search(request.headers.get("Accept-Encoding", "")))
        content = self.packed if is_packed else self.plain
        response = HttpResponse(content, content_type="application/json")
        if is_packed:
            response["Content-Encoding"] = "gzip"
        response["Content-Length"] = str(len(content))
        patch_vary_headers(response, ("Accept-Encoding",))
        return response


class Kept:
    """The body of one document in this process, for as long as its version is asked for.

    A version must change with whatever the document is made of; None is kept for nobody. Of those
    who ask for a new one at once, one makes it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, Body] | None = None

    def body(self, version: Hashable | None, make: Callable[[], Any]) -> Body:
        """Return the body of a version; `make` returns the document."""
        if version is None:
            return Body.of(make())
        return self._found(version) or self._made(version, make)

    def _found(self, version: Hashable) -> Body | None:
        kept = self._kept
        return kept[1] if kept is not None and kept[0] == version else None

    def _made(self, version: Hashable, make: Callable[[], Any]) -> Body:
        with self._lock:
            found = self._found(version)
            if found is None:
                found = Body.of(make())
                self._kept = (version, found)
            return found
