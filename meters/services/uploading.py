"""Meter files that people send: kept in the database until it is decided what becomes of them.

Every process can read them there, whichever machine took them. What is due is worked off in
`meters.services.taking_in`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import IO, Any, BinaryIO

from django.db import transaction

from meters.choices import UploadState
from meters.formats import report
from meters.formats.base import HEAD
from meters.models import Upload, UploadPart
from meters.selectors import formats, uploads
from meters.services.files import Imported

PART = uploads.PART
NAME = 200
KEPT = timedelta(days=14)  # a file that nobody decided on
PACKED = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"7z\xbc\xaf": "7z",
          b"\xfd7zXZ": "xz", b"Rar!": "rar", b"(\xb5/\xfd": "zstd"}  # fmt: skip


class Unreadable(Exception):
    """A file that cannot be one of meters: says why."""


class NotOpen(Exception):
    """The file is past that: it is being worked on, taken in or discarded."""


class UnknownFormat(Exception):
    """No format has that name."""


class NoReason(Exception):
    """To take a file back needs a reason."""


def receive(
    *, stream: IO[bytes] | BinaryIO | Any, name: str, by: str, now: datetime, format_name: str = ""
) -> Upload:
    """Keep a file that came; it is looked at next. Raises Unreadable or UnknownFormat."""
    known = formats.formats()
    if format_name and format_name not in known:
        raise UnknownFormat
    head = stream.read(HEAD)
    stream.seek(0)
    _refuse(head)
    found = known[format_name] if format_name else formats.detect(head, known)
    with transaction.atomic():
        upload = Upload.objects.create(
            name=plain_name(name),
            size=0,
            format=found.name if found else "",
            state=UploadState.CHECKING if found else UploadState.UNCLEAR,
            uploaded_by=by,
            uploaded_at=now,
        )
        upload.size, upload.sha256 = _keep(upload, stream)
        upload.save(update_fields=["size", "sha256"])
    return upload


def _refuse(head: bytes) -> None:
    packed = next((kind for magic, kind in PACKED.items() if head.startswith(magic)), None)
    if packed:
        message = f"line 1: the file is packed ({packed}): unpack it first"
        raise Unreadable(message)
    if not head.strip():
        message = "line 1: the file is empty"
        raise Unreadable(message)
    if b"\0" in head:
        line = head[: head.index(b"\0")].count(b"\n") + 1
        message = f"line {line}: the file is no text in UTF-8 or a code page"
        raise Unreadable(message)


def plain_name(name: str) -> str:
    """Return a file's name without folders and without what no name should hold."""
    last = PurePosixPath(name.replace("\\", "/")).name
    shown = re.sub(r"\s+", " ", "".join(one if one.isprintable() else " " for one in last))
    return shown.strip()[-NAME:] or "unnamed"


def _keep(upload: Upload, stream: Any) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    for place, content in enumerate(_parts(stream)):
        UploadPart.objects.create(upload=upload, place=place, content=content)
        digest.update(content)
        size += len(content)
    return size, digest.hexdigest()


def _parts(stream: Any) -> Iterator[bytes]:
    while content := stream.read(PART):
        yield content


def record(*, imported: Imported, size: int, by: str, now: datetime) -> Upload:
    """Write down a file that was taken in without being sent: by the command."""
    return Upload.objects.create(
        name=imported.name[-NAME:],
        size=size,
        sha256=imported.sha256,
        format=imported.format_name,
        state=UploadState.APPLIED,
        report=found_in(imported),
        file_id=imported.file_id,
        uploaded_by=by,
        uploaded_at=now,
        applied_by=by,
        applied_at=now,
    )


def found_in(imported: Imported) -> dict[str, Any]:
    """Return what was found in a file, as it is kept."""
    return report.document(
        made_at=imported.made_at,
        summaries=imported.summaries,
        notes=imported.notes,
        outcome=asdict(imported.outcome),
    )


def choose(*, upload_id: int, format_name: str) -> None:
    """Have a file looked at in a format; raises UnknownFormat or NotOpen."""
    if format_name not in formats.formats():
        raise UnknownFormat
    chosen = Upload.objects.filter(pk=upload_id, state__in=UploadState.open())
    if not chosen.update(
        format=format_name, state=UploadState.CHECKING, report=None, faults=[], faults_more=0,
        problem="",
    ):  # fmt: skip
        raise NotOpen


def apply(*, upload_id: int, by: str, now: datetime) -> None:
    """Have a file taken in that was looked at; once it is, this says nothing. Raises NotOpen."""
    ready = Upload.objects.filter(pk=upload_id, state=UploadState.READY)
    if ready.update(state=UploadState.APPLYING, applied_by=by, applied_at=now, problem=""):
        return
    done = (UploadState.APPLYING, UploadState.APPLIED)
    if not Upload.objects.filter(pk=upload_id, state__in=done).exists():
        raise NotOpen


def undo(*, upload_id: int, by: str, reason: str, now: datetime) -> None:
    """Have a file taken back, for a reason; raises NoReason, or NotOpen when it is not in."""
    if not reason.strip():
        raise NoReason
    taken_in = Upload.objects.filter(pk=upload_id, state=UploadState.APPLIED)
    if not taken_in.update(
        state=UploadState.UNDOING, undone_by=by, undone_at=now, undo_reason=reason.strip(),
        problem="",
    ):  # fmt: skip
        raise NotOpen


@transaction.atomic
def discard(*, upload_id: int) -> None:
    """Forget the bytes of a file that is not taken in; what was found in it stays to be read."""
    chosen = Upload.objects.filter(pk=upload_id, state__in=UploadState.open())
    if not chosen.update(state=UploadState.DISCARDED):
        raise NotOpen
    UploadPart.objects.filter(upload=upload_id).delete()


def forget(*, now: datetime) -> None:
    """Discard what nobody has decided on for long."""
    old = Upload.objects.filter(state__in=UploadState.open(), uploaded_at__lt=now - KEPT)
    for pk in list(old.values_list("pk", flat=True)):
        discard(upload_id=pk)
