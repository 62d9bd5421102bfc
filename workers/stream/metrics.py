"""What a stream worker counts; each metric with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

STORED = Counter("segs_stream_readings_stored", "Readings written to the table")
REPEATS = Counter("segs_stream_repeats", "Readings left out because the same row is there")
CONFLICTS = Counter("segs_stream_conflicts", "Readings held: the key has another value")
BURIED = Counter("segs_stream_buried", "Entries put among the dead letters")
LANES = Gauge("segs_stream_lanes", "Shards this worker holds")
TURN_S = Histogram(
    "segs_stream_turn_seconds",
    "Time to fetch and store what waits in all lanes",
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
