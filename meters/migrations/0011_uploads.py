"""Meter files that people send, with their bytes; those taken in before are listed as well."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from segs_site.lib import audit


def list_what_is_in(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make a row for each file that was taken in before there were uploads."""
    uploads = apps.get_model("meters", "Upload").objects
    for file in apps.get_model("meters", "ReadFile").objects.order_by("id").iterator():
        uploads.create(
            name=file.name, size=0, sha256=file.sha256, format=file.format, file=file,
            state="undone" if file.undone_at else "applied", uploaded_by="import_readings",
            uploaded_at=file.imported_at, applied_by="import_readings",
            applied_at=file.imported_at, undone_at=file.undone_at,
        )  # fmt: skip


class Migration(migrations.Migration):
    """Uploads, their parts, the audit of what people decide."""

    dependencies = [
        ("meters", "0010_validation_and_edits"),
    ]

    operations = [
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("size", models.BigIntegerField(help_text="bytes")),
                ("sha256", models.CharField(max_length=64)),
                (
                    "format",
                    models.CharField(
                        blank=True, help_text="empty: not plain, not chosen", max_length=40
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("unclear", "its format is not plain: choose one"),
                            ("checking", "being looked at"),
                            ("ready", "can be taken in"),
                            ("refused", "refused: it has wrong lines"),
                            ("known", "nothing to do: it is in already"),
                            ("applying", "being taken in"),
                            ("applied", "taken in"),
                            ("undoing", "being taken back"),
                            ("undone", "taken back"),
                            ("discarded", "discarded"),
                        ],
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=300)),
                ("report", models.JSONField(null=True)),
                ("faults", models.JSONField(default=list)),
                (
                    "faults_more",
                    models.IntegerField(default=0, help_text="wrong lines that are not kept"),
                ),
                ("uploaded_by", models.CharField(max_length=254)),
                ("uploaded_at", models.DateTimeField()),
                ("applied_by", models.CharField(blank=True, max_length=254)),
                (
                    "applied_at",
                    models.DateTimeField(help_text="when it was asked to be taken in", null=True),
                ),
                ("undone_by", models.CharField(blank=True, max_length=254)),
                (
                    "undone_at",
                    models.DateTimeField(
                        help_text="when it was asked to be taken back", null=True
                    ),
                ),
                ("undo_reason", models.CharField(blank=True, max_length=500)),
                (
                    "file",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uploads",
                        to="meters.readfile",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="UploadPart",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.IntegerField()),
                ("content", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="parts",
                        to="meters.upload",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                condition=models.Q(("state__in", ["checking", "applying", "undoing"])),
                fields=["id"],
                name="upload_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpart",
            constraint=models.UniqueConstraint(
                fields=("upload", "place"), name="upload_part_once"
            ),
        ),
        audit.track(
            "meters_upload",
            label="meters.Upload",
            name="name",
            ignored=["report", "faults", "faults_more"],
        ),
        migrations.RunPython(list_what_is_in, migrations.RunPython.noop),
    ]
