"""The doors of accounts as clients use them, and what they get by mail."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.core import mail as outbox
from django.db import connections
from django.test import Client

from accounts.services import mail

STRONG = "correct-horse-battery"
NEW = "another-staple-entirely"


@dataclass
class Api:
    """Posts and gets JSON below /api."""

    client: Client

    def post(self, path: str, access: str | None = None, /, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {access}"} if access else {}
        return self.client.post(
            f"/api/{path}", body, content_type="application/json", headers=headers
        )

    def put(self, path: str, token: str, **body: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return self.client.put(
            f"/api/{path}", body, content_type="application/json", headers=headers
        )

    def get(self, path: str, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.client.get(f"/api/{path}", headers=headers)

    def login(self, email: str = "olga@utility.example", password: str = "secret-olga") -> Any:
        return self.post("auth/login", email=email, password=password)

    def pair(self, email: str = "olga@utility.example", password: str = "secret-olga") -> Any:
        answer = self.login(email, password)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def knows(self, token: str) -> bool:
        """Tell whether an access token opens a door."""
        status = (
            Client().get("/api/users/me", headers={"Authorization": f"Bearer {token}"}).status_code
        )
        assert status in (200, 401)
        return status == 200


@dataclass(frozen=True)
class App:
    """An authenticator app that has read a QR code."""

    uri: str

    def code(self, at: datetime | None = None) -> str:
        secret = parse_qs(urlsplit(self.uri).query)["secret"][0]
        key = base64.b32decode(secret + "=" * (-len(secret) % 8))
        moment = at or datetime.now(UTC)
        return TOTP(key, 6, SHA1(), 30).generate(int(moment.timestamp())).decode()


def letters() -> list[Any]:
    """Send what is due and return the mails that went out by it."""
    before = len(outbox.outbox)
    mail.send_due(now=datetime.now(UTC))
    return outbox.outbox[before:]


def link(letter: Any) -> str:
    """Return the path of the link in a mail."""
    return urlsplit(re.search(r"https?://\S+", letter.body)[0]).path


def token(letter: Any) -> str:
    """Return what stands at the end of the link in a mail."""
    return link(letter).rstrip("/").rpartition("/")[2]


def told(answer: Any) -> tuple[Any, ...]:
    """Return what an answer says, without the number that every request has of its own."""
    body = answer.json() if answer.content else {}
    body.pop("request_id", None)
    return answer.status_code, body, answer.headers.get("Retry-After")


def at_once(ask: Any, *, times: int) -> list[Any]:
    """Ask in so many threads that all begin together."""
    ready = Barrier(times)

    def one() -> Any:
        try:
            ready.wait(timeout=10)
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return [done.result() for done in [pool.submit(one) for _ in range(times)]]
