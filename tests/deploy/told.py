"""Every metric that the processes of SEGS tell of, read from where they are declared."""

from dataclasses import dataclass

from prometheus_client.metrics import MetricWrapperBase

from segs_site.lib import hub
from segs_site.lib import metrics as common
from workers import celery, counting, relay, state
from workers.ingest import metrics as ingest
from workers.stream import metrics as stream

PARTS = (common, hub, ingest, stream, relay, counting, celery)


@dataclass(frozen=True)
class Told:
    """One metric: what it means, its kind and the labels it is told apart by."""

    meaning: str
    kind: str
    labels: tuple[str, ...]


def metrics() -> dict[str, Told]:
    """Return every metric by the name that is asked for (a histogram's without its ends)."""
    found: dict[str, Told] = {}
    for part in PARTS:
        for value in vars(part).values():
            if isinstance(value, MetricWrapperBase):
                (family,) = value.describe()
                name = f"{family.name}_total" if family.type == "counter" else family.name
                found[name] = Told(family.documentation, family.type, value._labelnames)
    for metric in state.METRICS:
        found[metric.name] = Told(metric.meaning, "gauge", tuple(metric.labels))
    found[state.READ] = Told(state.READ_MEANING, "gauge", ())
    return found


def series() -> set[str]:
    """Return every name of a series, as a query may ask for it."""
    ends = {"histogram": ("_bucket", "_count", "_sum")}
    return {
        f"{name}{end}" for name, each in metrics().items() for end in ends.get(each.kind, ("",))
    }
