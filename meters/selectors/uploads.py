"""Meter files that people sent, and how far work on one is."""

from django.db.models import QuerySet

from meters.models import Upload, UploadPart
from segs_site.lib import caching

PART = 1 << 20  # bytes in a row of an upload
READ_TWICE = frozenset({"espi"})  # formats whose readers go over a file twice


def uploads(*, state: str = "") -> QuerySet[Upload]:
    """Return what was sent, without what was found in it; all states but for a given one."""
    found = Upload.objects.select_related("file").defer("report", "faults")
    return found.filter(state=state) if state else found


def part(upload_id: int, place: int) -> bytes:
    """Return a stretch of an upload's bytes; raises UploadPart.DoesNotExist once it is gone."""
    row = UploadPart.objects.values_list("content", flat=True)
    return bytes(row.get(upload=upload_id, place=place))


def progress_key(upload_id: int) -> str:
    """Return where the progress of work on an upload is told."""
    return f"upload:{upload_id}:progress"


def progress(upload: Upload) -> int | None:
    """Return how many percent of a file are read, 99 while it is compared; None: not known."""
    told = caching.seen(progress_key(upload.pk))
    return told if isinstance(told, int) else None


def passes(format_name: str) -> int:
    """Return how often a file of a format is read: once for its digest, then by its reader."""
    return 3 if format_name in READ_TWICE else 2
