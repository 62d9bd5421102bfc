"""SAIDI, SAIFI and CAIDI as they were, beside what the product's records say."""

from collections.abc import Sequence

from benchmarks.alerts_faults import Event
from benchmarks.alerts_layout import Layout


def truth(layout: Layout, events: Sequence[Event]) -> dict[str, float]:
    """Return the figures of a period from the faults that were made in it.

    A customer here is a meter. No two outages of a plan overlap at one meter.
    """
    below = [len(layout.below(event.place)) for event in events]
    minutes = (
        sum(
            meters * (event.end_ms - event.start_ms)
            for meters, event in zip(below, events, strict=True)
        )
        / 60_000
    )
    return figures(minutes, sum(below), layout.meters)


def figures(minutes: float, interruptions: int, customers: int) -> dict[str, float]:
    """Return IEEE 1366's figures from customer-minutes and interruptions of customers."""
    return {
        "saidi_min": minutes / customers,
        "saifi": interruptions / customers,
        "caidi_min": minutes / interruptions if interruptions else 0.0,
    }


def compare(true: dict[str, float], recorded: dict[str, float]) -> dict[str, object]:
    """Return the true and the recorded figures, and by how many percent SAIDI is off."""
    off = 100 * (recorded["saidi_min"] / true["saidi_min"] - 1) if true["saidi_min"] else None
    return {
        **{f"true_{name}": value for name, value in true.items()},
        **{f"recorded_{name}": value for name, value in recorded.items()},
        "saidi_off_pct": off,
    }
