"""Imports that must never pass, each with the contract of `.importlinter` that stops it.

A case writes lines at the end of files of a copy of the house, in which every app has every file
that the house knows (`FURNITURE`; empty where it does not exist yet). A file that is missing is
made, with the packages above it. Most cases are one line in one file; where a rule can be gone
around through a third module, the case goes around.
"""

from dataclasses import dataclass

FURNITURE = (
    "urls.py", "routing.py", "views.py", "portal.py", "api/regions.py", "consumers.py", "admin.py",
    "management/commands/tidy.py", "templatetags/loads.py", "forms.py", "services.py",
    "selectors.py", "live.py", "documents.py", "notifications.py", "models.py", "choices.py",
)  # fmt: skip


@dataclass(frozen=True)
class Violation:
    """What is written where, and the id of the contract that must break."""

    contract: str
    writes: tuple[tuple[str, str], ...]

    @property
    def spoken(self) -> str:
        return " + ".join(f"{path}: {line}" for path, line in self.writes)


def one(contract: str, path: str, line: str) -> Violation:
    return Violation(contract, ((path, line),))


def two(contract: str, first: tuple[str, str], second: tuple[str, str]) -> Violation:
    return Violation(contract, (first, second))


ACROSS_CORES = [
    one("cores", "segs_site/lib/live.py", "from grid.models import Region"),
    one("cores", "segs_site/lib/access.py", "import accounts.models"),
    one("cores", "segs_site/lib/hub.py", "from grid import selectors"),
    one("cores", "grid/models.py", "from meters.models import Meter"),
    one("cores", "grid/selectors.py", "from meters.models import LatestReading"),
    one("cores", "grid/services.py", "from accounts.models import ServiceAgreement"),
    one("cores", "meters/models.py", "from tariffs.models import RatePlan"),
    one("cores", "meters/services/storing.py", "from accounts.models import ServiceAgreement"),
    one("cores", "tariffs/models.py", "from meters.models import Meter"),
    one("cores", "tariffs/selectors.py", "import meters.selectors"),
    one("cores", "tariffs/services.py", "import accounts.services as people"),
    one("cores", "meters/live.py", "from accounts.models import *"),
    # inside a function, and for the type checker alone, an import is an import
    one("cores", "meters/selectors.py", "def late():\n    from accounts.models import User"),
    one(
        "cores",
        "grid/live.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from meters.models import Meter",
    ),
    one("cores", "meters/migrations/0900_owner.py", "from accounts.models import User"),
    two(
        "cores",
        ("meters/services/storing.py", "from meters.services import owners"),
        ("meters/services/owners.py", "from accounts import selectors"),
    ),
]

UPWARD_INSIDE = [
    one("inside-an-app", "grid/models.py", "from grid import selectors"),
    one("inside-an-app", "grid/choices.py", "from grid.models import Region"),
    one("inside-an-app", "meters/models.py", "from meters.services import storing"),
    one("inside-an-app", "meters/selectors.py", "from meters.services import storing"),
    one("inside-an-app", "meters/selectors.py", "from meters import live"),
    one("inside-an-app", "grid/live.py", "from grid import selectors"),
    one("inside-an-app", "meters/telemetry.py", "from meters.choices import Flow"),
    one("inside-an-app", "meters/formats/nem12.py", "from meters.models import Channel"),
    one("inside-an-app", "meters/formats/base.py", "from meters.services import files"),
    one("inside-an-app", "grid/forms.py", "from grid import views"),
    one("inside-an-app", "grid/views.py", "from grid import portal"),
    one("inside-an-app", "grid/consumers.py", "from grid.api import regions"),
    one("inside-an-app", "accounts/services.py", "from accounts.forms import LoginForm"),
    one("inside-an-app", "accounts/models.py", "from . import services"),
    two(
        "inside-an-app",
        ("meters/models.py", "from meters import verdicts"),
        ("meters/verdicts.py", "from meters.services import storing"),
    ),
]

DOORS = [
    one("doors-upside-down", "grid/views.py", "from meters import views"),
    one("doors-upside-down", "grid/views.py", "from accounts.forms import LoginForm"),
    one("doors-upside-down", "meters/api/regions.py", "from accounts.api import regions"),
    one("doors", "accounts/portal.py", "from grid import views"),
    one("doors", "meters/api/regions.py", "from grid.consumers import Live"),
    one("doors", "tariffs/templatetags/loads.py", "from grid.templatetags import loads"),
    one("doors", "meters/management/commands/tidy.py", "from grid.admin import RegionAdmin"),
    one("doors", "grid/views.py", "from workers import tasks"),
    one("doors-upside-down", "workers/tasks/windows.py", "from grid import views"),
    one("doors-upside-down", "workers/management/commands/tidy.py", "import accounts.portal"),
    one("cores-below-doors", "accounts/services.py", "from grid import views"),
    one("cores-below-doors", "accounts/selectors.py", "from grid.api import regions"),
    one("cores-below-doors", "grid/apps.py", "from grid import views"),
    one("cores-below-doors", "meters/migrations/0900_page.py", "from meters import views"),
    one("cores-below-doors", "segs_site/lib/hub.py", "from grid.consumers import Live"),
]

