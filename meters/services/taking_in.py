"""Works off what people asked of meter files: looks at them, takes them in, takes them back.

One file at a time in all processes: a lock of the database's session says whose turn it is, and a
worker that dies gives it back with its connection. Each step may be done twice without harm.
"""

import io
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import IO, Any, BinaryIO, cast

from django.db import connection

from meters.choices import UploadState
from meters.formats.base import Refused
from meters.models import ReadFile, Upload, UploadPart
from meters.selectors import formats, uploads
from meters.services import files, undoing, uploading
from segs_site.lib import caching, trace
from segs_site.lib.locks import Lock

log = logging.getLogger(__name__)

AT_ONCE = 1 << 20  # bytes of a file that is worked off while somebody waits for the answer
FAULTS = 100  # wrong lines that are kept
PROBLEM = 300
TOLD_FOR_S = 600
SPOOLED = 8 << 20  # bytes that are held before they go to disk


def work_due(*, clock: Callable[[], datetime]) -> int:
    """Do what is due for all files; return how many steps that were. 0 when others are at it."""
    done = 0
    with _turn() as ours:
        while ours and (upload := Upload.objects.due().first()) is not None:
            _step(upload, now=clock())
            done += 1
    return done


def work_small(*, upload_id: int, now: datetime) -> None:
    """Do what is due for one file at once, if it is small and nobody is at another."""
    upload = Upload.objects.due().filter(pk=upload_id, size__lte=AT_ONCE).first()
    if upload is None:
        return
    with _turn() as ours:
        if ours:
            _step(upload, now=now)


@contextmanager
def _turn() -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [Lock.UPLOADS])
        ours = cursor.fetchone()[0]
    try:
        yield ours
    finally:
        if ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [Lock.UPLOADS])


def _step(upload: Upload, *, now: datetime) -> None:
    steps = {
        UploadState.CHECKING: (_check, upload.uploaded_by),
        UploadState.APPLYING: (_apply, upload.applied_by),
        UploadState.UNDOING: (_undo, upload.undone_by),
    }
    step, by = steps[UploadState(upload.state)]
    scene = trace.current()
    if scene is not None and scene.request is not None:
        changed = step(upload, now)  # whoever asked is known by his request
    else:
        with trace.acting(origin=scene.origin if scene else "import", by=by):
            changed = step(upload, now)
    Upload.objects.filter(pk=upload.pk, state=upload.state).update(**changed)
    if changed["state"] == UploadState.APPLIED:
        UploadPart.objects.filter(upload=upload).delete()


Changes = dict[str, Any]


def _check(upload: Upload, now: datetime) -> Changes:
    return _read(upload, now, dry_run=True)


def _apply(upload: Upload, now: datetime) -> Changes:
    return _read(upload, now, dry_run=False)


def _read(upload: Upload, now: datetime, *, dry_run: bool) -> Changes:
    reader = formats.formats().get(upload.format)
    if reader is None:
        return {"state": UploadState.UNCLEAR, "format": "", "problem": "its format is gone"}
    try:
        with _stream(upload) as stream:
            imported = files.import_file(
                stream=stream,
                name=upload.name,
                reader=reader,
                now=now,
                dry_run=dry_run,
            )
    except Refused as refusal:
        return _refused(refusal)
    except files.AlreadyImported as known:
        return _known(upload, known.file)
    except Exception:
        log.exception("upload %s could not be read", upload.pk)
        problem = "it could not be read for a fault of ours, which is logged"
        return {"state": UploadState.REFUSED, "problem": problem}
    found = uploading.found_in(imported)
    state = UploadState.READY if dry_run else UploadState.APPLIED
    return {"state": state, "report": found, "file_id": imported.file_id}


def _refused(refusal: Refused) -> Changes:
    kept = refusal.faults[:FAULTS]
    return {
        "state": UploadState.REFUSED,
        "faults": [{"line": fault.line, "reason": fault.reason[:500]} for fault in kept],
        "faults_more": refusal.more + len(refusal.faults) - len(kept),
    }


def _known(upload: Upload, file: ReadFile) -> Changes:
    """Say that the bytes are in: by this very upload, when a worker died before it could say."""
    problem = f"the very same bytes were taken in as number {file.pk}, {file.name}"
    is_ours = upload.state == UploadState.APPLYING and not file.uploads.exists()
    if is_ours:
        return {"state": UploadState.APPLIED, "file_id": file.pk}
    return {"state": UploadState.KNOWN, "problem": problem[:PROBLEM]}


def _undo(upload: Upload, now: datetime) -> Changes:
    try:
        undoing.undo(file_id=int(upload.file_id or 0), now=now)
    except undoing.AlreadyUndone:
        pass
    except undoing.Superseded as later:
        return {"state": UploadState.APPLIED, "problem": f"not taken back: {later}"[:PROBLEM]}
    return {"state": UploadState.UNDONE}


@contextmanager
def _stream(upload: Upload) -> Iterator[BinaryIO]:
    """Return an upload's bytes as a file, on disk where it is large; who reads it is watched."""
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED) as spooled:
        for place in range(-(-upload.size // uploads.PART)):
            spooled.write(uploads.part(upload.pk, place))
        spooled.seek(0)
        with io.BufferedReader(_Watched(spooled, upload)) as stream:
            yield cast("BinaryIO", stream)


class _Watched(io.RawIOBase):
    """A file that tells how far it is read: whoever waits sees it."""

    def __init__(self, inner: IO[bytes], upload: Upload) -> None:
        super().__init__()
        self._inner, self._key = inner, uploads.progress_key(upload.pk)
        self._whole = max(1, upload.size * uploads.passes(upload.format))
        self._read = self._told = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._inner.seek(offset, whence)

    def tell(self) -> int:
        return self._inner.tell()

    def readinto(self, buffer: Any) -> int:
        content = self._inner.read(len(buffer))
        buffer[: len(content)] = content
        self._read += len(content)
        if self._read - self._told >= AT_ONCE:
            self._told = self._read
            percent = min(99, 100 * self._read // self._whole)
            caching.put(self._key, percent, seconds=TOLD_FOR_S)
        return len(content)
