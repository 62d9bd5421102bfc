"""Names of what lives in the broker; the braces keep one shard's keys on one node of a cluster."""

GROUP = "stream-workers"
READINGS = "raw_readings"
PACKED = b"m"  # field of an entry: the packed batch
WITHHELD = b"d"  # field of an entry: places in the batch that were repeats, comma-separated
REGISTRY = "segs:registry"
KEY_USES = "segs:key-uses"  # digest of an API key to when it was last used, in s since 1970
REGISTRY_STAMP = "segs:registry:stamp"  # changes with the registry: its version, and until when


def stream(shard: int) -> str:
    """Return the stream of readings of a shard."""
    return f"{READINGS}:{{{shard}}}"


def dead_letters(shard: int) -> str:
    """Return the stream of entries of a shard that cannot be processed."""
    return f"dead_letters:{{{shard}}}"


def marks(shard: int, minute: int) -> str:
    """Return the set of marks that a shard's readings left in a minute since 1970."""
    return f"seen:{{{shard}}}:{minute}"
