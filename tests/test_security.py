"""What guards the site as a whole: production settings, headers, bounds, ids, clean logs."""

import logging
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from accounts.models import User
from segs_site.lib import trace
from tests import worlds

PRODUCTION = {
    "SECRET_KEY": "yK3v-W8hQ2nX7rT1pL9sD4fG6jZ0cB5mA_eU-iO3kR8wYqN2zLhV",
    "ALLOWED_HOSTS": "grid.example",
}
PAGES = ["/", "/sign-in/", "/api/docs/", "/nothing-here/", "/admin/"]


def production(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=Path(settings.BASE_DIR),
        env={"PATH": os.environ["PATH"], **PRODUCTION, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def in_production(*names: str, **environment: str) -> list[str]:
    asked = "; ".join(f"print(repr(settings.{name}))" for name in names)
    script = f"from django.conf import settings; {asked}"
    outcome = production("-c", script, DJANGO_SETTINGS_MODULE="segs_site.settings", **environment)
    assert outcome.returncode == 0, outcome.stderr
    return outcome.stdout.splitlines()


class TestProduction:
    def test_passes_every_check_of_a_deployment(self) -> None:
        outcome = production("manage.py", "check", "--deploy", "--fail-level", "WARNING")

        assert outcome.returncode == 0, outcome.stderr

    def test_asks_for_tls_everywhere(self) -> None:
        assert in_production(
            "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT",
            "SECURE_HSTS_SECONDS", "SESSION_COOKIE_HTTPONLY",
        ) == ["True", "True", "True", "31536000", "True"]  # fmt: skip

    def test_believes_no_proxy_that_is_not_there(self) -> None:
        assert in_production("SECURE_PROXY_SSL_HEADER") == ["None"]
        assert in_production("SECURE_PROXY_SSL_HEADER", SEGS_PROXIES="1") == [
            "('HTTP_X_FORWARDED_PROTO', 'https')"
        ]


class TestHeaders:
    def test_tell_browsers_to_come_by_tls(self, client: Client, settings: Any) -> None:
        settings.SECURE_HSTS_SECONDS = 31_536_000
        strict = Client(headers={"Host": "localhost"})

        answer = strict.get("/health", secure=True)

        assert answer["Strict-Transport-Security"].startswith("max-age=31536000")

    @pytest.mark.django_db
    @pytest.mark.parametrize("path", PAGES)
    def test_allow_scripts_and_styles_of_ours_alone(
        self, client: Client, ada: User, path: str
    ) -> None:
        client.force_login(ada)

        policy = client.get(path)["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "*" not in policy

    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_let_no_other_site_read_the_api(self, client: Client, origin: str) -> None:
        answer = client.options(
            "/api/schema/",
            headers={"Origin": origin, "Access-Control-Request-Method": "GET"},
        )

        assert "Access-Control-Allow-Origin" not in answer

    def test_let_a_site_that_is_named_read_the_api_without_cookies(
        self, client: Client, settings: Any
    ) -> None:
        settings.CORS_ALLOWED_ORIGINS = ["https://portal.example"]

        answer = client.get("/api/nothing", headers={"Origin": "https://portal.example"})

        assert answer["Access-Control-Allow-Origin"] == "https://portal.example"
        assert "Access-Control-Allow-Credentials" not in answer

    def test_let_its_pages_read_what_headers_say(self, client: Client, settings: Any) -> None:
        settings.CORS_ALLOWED_ORIGINS = ["https://portal.example"]

        answer = client.get("/api/nothing", headers={"Origin": "https://portal.example"})

        exposed = answer["Access-Control-Expose-Headers"].split(", ")
        assert {
            "Content-Disposition", "ETag", "Idempotent-Replayed", "RateLimit-Limit",
            "RateLimit-Remaining", "RateLimit-Reset", "Retry-After", "X-Request-Id",
        } <= set(exposed)  # fmt: skip

    @pytest.mark.parametrize("header", ["authorization", "idempotency-key", "if-none-match"])
    def test_let_its_pages_send_what_the_api_reads(
        self, client: Client, settings: Any, header: str
    ) -> None:
        settings.CORS_ALLOWED_ORIGINS = ["https://portal.example"]
        asked = {
            "Origin": "https://portal.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": header,
        }

        answer = client.options("/api/users/me", headers=asked)

        assert header in answer["Access-Control-Allow-Headers"].split(", ")


class Inline(HTMLParser):
    """Collects what the content policy would block."""

    DATA = ("application/json", "importmap", "text/template")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_data = given.get("type") in self.DATA
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(f"<{tag}>")
        self.found += [
            f"{tag} {name}" for name, _ in attrs if name == "style" or name.startswith("on")
        ]
        for name in ("src", "href"):
            target = given.get(name) or ""
            if target.startswith("javascript:") or (
                tag in ("script", "link", "img") and re.match(r"(https?:)?//", target)
            ):
                self.found.append(f"{tag} {name}={target}")


def blocked(html: str) -> list[str]:
    parser = Inline()
    parser.feed(html)
    return parser.found


def desk_pages() -> list[str]:
    paths = ["/admin/", "/admin/password_change/"]
    for model in admin.site._registry:
        for page in ("changelist", "add"):
            try:
                paths.append(
                    reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}")
                )
            except NoReverseMatch:
                continue
    return paths


@pytest.mark.django_db
class TestPages:
    @pytest.mark.parametrize("path", PAGES)
    def test_hold_nothing_the_policy_blocks(self, client: Client, olga: User, path: str) -> None:
        signed_out = client.get(path).content.decode()
        client.force_login(olga)
        signed_in = client.get(path).content.decode()

        assert blocked(signed_out) == []
        assert blocked(signed_in) == []

    def test_of_the_admin_hold_nothing_the_policy_blocks(
        self, client: Client, ada: User, small_grid: worlds.SmallGrid
    ) -> None:
        client.force_login(ada)
        change = reverse("admin:meters_meter_change", args=[small_grid.north_meters[0].pk])

        found = {
            path: blocked(client.get(path).content.decode()) for path in [*desk_pages(), change]
        }

        assert {path: inline for path, inline in found.items() if inline} == {}

    def test_that_change_something_want_a_token_of_ours(self, ada: User) -> None:
        strict = Client(enforce_csrf_checks=True)
        strict.force_login(ada)

        assert strict.post("/sign-out/").status_code == 403


class TestBodies:
    def test_are_refused_when_too_large(self, client: Client) -> None:
        body = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)

        answer = client.post("/api/auth/login", body, content_type="application/json")

        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")

    @pytest.mark.django_db
    def test_are_not_read_as_files_from_whoever_is_not_signed_in(
        self, client: Client, settings, monkeypatch
    ) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        monkeypatch.setattr(HttpRequest, "_load_post_and_files", Mock(side_effect=AssertionError))
        client.cookies[settings.SESSION_COOKIE_NAME] = "of-somebody-once"

        answer = client.post("/meters/imports/", {"file": BytesIO(b"0" * 200)})

        assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")

    def test_of_files_have_a_bound_of_their_own(self, client: Client, settings: Any) -> None:
        settings.SEGS_MAX_UPLOAD_BYTES = 5

        assert client.post("/sign-in/", {"username": "a@b.example"}).status_code == 413


class TestRequestId:
    def test_is_kept_when_it_is_fit_to_be_logged(self, client: Client) -> None:
        answer = client.get("/health", headers={"X-Request-Id": "head-end-0042"})

        assert answer["X-Request-Id"] == "head-end-0042"

    @pytest.mark.parametrize("sent", ["short", "a" * 65, "with spaces and\ttabs"])
    def test_is_made_anew_otherwise(self, client: Client, sent: str) -> None:
        answer = client.get("/health", headers={"X-Request-Id": sent})

        assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])

    def test_stands_in_problem_documents(self, client: Client) -> None:
        answer = client.get("/api/nothing", headers={"X-Request-Id": "head-end-0042"})

        assert answer.json()["request_id"] == "head-end-0042"

    def test_is_over_with_the_request(self, client: Client) -> None:
        client.get("/health")

        assert trace.current() is None


