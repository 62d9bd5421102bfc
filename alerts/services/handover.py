"""What one shift tells the next."""

from datetime import datetime

from alerts.models import ShiftNote
from alerts.services.acting import NoText


def write(*, text: str, by: str, now: datetime) -> ShiftNote:
    """Keep a note for the next shift; raises NoText."""
    if not text.strip():
        raise NoText
    return ShiftNote.objects.create(text=text.strip(), written_by=by, written_at=now)
