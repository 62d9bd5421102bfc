"""What the ingest process counts; each metric with its meaning.

The names without `segs_` are those of the system that this one takes the place of.
"""

from prometheus_client import Counter, Gauge, Histogram

READINGS = Counter("segs_ingest_readings", "Readings answered, by verdict", ["verdict"])
FAULTS = Counter("segs_ingest_faults", "Items refused or held, by code", ["code"])
REQUESTS = Counter("segs_ingest_requests", "Requests answered, by HTTP status", ["status"])
REFUSALS = Counter("segs_ingest_refusals", "Whole requests refused, by code", ["code"])
ANSWER_S = Histogram(
    "segs_ingest_answer_seconds",
    "Time from the whole body to the answer",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SUCCESSES = Counter("ingestion_success", "Readings accepted, by region of the meter", ["region"])
ERRORS = Counter(
    "ingestion_errors", "Items refused or held and whole requests refused, by code", ["error_type"]
)
APPEND_S = Histogram(
    "stream_append_latency",
    "Seconds until a body is on disk in the stream",
    ["topic"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
BACKLOG = Gauge(
    "segs_ingest_backlog_entries",
    "Entries in the stream that are not stored yet",
    multiprocess_mode="livemax",
)
BROKER_BYTES = Gauge(
    "segs_broker_memory_bytes", "Memory the broker uses", multiprocess_mode="livemax"
)
BROKER_LIMIT_BYTES = Gauge(
    "segs_broker_memory_limit_bytes",
    "Memory of the broker above which readings are refused",
    multiprocess_mode="livemin",
)
REGISTRY = Gauge(
    "segs_ingest_registry_version",
    "Version of the registry that ingest goes by",
    multiprocess_mode="livemin",
)
