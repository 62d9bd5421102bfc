"""The processes of the demo, in the order of their start, and what they find around them."""

import sys
from collections.abc import Mapping

from workers.celery import QUEUES
from workers.demo import people
from workers.demo.orders import Orders
from workers.demo.supervisor import Program
from workers.simulator.fleet import DEMO_ZONE

CELERY_PROCESSES = 2
OUTWARD = "mail"  # the queue of what waits for others' servers, which has a worker of its own
DRAIN_S = 10
AS_ROOT = "ignore:You're running the worker with superuser privileges"  # a demo may


def environment(
    orders: Orders, given: Mapping[str, str], *, database_url: str, redis_url: str
) -> dict[str, str]:
    """Return the environment of the demo's processes; what was given outranks the zone alone."""
    return {
        "SEGS_SITE_ZONE": DEMO_ZONE,
        **given,
        "DEBUG": "1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SEGS_AUTO_REGISTER": "1",
        "SEGS_READING_INTERVAL_S": str(orders.interval_s),
        "PYTHONUNBUFFERED": "1",
    }


def running(orders: Orders, *, ingest_port: int) -> list[Program]:
    """Return every process in the order of start; they are stopped in the reverse."""
    python = (sys.executable, "-m")
    manage = (sys.executable, "manage.py")
    local = "127.0.0.1"
    web = ("daphne", "-b", local, "-p", str(orders.port), "-v", "0", "segs_site.asgi:application")
    ingest = ("uvicorn", "workers.ingest:application", "--host", local)
    serving = ("--port", str(ingest_port), "--no-access-log", "--log-level", "warning")
    draining = ("--timeout-graceful-shutdown", str(DRAIN_S))
    celery = (sys.executable, "-W", AS_ROOT, "-m", "celery", "--quiet", "-A", "workers")
    quiet = ("--loglevel", "WARNING")
    alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
    work = ",".join(queue for queue in QUEUES if queue != OUTWARD)
    size = ("--concurrency", str(CELERY_PROCESSES), "-Q", work)
    # Threads of one process: whatever hangs out there, it waits, and little else.
    outward = ("--pool", "threads", "--concurrency", "4", "-Q", OUTWARD, "-n", "outward@%h")
    return [
        Program("web", (*python, *web)),
        Program("relay", (*manage, "run_relay")),
        Program("celery", (*celery, "worker", *size, *alone, *quiet)),
        Program("outward", (*celery, "worker", *outward, *alone, *quiet)),
        Program("beat", (*celery, "beat", "--pidfile=", *quiet)),
        Program("worker", (*manage, "run_stream_worker")),
        Program("ingest", (*python, *ingest, *serving, *draining), patience_s=DRAIN_S + 5),
        Program("simulator", (*manage, "simulate", *_simulation(orders, ingest_port))),
    ]


def _simulation(orders: Orders, ingest_port: int) -> tuple[str, ...]:
    return (
        *("--url", f"http://127.0.0.1:{ingest_port}/telemetry/batch"),
        *("--key", people.KEY),
        *("--meters", str(orders.meters)),
        *("--interval", str(orders.interval_s)),
    )
