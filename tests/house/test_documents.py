"""The documents speak of what stands: every path, command, setting and dependency they name."""

import re
import tomllib
from hashlib import sha256
from itertools import chain

import pytest
from django.core.management import get_commands

from tests.house import sources

DOCUMENTS = ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
ONE_PAGE = 130  # lines; longer ones are not read
PLACEHOLDERS = re.compile(r"\b(APP|NAME|FILE)\b")
DRAWN = {  # names that any app may have, and what the first start makes
    "choices.py", "models.py", "selectors.py", "live.py", "services.py", "services/", "forms.py",
    "views.py", "portal.py", "api/", "consumers.py", "admin.py", "urls.py", "routing.py",
    "management/", "templatetags/", "lib/", "ingest/", "stream/", ".venv/", ".segs/",
}  # fmt: skip
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def written(document: str) -> str:
    return (sources.ROOT / document).read_text()


def spans(document: str) -> list[str]:
    """Return what stands between backticks, and the targets of links."""
    text = written(document)
    in_line = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    return in_line + re.findall(r"\]\(([^)#]+)\)", text)


def names_a_file(span: str) -> bool:
    is_path = re.fullmatch(r"[\w.-]+(/[\w.-]+)*/?", span) is not None
    is_file = "/" in span or re.search(r"\.(py|md|toml|txt|html)$", span) is not None
    return is_path and is_file and not PLACEHOLDERS.search(span)


@pytest.mark.parametrize("document", DOCUMENTS)
class TestADocument:
    def test_names_files_that_exist(self, document: str) -> None:
        missing = [
            span
            for span in spans(document)
            if names_a_file(span) and not (sources.ROOT / span).exists() and span not in DRAWN
        ]

        assert missing == []

    def test_names_commands_that_exist(self, document: str) -> None:
        text = written(document)
        commands = set(re.findall(r"manage\.py ([a-z_]+)", text))
        targets = set(re.findall(r"(?:`|^)make ([a-z-]+)", text, flags=re.M))
        makefile = written("Makefile")

        assert commands - get_commands().keys() == set()
        assert [each for each in sorted(targets) if f"\n{each}:" not in makefile] == []

    def test_names_settings_that_exist(self, document: str) -> None:
        read = chain(
            [sources.ROOT / "segs_site/settings.py"], (sources.ROOT / "workers").rglob("*.py")
        )
        known = "".join(path.read_text() for path in read)
        named = set(re.findall(r"\b(SEGS_[A-Z_]+|DEMO_[A-Z_]+)\b", written(document)))

        assert [each for each in sorted(named) if each not in known] == []


class TestArchitecture:
    def test_is_one_page(self) -> None:
        assert len(written("ARCHITECTURE.md").splitlines()) <= ONE_PAGE

    def test_says_what_each_dependency_is_for(self) -> None:
        project = tomllib.loads(written("pyproject.toml"))["project"]
        names = [re.match(r"[\w-]+", each)[0].lower() for each in project["dependencies"]]
        dependencies = written("ARCHITECTURE.md").partition("## Dependencies")[2].lower()
        silent = [
            name
            for name in names
            if name not in dependencies
            and name.removeprefix("djangorestframework-") not in dependencies
        ]

        assert silent == []

    def test_draws_every_package(self) -> None:
        drawn = spans("ARCHITECTURE.md")

        assert [package for package in sources.packages() if package not in drawn] == []


class TestContributing:
    def test_says_where_each_new_thing_goes(self) -> None:
        headings = re.findall(r"^## How to add an? (.+)$", written("CONTRIBUTING.md"), re.M)

        assert {"model", "page", "event", "alert condition", "file format"} <= set(headings)


class TestLicence:
    def test_is_apache_2_word_for_word(self) -> None:
        assert sha256((sources.ROOT / "LICENSE").read_bytes()).hexdigest() == APACHE_2
