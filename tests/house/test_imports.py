"""The import contracts stop what they must stop, and nothing that stands today."""

import json
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser

import pytest

from tests.house import sources, trial
from tests.house.violations import FURNITURE, VIOLATIONS, Violation

OPTIONAL = {"alerts", "billing"}  # drawn in the house, not built yet


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The contracts that each case broke, by its spoken name; "" for the untouched copy."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(sources.ROOT / ".importlinter", copy)
    for package in sources.packages():
        shutil.copytree(
            sources.ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    work = {
        "furniture": [f"{app}/{file}" for app in sources.apps() for file in FURNITURE],
        "cases": [[], *(violation.writes for violation in VIOLATIONS), []],
    }
    answer = subprocess.run(
        [sys.executable, trial.__file__, str(copy)],
        input=json.dumps(work),
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    untouched, *found, untouched_again = json.loads(answer.stdout)
    spoken = [violation.spoken for violation in VIOLATIONS]
    return {"": untouched + untouched_again} | dict(zip(spoken, found, strict=True))


class TestTheContracts:
    def test_pass_over_the_house_as_it_stands(self, broken: dict[str, list[str]]) -> None:
        assert broken[""] == []

    @pytest.mark.parametrize("violation", VIOLATIONS, ids=lambda violation: violation.spoken)
    def test_stop_each_deliberate_violation(
        self, violation: Violation, broken: dict[str, list[str]]
    ) -> None:
        assert violation.contract in broken[violation.spoken]

    def test_are_each_broken_by_some_violation(self) -> None:
        tried = {violation.contract for violation in VIOLATIONS}

        assert tried == set(contracts())


class TestTheListsOfTheContracts:
    def test_watch_every_package_of_the_product(self) -> None:
        roots = lines(configuration()["importlinter"]["root_packages"])

        assert set(roots) == set(sources.packages())

    def test_name_every_app_wherever_they_name_one(self) -> None:
        apps = set(sources.apps())
        forgotten = [
            f"{contract}, {option}: {missing}"
            for contract, options in contracts().items()
            for option, named in named_apps(options)
            if len(named - OPTIONAL) > 1 and (missing := sorted(apps - named))
        ]

        assert forgotten == []

    def test_call_the_same_modules_calculation_and_pure(self) -> None:
        inside_an_app = lines(contracts()["inside-an-app"]["layers"])[-1]
        foundation = lines(contracts()["inside-the-foundation"]["layers"])[-1]
        calculations = {
            name.strip("() ") for row in (inside_an_app, foundation) for name in row.split(":")
        }
        pure = {name.rpartition(".")[2] for name in lines(contracts()["pure"]["source_modules"])}

        assert calculations <= pure

    def test_tolerate_no_import_but_those_argued_for(self) -> None:
        tolerated = {
            contract: lines(options["ignore_imports"])
            for contract, options in contracts().items()
            if "ignore_imports" in options
        }
        doors = {row.partition(" -> ")[0] for row in tolerated.pop("cores")}

        assert tolerated == {
            "broker": ["segs_site.lib.hub -> redis"],
            "inside-an-app": ["meters.live -> meters.selectors"],
        }
        assert {door.split(".")[1] for door in doors} == DOORS


DOORS = {
    "urls", "routing", "views", "portal", "api", "consumers", "admin", "management",
    "templatetags", "forms",
}  # fmt: skip


def configuration() -> ConfigParser:
    parser = ConfigParser()
    parser.read(sources.ROOT / ".importlinter")
    return parser


def contracts() -> dict[str, dict[str, str]]:
    prefix = "importlinter:contract:"
    parser = configuration()
    return {
        section.removeprefix(prefix): dict(parser[section])
        for section in parser.sections()
        if section.startswith(prefix)
    }


def lines(option: str) -> list[str]:
    return [line.strip() for line in option.splitlines() if line.strip()]


def named_apps(options: dict[str, str]) -> list[tuple[str, set[str]]]:
    """Return, for each option that is a list, the apps it names."""
    apps = "|".join([*sources.apps(), *OPTIONAL])
    return [
        (option, set(re.findall(rf"\b({apps})\b(?= *[.)|:\n]|$)", value)))
        for option, value in options.items()
        if "\n" in value
    ]
