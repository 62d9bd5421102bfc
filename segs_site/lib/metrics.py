"""What every process tells Prometheus, whatever it does; and how it is written out.

The lists of the parts stand beside them: `segs_site.lib.hub`, `workers.ingest.metrics`,
`workers.stream.metrics`, `workers.counting`, `workers.state`. `docs/metrics.md` names them all.
"""

import os
from collections.abc import Iterable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

__all__ = ["BROKER", "CONTENT_TYPE_LATEST", "DATABASE", "RESYNCS", "exposition", "note"]

RESYNCS = Counter("segs_live_resyncs", "Times a socket was told to read everything anew")
# "livemin": of processes that count into one folder, the one that fails is the one to know of.
DATABASE = Gauge(
    "database_connection_status",
    "1 when the database answered this process, 0 when not",
    multiprocess_mode="livemin",
)
BROKER = Gauge(
    "broker_connection_status",
    "1 when the broker answered this process, 0 when not",
    multiprocess_mode="livemin",
)
_CONNECTIONS = {"database": DATABASE, "broker": BROKER}


def note(name: str, *, answers: bool) -> None:
    """Keep whether a dependency answered; what is no connection is left out."""
    if name in _CONNECTIONS:
        _CONNECTIONS[name].set(answers)


def exposition(also: Iterable[Collector] = ()) -> bytes:
    """Return what is counted here, and in the processes that share PROMETHEUS_MULTIPROC_DIR.

    `also` are collectors of this one answer.
    """
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        registry.register(REGISTRY)
    for collector in also:
        registry.register(collector)
    return generate_latest(registry)
