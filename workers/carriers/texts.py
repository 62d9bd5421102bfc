"""Text messages: by a gateway's HTTP, or into files or onto the console for trying."""

import base64
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit, urlunsplit

from django.conf import settings

from alerts.notifications.carriers import Broken, Busy, Carrier, Parcel, Receipt
from workers.carriers import addresses, posting

LONGEST = 480  # three messages of 160


def _said(parcel: Parcel) -> str:
    return parcel.subject[:LONGEST]


class HttpGateway:
    """Posts each message to the gateway of the settings, which may lie in our own network."""

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Post one message; a 4xx is about this number, but 401, 403, 408 and 429 are not."""
        url, proof = _address(settings.SEGS_SMS_URL)
        kind, body = _form(parcel)
        headers = {"content-type": kind, "user-agent": "SEGS", **proof}
        headers["idempotency-key"] = parcel.id
        try:
            return posting.post(url, body=body, headers=headers, resolve=addresses.anywhere)
        except Busy as problem:
            if problem.status in (400, 404, 422):
                raise Broken(problem.detail, problem.status) from problem
            raise


def _address(url: str) -> tuple[str, dict[str, str]]:
    """Return the address without its password, and the header that carries it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    if settings.SEGS_SMS_TOKEN:
        return bare, {"authorization": f"Bearer {settings.SEGS_SMS_TOKEN}"}
    if parts.username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        return bare, {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    return bare, {}


def _form(parcel: Parcel) -> tuple[str, bytes]:
    values = {"to": parcel.to, "from": settings.SEGS_SMS_FROM, "text": _said(parcel)}
    named = {name: values[ours] for ours, name in settings.SEGS_SMS_FIELDS.items()}
    if settings.SEGS_SMS_FORMAT == "form":
        return "application/x-www-form-urlencoded", urlencode(named).encode()
    return "application/json", json.dumps(named).encode()


class FileGateway:
    """Writes each message into a file of its own: for the demo."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Write one message."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{now:%Y%m%d-%H%M%S}-{parcel.id}.txt"
        (self._folder / name).write_text(f"To: {parcel.to}\n\n{_said(parcel)}\n")
        return Receipt(detail="written into a file")


class ConsoleGateway:
    """Writes each message to the standard output: for trying."""

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Write one message."""
        sys.stdout.write(f"To {parcel.to}: {_said(parcel)}\n")
        return Receipt(detail="written to the console")


@contextmanager
def carrying() -> Iterator[Carrier]:
    """Yield the gateway that the settings name."""
    url = settings.SEGS_SMS_URL
    if url.startswith("file://"):
        yield FileGateway(Path("/" + url.removeprefix("file://").lstrip("/")))
    elif url.startswith("console:"):
        yield ConsoleGateway()
    else:
        yield HttpGateway()
