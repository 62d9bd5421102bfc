"""Meter files that people sent: what became of each, and its bytes until it is taken in."""

from typing import Self

from django.db import models

from meters.choices import UploadState
from meters.models.held import ReadFile


class UploadQuerySet(models.QuerySet["Upload"]):
    """Uploads by where they stand."""

    def due(self) -> Self:
        """Keep those that a worker has something to do for, oldest first."""
        return self.filter(state__in=UploadState.busy()).order_by("id")


class Upload(models.Model):
    """A meter file as it came: looked at, then taken in or not, then perhaps taken back.

    `report` is what was found in it, `faults` are its wrong lines; `problem` is why the last
    thing asked for was not done.
    """

    name = models.CharField(max_length=200)
    size = models.BigIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    format = models.CharField(max_length=40, blank=True, help_text="empty: not plain, not chosen")
    state = models.CharField(max_length=10, choices=UploadState.choices)
    problem = models.CharField(max_length=300, blank=True)
    report = models.JSONField(null=True)
    faults = models.JSONField(default=list)
    faults_more = models.IntegerField(default=0, help_text="wrong lines that are not kept")
    file = models.ForeignKey(ReadFile, null=True, on_delete=models.PROTECT, related_name="uploads")
    uploaded_by = models.CharField(max_length=254)
    uploaded_at = models.DateTimeField()
    applied_by = models.CharField(max_length=254, blank=True)
    applied_at = models.DateTimeField(null=True, help_text="when it was asked to be taken in")
    undone_by = models.CharField(max_length=254, blank=True)
    undone_at = models.DateTimeField(null=True, help_text="when it was asked to be taken back")
    undo_reason = models.CharField(max_length=500, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                name="upload_due",
                condition=models.Q(state__in=["checking", "applying", "undoing"]),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UploadPart(models.Model):
    """A stretch of an upload's bytes; gone once nothing can be read from it any more."""

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="parts")
    place = models.IntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["upload", "place"], name="upload_part_once"),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.place}"