WORKERS_ALONE = [
    one("workers", "accounts/services.py", "from workers.celery import app"),
    one("workers", "segs_site/urls.py", "from workers import tasks"),
    one("workers", "meters/services/windows.py", "from workers.models import Shard"),
    one("workers", "segs_site/lib/live.py", "from workers import mirror"),
    one("workers", "accounts/api/regions.py", "from workers.ingest import application"),
    one("workers", "segs_site/routing.py", "import workers.watch"),
    one("queue", "grid/management/commands/tidy.py", "from celery import current_app"),
    one("queue", "meters/services/windows.py", "from celery import shared_task"),
    one("queue", "grid/views.py", "import celery"),
    one("queue", "tariffs/admin.py", "from celery.schedules import crontab"),
    one("queue", "segs_site/lib/hub.py", "import kombu"),
    one("broker", "meters/services/registry.py", "import redis"),
    one("broker", "grid/consumers.py", "from redis import asyncio as aioredis"),
    one("broker", "segs_site/lib/live.py", "import redis"),
    one("site", "grid/views.py", "from segs_site.urls import urlpatterns"),
    one("workers", "meters/registry.py", "from workers.stream import names"),
    one("site", "workers/tasks/windows.py", "from segs_site.urls import urlpatterns"),
    one("ingest", "workers/ingest/door.py", "from accounts.models import ApiKey"),
    one("ingest", "workers/ingest/app.py", "import psycopg"),
    two(
        "ingest",
        ("workers/ingest/app.py", "from workers import tasks"),
        ("workers/tasks/windows.py", "from meters.services import windows"),
    ),
    one("stream", "workers/stream/pipeline.py", "from meters import columns"),
    one("stream", "workers/stream/pipeline.py", "from accounts.models import ApiKey"),
    one("stream", "workers/stream/message.py", "import workers.ingest"),
    two(
        "stream",
        ("workers/stream/pipeline.py", "from workers import carrier"),
        ("workers/carrier.py", "from meters.services import storing"),
    ),
]

IMPURE = [
    one("pure", "meters/telemetry.py", "from django.utils import timezone"),
    one("pure", "meters/telemetry.py", "from segs_site.lib import access"),
    one("pure", "meters/columns.py", "import redis"),
    one("pure", "meters/columns.py", "import time"),
    one("pure", "meters/formats/nem12.py", "from django.conf import settings"),
    one("pure", "meters/formats/nem12.py", "import os"),
    one("pure", "tariffs/pricing.py", "import psycopg"),
    one("pure", "grid/topology.py", "import rest_framework"),
    one("pure", "segs_site/lib/periods.py", "from django.utils import timezone"),
    one("pure", "segs_site/lib/quantities.py", "from segs_site.lib.choices import Quality"),
    one("pure", "segs_site/lib/pgcopy.py", "import psycopg"),
    two(
        "pure",
        ("grid/loading.py", "from segs_site.lib import quantities"),
        ("segs_site/lib/quantities.py", "from segs_site.lib import partitions"),
    ),
]

WRONG_TRADE = [
    one("cores-answer-nobody", "meters/models.py", "from rest_framework import serializers"),
    one("cores-answer-nobody", "grid/live.py", "from channels.layers import get_channel_layer"),
    one("cores-answer-nobody", "accounts/services.py", "import httpx"),
    one("cores-answer-nobody", "alerts/notifications/mail.py", "import httpcore"),
    one("settings", "segs_site/settings.py", "from accounts.choices import UserRole"),
    one("settings", "segs_site/settings.py", "from segs_site.lib import access"),
    one("inside-the-site", "segs_site/lib/access.py", "from segs_site import settings"),
    one("site", "grid/models.py", "from segs_site import settings"),
    one("inside-the-foundation", "segs_site/lib/models.py", "from segs_site.lib import live"),
    one("inside-the-foundation", "segs_site/lib/choices.py", "import segs_site.lib.models"),
    one("tests", "workers/tasks/windows.py", "from tests import worlds"),
    one("tests", "meters/services/storing.py", "import benchmarks"),
    one("tests", "accounts/models.py", "import pytest"),
]

STRAY_FILES = [
    one("inside-an-app", "grid/helpers.py", "HELP = 1"),
    one("inside-an-app", "meters/utils/__init__.py", "HELP = 1"),
    one("inside-an-app", "accounts/signals.py", "HELP = 1"),
    one("inside-the-foundation", "segs_site/lib/tools.py", "HELP = 1"),
    one("inside-the-site", "segs_site/helpers.py", "HELP = 1"),
    one("inside-the-workers", "workers/helpers.py", "HELP = 1"),
    one("inside-the-tasks", "workers/tasks/helpers.py", "HELP = 1"),
    one("inside-the-tasks", "workers/tasks/mail.py", "from workers.tasks import prices"),
]

CIRCLES = [
    two(
        "no-circles",
        ("meters/columns.py", "from meters import telemetry"),
        ("meters/telemetry.py", "from meters import columns"),
    ),
    two(
        "no-circles",
        ("meters/services/storing.py", "from meters.services import windows"),
        ("meters/services/windows.py", "from meters.services import storing"),
    ),
    two(
        "no-circles",
        ("workers/stream/left.py", "from workers.stream import right"),
        ("workers/stream/right.py", "from workers.stream import left"),
    ),
    two(
        "no-circles",
        ("grid/api/regions.py", "from grid.api import loads"),
        ("grid/api/loads.py", "from grid.api import regions"),
    ),
]

VIOLATIONS = [
    *ACROSS_CORES,
    *UPWARD_INSIDE,
    *DOORS,
    *WORKERS_ALONE,
    *IMPURE,
    *WRONG_TRADE,
    *STRAY_FILES,
    *CIRCLES,
]
