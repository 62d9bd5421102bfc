"""Starts the servers that the tests need, before Django reads its settings.

`DATABASE_URL` and `REDIS_URL` point to real servers instead; the database named there is not
touched, a `test_…` beside it is.
"""

import atexit
import os
import shutil
import tempfile
import warnings
from pathlib import Path

import psycopg

os.environ.setdefault("DEBUG", "1")
os.environ.setdefault("SEGS_SITE_ZONE", "Europe/Brussels")
os.environ.setdefault(
    "SEGS_API_LIMITS", "anonymous=0,customer=0,operator=0,clerk=0,admin=0,head_end=0"
)
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="segs-run-"))
os.environ["DJANGO_SETTINGS_MODULE"] = "segs_site.settings"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from workers import embedded


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="segs-test-"))
    folder.chmod(0o755)  # PostgreSQL runs as another user when we are root
    return folder


def _hurry(url: str) -> None:
    """Spare the tests' own database its disk: what must survive a kill is tested elsewhere."""
    with psycopg.connect(url, autocommit=True) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {name} = off")
        connection.execute("SELECT pg_reload_conf()")


def _start(*, database_too: bool, broker_too: bool) -> None:
    folder = _folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs last: servers stop first
    if database_too:
        database = embedded.Database(folder / "postgres")
        os.environ["DATABASE_URL"] = database.url("segs")
        _hurry(database.url("postgres"))
        atexit.register(database.stop, "immediate")
    if broker_too:
        broker = embedded.Broker(folder / "valkey")
        broker.start()
        os.environ["REDIS_URL"] = broker.url()
        atexit.register(broker.stop)


# Each of several test processes has servers of its own; they inherit what the first one started.
OURS = "SEGS_TESTS_STARTED"
if "PYTEST_XDIST_WORKER" not in os.environ:
    names = ("DATABASE_URL", "REDIS_URL")
    os.environ[OURS] = " ".join(name for name in names if name not in os.environ)
started = os.environ[OURS].split()
if started:
    _start(database_too="DATABASE_URL" in started, broker_too="REDIS_URL" in started)
