"""A meter file taken back: its reads go, those that it replaced return."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from meters.choices import UploadState
from meters.models import Channel, IntervalRead, ReadFile, ReplacedRead, Upload
from segs_site.lib.locks import Lock

RESTORE = """
INSERT INTO meters_intervalread
    (channel_id, start, "end", value, quality, flag, reason, file_id)
SELECT channel_id, start, "end", value, quality, flag, reason, file_id
FROM meters_replacedread WHERE replaced_by_id = %s
"""


class AlreadyUndone(Exception):
    """The file was taken back before."""


class Superseded(Exception):
    """A file taken in later replaced reads of this one; it must be undone first."""

    def __init__(self, later: ReadFile) -> None:
        super().__init__(f"{later.name}, taken in later, replaced reads of it: undo that first")
        self.later = later


@dataclass(frozen=True, slots=True)
class Undone:
    """How many reads went, and how many came back."""

    removed: int
    restored: int


@transaction.atomic
def undo(*, file_id: int, now: datetime) -> Undone:
    """Leave the reads as if the file had not come; it may then be taken in again.

    A file that lost to this one when it came does not gain by it: take it in again for that. The
    serial of a channel stays the last that was heard of. Raises AlreadyUndone or Superseded.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [Lock.IMPORTS])
    if not ReadFile.objects.filter(pk=file_id, undone_at=None).update(undone_at=now):
        raise AlreadyUndone
    outdone = ReplacedRead.objects.filter(file=file_id).select_related("replaced_by").first()
    if outdone is not None:
        raise Superseded(outdone.replaced_by)
    reads = IntervalRead.objects.filter(file=file_id)
    channel_ids = set(reads.values_list("channel_id", flat=True).distinct())
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM meters_intervalread WHERE file_id = %s", [file_id])
        removed = cursor.rowcount
        cursor.execute(RESTORE, [file_id])
        restored = cursor.rowcount
    ReplacedRead.objects.filter(replaced_by=file_id).delete()
    _forget_unread(channel_ids)
    sent = Upload.objects.filter(file=file_id, state=UploadState.APPLIED)
    sent.update(state=UploadState.UNDONE, undone_at=now)
    return Undone(removed, restored)


def _forget_unread(channel_ids: set[int]) -> None:
    """Remove the channels that no file knows any more."""
    read = set(
        Channel.objects.filter(pk__in=channel_ids, reads__isnull=False)
        .values_list("pk", flat=True)
        .distinct()
    )
    Channel.objects.filter(pk__in=channel_ids - read).delete()
