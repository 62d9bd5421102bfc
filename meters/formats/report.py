"""What was found in a file, as a document that is kept: bounded, whatever the file.

Figures are texts, so that no digit is lost; what is cut says how much more there was.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from meters.formats.base import Note
from meters.formats.tally import LocalDay, Summary

CHANNELS = 200  # of a file
DAYS = 62  # of a channel, those that are not whole first
DAYS_OF_ALL = 2_000  # of all channels of a file together
NOTES = 200


def document(
    *,
    made_at: datetime | None,
    summaries: Sequence[Summary],
    notes: Sequence[Note],
    outcome: Mapping[str, int],
) -> dict[str, Any]:
    """Return the document of a file; `outcome` counts its reads by what became of them."""
    shown = summaries[:CHANNELS]
    most = min(DAYS, max(1, DAYS_OF_ALL // max(1, len(shown))))
    return {
        "made_at": made_at and made_at.isoformat(),
        "intervals": sum(summary.intervals for summary in summaries),
        "outcome": dict(outcome),
        "channels": [_channel(summary, most) for summary in shown],
        "channels_more": len(summaries) - len(shown),
        "notes": [_note(note) for note in notes[:NOTES]],
        "notes_more": max(0, len(notes) - NOTES),
    }


def _channel(summary: Summary, most: int) -> dict[str, Any]:
    channel = summary.channel
    days = sorted(summary.days, key=lambda day: (is_usual(day), day.date))[:most]
    return {
        "point": channel.point,
        "name": channel.suffix,
        "serial": channel.serial,
        "unit": channel.unit,
        "direction": channel.direction,
        "minutes": [f"{length.total_seconds() / 60:g}" for length in summary.lengths],
        "intervals": summary.intervals,
        "total": f"{summary.total:f}",
        "qualities": {quality.name.lower(): count for quality, count in summary.qualities.items()},
        "days_found": summary.days_found,
        "days_expected": summary.days_expected,
        "days": [_day(day) for day in sorted(days, key=lambda day: day.date)],
        "days_more": len(summary.days) - len(days),
    }


def is_usual(day: LocalDay) -> bool:
    """Tell whether a day is whole and of 24 hours: nobody needs to look at it."""
    return day.found == day.expected and day.hours == 24


def _day(day: LocalDay) -> dict[str, Any]:
    return {
        "date": day.date.isoformat(),
        "hours": f"{day.hours.normalize():f}",
        "found": day.found,
        "expected": day.expected,
        "total": f"{day.total:f}",
    }


def _note(note: Note) -> dict[str, Any]:
    return {"line": note.line, "code": note.code, "message": note.message}
