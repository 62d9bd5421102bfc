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
os.environ.setdefault("SEGS_API_LIMITS", "anonymous=0,customer=0,operator=0,clerk=0,admin=0")
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


def _start() -> None:
    folder = _folder()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # runs last: servers stop first
    if "DATABASE_URL" not in os.environ:
        database = embedded.Database(folder / "postgres")
        os.environ["DATABASE_URL"] = database.url("segs")
        _hurry(database.url("postgres"))
        atexit.register(database.stop, "immediate")
    if "REDIS_URL" not in os.environ:
        broker = embedded.Broker(folder / "valkey")
        broker.start()
        os.environ["REDIS_URL"] = broker.url()
        atexit.register(broker.stop)


if "DATABASE_URL" not in os.environ or "REDIS_URL" not in os.environ:
    _start()