class TestLogs:
    @pytest.mark.parametrize(
        "said",
        [
            "GET /ws?token=eyJhbGciOi.secret&topics=grid",
            "Authorization: Bearer eyJhbGciOi.secret",
            "Authorization: Api-Key segs_secret",
            "X-Api-Key: segs_secret",
            "Authorization: Basic c2VjcmV0",
            "posted password=secret&next=/",
        ],
    )
    def test_hold_no_secret(self, said: str) -> None:
        record = logging.LogRecord("segs", logging.INFO, "", 0, "saw %s", (said,), None)

        trace.LogFilter().filter(record)

        assert not re.search("secret|c2VjcmV0|eyJ", record.getMessage())
        assert record.request_id == "-"

    def test_say_all_the_rest(self) -> None:
        record = logging.LogRecord("segs", logging.INFO, "", 0, "closed %s minutes", (3,), None)

        trace.LogFilter().filter(record)

        assert record.getMessage() == "closed 3 minutes"


class TestWhereARequestComesFrom:
    @pytest.mark.parametrize(
        ("proxies", "address"), [(0, "10.0.0.9"), (1, "203.0.113.5"), (2, "198.51.100.7")]
    )
    def test_is_told_by_our_own_proxies_alone(
        self, rf: Any, settings: Any, proxies: int, address: str
    ) -> None:
        settings.SEGS_PROXIES = proxies
        forwarded = "6.6.6.6, 198.51.100.7, 203.0.113.5"

        request = rf.get("/", REMOTE_ADDR="10.0.0.9", headers={"X-Forwarded-For": forwarded})

        assert trace.address_of(request) == address
