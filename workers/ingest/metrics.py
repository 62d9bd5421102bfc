"""What the ingest process counts; each metric with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

READINGS = Counter("segs_ingest_readings", "Readings answered, by verdict", ["verdict"])
FAULTS = Counter("segs_ingest_faults", "Items refused or held, by code", ["code"])
REQUESTS = Counter("segs_ingest_requests", "Requests answered, by HTTP status", ["status"])
ANSWER_S = Histogram(
    "segs_ingest_answer_seconds",
    "Time from the whole body to the answer",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BACKLOG = Gauge("segs_ingest_backlog_entries", "Entries in the stream that are not stored yet")
BROKER_BYTES = Gauge("segs_broker_memory_bytes", "Memory the broker uses")
REGISTRY = Gauge("segs_ingest_registry_version", "Version of the registry that ingest goes by")
