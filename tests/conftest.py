"""Fixtures every test may use: people with names, a small grid, an empty broker."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module

import pytest
import redis
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.models.signals import post_migrate
from django.db.models.sql.compiler import SQLUpdateCompiler
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from accounts.choices import UserRole
from accounts.models import User
from segs_site.lib import audit
from tests import worlds

rules_to_begin_with = import_module("alerts.migrations.0006_rules_to_begin_with")
layouts_to_begin_with = import_module("meters.migrations.0007_import_profiles_and_undo")
our_own_layout = import_module("meters.migrations.0008_profile_of_our_own_files")
rules_of_intervals = import_module("meters.migrations.0010_validation_and_edits")
KEPT = {"auth_permission", "django_content_type", "django_migrations"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Make the database, and ask it what a process asks once: no test counts that as its own."""
    with django_db_blocker.unblock():
        audit._audited(str(connection.settings_dict["NAME"]), connection.alias)


@pytest.fixture
def now() -> datetime:
    """The present, whole seconds."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def broker() -> Iterator[redis.Redis]:
    """A client of the tests' Valkey, whose database 0 is emptied before and after."""
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def small_grid(db: None, now: datetime) -> worlds.SmallGrid:
    """Two regions, one transformer each, with three meters a region."""
    return worlds.small_grid(now=now)


@pytest.fixture
def olga(db: None) -> User:
    """Operates."""
    return User.objects.create_user("olga@utility.example", "secret-olga", role=UserRole.OPERATOR)


@pytest.fixture
def carl(db: None) -> User:
    """Is a customer."""
    return User.objects.create_user("carl@home.example", "secret-carl", role=UserRole.CUSTOMER)


@pytest.fixture
def ada(db: None) -> User:
    """Administers."""
    return User.objects.create_superuser("ada@utility.example", "secret-ada")


def _empty(self: TransactionTestCase) -> None:
    """Empty the tables that a test has filled, instead of all of them.

    Django's own way truncates a hundred tables, each a file of its own, and makes content types
    and permissions anew: nearly a second for each test that commits.
    """
    with connection.cursor() as cursor:
        tables = connection.introspection.django_table_names(only_existing=True)
        found = " UNION ALL ".join(
            f"SELECT '{table}' WHERE EXISTS (SELECT FROM \"{table}\")"
            for table in sorted(set(tables) - KEPT)
        )
        cursor.execute(found)
        filled = [table for (table,) in cursor.fetchall()]
        cursor.execute("SET session_replication_role = replica")  # no triggers, in any order
        for table in filled:
            cursor.execute(f'DELETE FROM "{table}"')
        cursor.execute("SET session_replication_role = DEFAULT")
    rules_to_begin_with.write(apps, None)
    if not apps.get_model("meters", "ImportProfile").objects.exists():
        layouts_to_begin_with.make_ready(apps, None)
        our_own_layout.make(apps, None)
    if not apps.get_model("meters", "ValidationRule").objects.exists():
        rules_of_intervals.make_ready(apps, None)
    for app in ("lib", "meters", "workers"):  # rows that are there from the start
        post_migrate.send(
            sender=apps.get_app_config(app), app_config=apps.get_app_config(app), verbosity=0,
            interactive=False, using="default", plan=[], apps=apps)  # fmt: skip


def _one_table(self: SQLUpdateCompiler) -> None:
    """Refuse an update that is decided by another table: PostgreSQL reads that before it waits.

    Of two such updates at the same moment, both find the row as it was, and both believe that
    they changed it. What an update depends on stands in its own row, or is locked before.
    """
    tables = [table for table, count in self.query.alias_refcount.items() if count]
    assert len(tables) < 2, f"an update across {tables}"
    _set_up(self)


_set_up = SQLUpdateCompiler.pre_sql_setup
SQLUpdateCompiler.pre_sql_setup = _one_table  # type: ignore[method-assign]
TransactionTestCase._fixture_teardown = _empty  # type: ignore[method-assign]
