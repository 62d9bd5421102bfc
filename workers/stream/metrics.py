"""What a stream worker counts; each metric with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

STORED = Counter("segs_stream_readings_stored", "Readings written to the table")
REPEATS = Counter("segs_stream_repeats", "Readings left out because the same row is there")
CONFLICTS = Counter("segs_stream_conflicts", "Readings held: the key has another value")
BURIED = Counter("segs_stream_buried", "Entries put among the dead letters")
LANES = Gauge("segs_stream_lanes", "Shards this worker holds", multiprocess_mode="livesum")
TURN_S = Histogram(
    "segs_stream_turn_seconds",
    "Time to fetch and store what waits in all lanes",
    buckets=SECONDS[:-1],
)
BATCH_READINGS = Histogram(
    "batch_size_histogram",
    "Readings in a batch that was stored",
    buckets=(1, 10, 100, 1000, 5000, 10_000, 25_000, 50_000, 100_000, 250_000),
)
BATCH_S = Histogram(
    "batch_processing_duration",
    "Seconds from unpacking a batch to its commit",
    buckets=SECONDS,
)
COMMIT_S = Histogram(
    "segs_stream_commit_seconds",
    "Time of a batch's transaction, from the shard's lock to the commit",
    buckets=SECONDS,
)
LAG_S = Histogram(
    "segs_stream_lag_seconds",
    "From the arrival of a batch's last entry to its commit",
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
