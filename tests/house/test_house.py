"""The shape of the house: what every file of the project keeps to."""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps as installed
from django.conf import settings
from django.core.management import call_command
from django.db import models
from django.db.migrations.loader import MigrationLoader

from accounts.models import User
from tests.house import sources

MEDIAN_LINES, P90_LINES, LONGEST = 90, 250, 400  # a file is read in one sitting
FLOORS = {"segs_site.lib": 0, "grid": 1, "tariffs": 2, "meters": 2, "accounts": 3,
          "alerts": 4, "billing": 4, "workers": 5}  # fmt: skip
HOUSE_NAMES = {
    "apps", "models", "choices", "selectors", "live", "services", "documents", "notifications",
    "forms", "views", "portal", "api", "consumers", "admin", "urls", "routing", "management",
    "templatetags", "migrations",
}  # fmt: skip
PAGES_IN_A_CORE = re.compile(r"^django\.(http|shortcuts|views|urls|forms|contrib\.admin)\b")


@dataclass(frozen=True)
class Module:
    path: Path
    tree: ast.Module

    @property
    def name(self) -> str:
        return str(self.path.relative_to(sources.ROOT))

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        return (
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        )

    def imported(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            if isinstance(node, ast.ImportFrom):
                yield node.module or ""


def parsed(*, of: list[str] | None = None) -> list[Module]:
    return [Module(path, ast.parse(path.read_text())) for path in sources.modules(of=of)]


class TestEveryModule:
    def test_imports_at_its_top_only(self) -> None:
        hidden = [
            f"{module.name}:{node.lineno}"
            for module in parsed()
            for function in module.functions()
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]

        assert hidden == []

    def test_is_found_by_a_plain_import(self) -> None:
        """An import through a text is one that import-linter cannot see.

        What the settings name (an engine, a backend) is Django's own way.
        """
        ways_around = {"import_module", "__import__", "exec", "eval"}
        hidden = [
            f"{module.name}:{node.lineno}"
            for module in parsed()
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call)
            and called(node) in ways_around
            and not ast.unparse(node.args[0]).startswith("settings.")
        ]

        assert hidden == []

    def test_annotates_what_each_function_returns(self) -> None:
        silent = [
            f"{module.name}:{function.lineno} {function.name}"
            for module in parsed()
            for function in module.functions()
            if function.returns is None
        ]

        assert silent == []

    def test_says_what_it_is_for(self) -> None:
        mute = [
            module.name
            for module in parsed()
            if module.tree.body and ast.get_docstring(module.tree) is None
        ]

        assert mute == []

    def test_lies_in_a_package(self) -> None:
        """import-linter walks packages: what lies beside them would escape it."""
        homeless = [
            path.name
            for path in sources.modules(of=sources.packages())
            if not all(
                (folder / "__init__.py").exists()
                for folder in path.parents
                if sources.ROOT in folder.parents
            )
        ]

        assert homeless == []

    def test_leaves_empty_what_every_import_runs(self) -> None:
        full = [
            module.name
            for module in parsed(of=sources.apps())
            if module.path.name == "__init__.py" and imports_something(module)
        ]

        assert full == []


class TestFiles:
    def test_are_read_in_one_sitting(self) -> None:
        lengths = {
            str(path.relative_to(sources.ROOT)): len(path.read_text().splitlines())
            for path in sources.modules()
            if path.stat().st_size
        }
        ordered = sorted(lengths.values())
        too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST}

        assert too_long == {}
        assert statistics.median(ordered) <= MEDIAN_LINES
        assert ordered[int(len(ordered) * 0.9)] <= P90_LINES

    def test_name_no_machine_and_no_package_index(self) -> None:
        """Whoever reads the project has neither our folders nor our network."""
        foreign = re.compile(r"/(?:work|root|home/\w+)/|https?://[^\s\"']*(?:/simple\b|index-url)")
        naming = [
            f"{path.relative_to(sources.ROOT)}:{place}"
            for path in sources.tracked()
            if path != Path(__file__)
            for place, line in enumerate(text(path).splitlines(), 1)
            if foreign.search(line)
        ]

        assert naming == []

    def test_are_tracked_without_their_leftovers(self) -> None:
        leftovers = [
            path.name
            for path in sources.tracked()
            if path.suffix in {".pyc", ".log", ".orig", ".rej"} or ".egg-info" in str(path)
        ]

        assert leftovers == []


