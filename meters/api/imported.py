"""Meter files that are sent, as the API asks and answers."""

from typing import Any

from rest_framework import serializers

from meters.choices import UploadState
from meters.models import Upload
from meters.selectors import uploads
from segs_site.lib.paging import PageQuerySerializer

Fields = serializers.Serializer[Any]


class ImportQuerySerializer(PageQuerySerializer):
    """Which files; newest first."""

    state = serializers.ChoiceField(choices=UploadState.choices, required=False, default="")


class UploadSerializer(Fields):
    """A file, and how it is written where that is not plain."""

    file = serializers.FileField(allow_empty_file=True)
    format = serializers.CharField(required=False, default="", allow_blank=True, max_length=40)


class ImportFormatSerializer(Fields):
    """How a file is written: `nem12`, `espi`, or the name of an import profile."""

    format = serializers.CharField(max_length=40)


class ImportUndoSerializer(Fields):
    """Why a file is taken back."""

    reason = serializers.CharField(max_length=500)


class FaultSerializer(Fields):
    """A line that cannot be taken."""

    line = serializers.IntegerField()
    reason = serializers.CharField()


class ImportSerializer(Fields):
    """A file that was sent.

    `report` says what is in it: channels with their totals, and local days with the intervals
    found and those that their hours ask for.
    """

    id = serializers.IntegerField()
    name = serializers.CharField()
    size = serializers.IntegerField(help_text="bytes")
    format = serializers.CharField(allow_blank=True, help_text="empty: choose one")
    state = serializers.ChoiceField(choices=UploadState.choices)
    message = serializers.CharField()
    problem = serializers.CharField(allow_blank=True)
    progress_pct = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField(allow_null=True, help_text="of the file once it is in")
    intervals = serializers.IntegerField(allow_null=True)
    uploaded_by = serializers.CharField()
    uploaded_at = serializers.DateTimeField()
    applied_by = serializers.CharField(allow_blank=True)
    applied_at = serializers.DateTimeField(allow_null=True)
    undone_by = serializers.CharField(allow_blank=True)
    undone_at = serializers.DateTimeField(allow_null=True)
    undo_reason = serializers.CharField(allow_blank=True)
    report = serializers.JSONField(allow_null=True, required=False)
    faults = FaultSerializer(many=True, required=False)
    faults_more = serializers.IntegerField(required=False)


class ImportListSerializer(Fields):
    """A page of files, without what was found in them."""

    results = ImportSerializer(many=True)
    next = serializers.URLField(allow_null=True)


def document(row: Upload, *, full: bool) -> dict[str, Any]:
    """Return a file as it is answered."""
    state = UploadState(row.state)
    same = (
        "name", "size", "format", "problem", "uploaded_by", "uploaded_at", "applied_by",
        "applied_at", "undone_by", "undone_at", "undo_reason",
    )  # fmt: skip
    found = {"id": row.pk, "state": state.value, "message": state.label} | {
        name: getattr(row, name) for name in same
    }
    found |= {
        "progress_pct": uploads.progress(row) if state in UploadState.busy() else None,
        "number": row.file_id,
        "intervals": row.file.intervals if row.file else None,
    }
    if full:
        found |= {"report": row.report, "faults": row.faults, "faults_more": row.faults_more}
    return found
