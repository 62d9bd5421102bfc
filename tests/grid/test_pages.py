"""The pages as the server sends them, without a browser."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.models import User

STATIC = Path(settings.BASE_DIR) / "static"
TEMPLATES = sorted((Path(settings.BASE_DIR) / "templates").rglob("*.html"))
MODULES = sorted((STATIC / "console").glob("*.js"))


@pytest.fixture
def page(client: Client, olga: User) -> str:
    client.force_login(olga)
    return client.get(reverse("overview")).content.decode()


class TestOverview:
    def test_asks_a_stranger_to_sign_in_and_remembers_where_he_wanted_to_go(
        self, client: Client, db: None
    ) -> None:
        answer = client.get(reverse("overview"))

        assert answer.status_code == 302
        assert answer.headers["Location"] == "/sign-in/?next=/"

    def test_is_open_to_olga(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(reverse("overview")).status_code == 200

    def test_leads_carl_to_what_is_his(self, client: Client, carl: User) -> None:
        client.force_login(carl)

        assert client.get(reverse("overview")).headers["Location"] == reverse("portal-home")

    def test_tells_carl_in_words_what_is_not_for_him(self, client: Client, carl: User) -> None:
        client.force_login(carl)

        answer = client.get(reverse("tariffs"))

        assert answer.status_code == 403
        assert "carl@home.example (customer)" in answer.content.decode()
        assert "Sign out" in answer.content.decode()

    def test_offers_the_administration_to_ada_alone(
        self, client: Client, ada: User, page: str
    ) -> None:
        client.force_login(ada)

        assert "Administration" in client.get(reverse("overview")).content.decode()
        assert "Administration" not in page

    def test_hands_the_browser_what_it_cannot_know(self, page: str) -> None:
        assert 'data-zone="Europe/Brussels"' in page
        assert 'data-reading-interval-s="10"' in page

    def test_is_asked_of_the_database_in_few_queries(
        self, client: Client, olga: User, django_assert_max_num_queries: object
    ) -> None:
        client.force_login(olga)

        with django_assert_max_num_queries(6):  # the session, kept alive, and the user
            client.get(reverse("overview"))


class TestSignIn:
    def test_takes_an_address_in_any_case(self, client: Client, olga: User) -> None:
        words = {"username": "Olga@Utility.example", "password": "secret-olga"}

        answer = client.post(reverse("login"), words)

        assert answer.headers["Location"] == reverse("overview")

    def test_does_not_say_which_of_the_two_is_wrong(self, client: Client, olga: User) -> None:
        wrong_password = {"username": olga.email, "password": "guess"}
        wrong_address = {"username": "nobody@utility.example", "password": "secret-olga"}

        answers = [client.post(reverse("login"), it) for it in (wrong_password, wrong_address)]

        for answer in answers:
            assert "do not belong together" in answer.content.decode()

    def test_goes_on_to_no_other_site(self, client: Client, olga: User) -> None:
        words = {"username": olga.email, "password": "secret-olga", "next": "https://evil.example"}

        answer = client.post(reverse("login"), words)

        assert answer.headers["Location"] == reverse("overview")

    def test_ends_by_post_alone(self, client: Client, olga: User) -> None:
        client.force_login(olga)

        assert client.get(reverse("logout")).status_code == 405
        assert client.post(reverse("logout")).headers["Location"] == reverse("login")
        assert client.get(reverse("overview")).status_code == 302


class TestErrorPages:
    def test_for_an_unknown_address_leads_back(self, client: Client, db: None) -> None:
        answer = client.get("/nowhere/<script>")

        assert answer.status_code == 404
        assert "/nowhere/&lt;script&gt;" in answer.content.decode()

    @pytest.mark.parametrize("name", ["400.html", "500.html"])
    def test_of_a_broken_server_need_nothing_from_it(self, name: str) -> None:
        assert "<h1>" in render_to_string(name)

    def test_for_a_form_without_its_token_says_that_nothing_was_changed(self, db: None) -> None:
        answer = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "olga"})

        assert answer.status_code == 403
        assert "Nothing was changed" in answer.content.decode()


class TestPolicy:
    def test_allows_nothing_inline_and_nothing_from_elsewhere(
        self, client: Client, db: None
    ) -> None:
        policy = client.get(reverse("login")).headers["Content-Security-Policy"]

        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy

    @pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
    def test_is_kept_by_every_template(self, template: Path) -> None:
        text = template.read_text()

        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
        assert not re.search(r"<script(?![^>]*\ssrc=)", text)
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//", text)

    def test_finds_every_file_that_templates_name(self) -> None:
        named = re.findall(r'{% static "([^"]+)" %}', "".join(it.read_text() for it in TEMPLATES))

        assert [name for name in named if finders.find(name) is None] == []

    @pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
    def test_finds_every_module_that_another_imports(self, module: Path) -> None:
        named = re.findall(r'from "\./([^"]+)"', module.read_text())

        assert [name for name in named if not (module.parent / name).exists()] == []


class TestWords:
    def test_are_served_to_scripts(self, client: Client) -> None:
        answer = client.get(reverse("words"))

        assert answer.headers["Content-Type"].startswith("text/javascript")
        assert "django.gettext" in answer.content.decode()