class TestAnApp:
    @pytest.mark.parametrize("app", sources.apps())
    def test_has_the_files_that_every_app_has(self, app: str) -> None:
        found = {path.stem for path in (sources.ROOT / app).iterdir()}

        assert {"__init__", "apps", "models", "migrations"} <= found

    @pytest.mark.parametrize("app", sources.apps())
    def test_names_its_files_as_every_app_does_or_by_their_calculation(self, app: str) -> None:
        others = [
            module
            for module in parsed(of=[app])
            if (part := module.path.relative_to(sources.ROOT / app).parts[0].removesuffix(".py"))
            not in HOUSE_NAMES | {"__init__"}
            and part != module.path.name
        ]

        assert [module.name for module in others if not pure(module)] == []

    @pytest.mark.parametrize("app", sources.apps())
    def test_keeps_pages_out_of_its_core(self, app: str) -> None:
        core = {"models", "choices", "selectors", "live", "services"}
        strangers = [
            f"{module.name}: {name}"
            for module in parsed(of=[app])
            if module.path.relative_to(sources.ROOT / app).parts[0].removesuffix(".py") in core
            for name in module.imported()
            if PAGES_IN_A_CORE.match(name)
        ]

        assert strangers == []

    def test_is_installed(self) -> None:
        assert set(sources.apps()) <= set(settings.INSTALLED_APPS)

    def test_points_down_with_every_foreign_key(self) -> None:
        """A relation named by a text, "alerts.Alert", is an import nobody sees."""
        upward = [
            f"{model.__name__}.{field.name}"
            for model in installed.get_models()
            if (floor := FLOORS.get(model._meta.app_config.name)) is not None
            for field in model._meta.get_fields()
            if isinstance(field, models.ForeignKey | models.ManyToManyField)
            and (target := FLOORS.get(field.related_model._meta.app_config.name)) is not None
            and model._meta.app_config is not field.related_model._meta.app_config
            and target >= floor
        ]

        assert upward == []


class TestIngest:
    def test_takes_nothing_of_django_but_its_settings(self) -> None:
        """import-linter sees one package `django`; a database hides behind the same name."""
        strangers = [
            f"{module.name}: {name}"
            for module in parsed(of=["workers"])
            if module.path.is_relative_to(sources.ROOT / "workers" / "ingest")
            for name in module.imported()
            if name.split(".")[0] == "django" and name != "django.conf"
        ]

        assert strangers == []


class TestMigrations:
    @pytest.mark.django_db
    def test_say_all_that_the_models_say(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)

    def test_can_be_taken_back(self) -> None:
        stuck = [
            f"{label}.{name}: {operation.__class__.__name__}"
            for (label, name), migration in ours()
            for operation in migration.operations
            if not operation.reversible
        ]

        assert stuck == []

    def test_make_our_user_in_the_first_of_accounts(self) -> None:
        first = dict(ours())["accounts", "0001_initial"]
        made = {operation.name for operation in first.operations if hasattr(operation, "fields")}

        assert settings.AUTH_USER_MODEL == "accounts.User"
        assert "User" in made
        assert User.USERNAME_FIELD == "email"

    def test_are_numbered_without_a_fork(self) -> None:
        loader = MigrationLoader(None)

        assert loader.detect_conflicts() == {}


def ours() -> list[tuple[tuple[str, str], object]]:
    """Return the migrations of the project's own apps, by app label and name."""
    loader = MigrationLoader(None)
    labels = {*sources.packages(), "lib"}
    return sorted(
        (key, migration) for key, migration in loader.disk_migrations.items() if key[0] in labels
    )


def called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def imports_something(module: Module) -> bool:
    """Tell whether a package's front runs the app's models or doors on every import of it."""
    return any(name.split(".")[-1] in HOUSE_NAMES for name in module.imported())


def pure(module: Module) -> bool:
    return not any(name.split(".")[0] == "django" for name in module.imported())


def text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""
