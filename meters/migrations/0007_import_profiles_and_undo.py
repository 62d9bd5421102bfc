"""CSV layouts as rows, with those that come ready; what a file replaced, so it can be undone."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from segs_site.lib import audit

READY: list[tuple[dict[str, Any], list[dict[str, str]]]] = [
    (
        {
            "name": "fluvius",
            "label": "Fluvius quarter-hours: From, Until, Register, Volume",
            "delimiter": ";",
            "decimal_mark": ",",
            "start_columns": "From (date)\nFrom (time)",
            "end_columns": "Until (date)\nUntil (time)",
            "time_format": "%d/%m/%Y %H:%M:%S",
            "zone": "Europe/Brussels",
            "point_column": "EAN code",
            "register_column": "Register",
            "serial_column": "Meter",
            "unit_column": "Unit",
            "quality_column": "Validation status",
            "qualities": "Read = actual\nEstimated = estimated\nNo consumption = missing",
        },
        [
            {"column": "Volume", "direction": "import", "register": "Offtake*"},
            {"column": "Volume", "direction": "export", "register": "Injection*"},
        ],
    ),
    (
        {
            "name": "epochs",
            "label": "Starts in seconds since 1970, lengths in minutes, a unit in each row",
            "time_format": "epoch",
            "start_columns": "start",
            "length_column": "minutes",
            "point_column": "point",
            "register_column": "channel",
            "unit_column": "unit",
        },
        [
            {"column": "value", "direction": "import", "register": "import*"},
            {"column": "value", "direction": "export", "register": "export*"},
        ],
    ),
    (
        {
            "name": "quarters-wide",
            "label": "A row a day: point, channel, day, and its quarter-hours one after the other",
            "layout": "wide",
            "has_headings": False,
            "time_format": "%Y-%m-%d",
            "zone": "Europe/Brussels",
            "length_min": 15,
            "point_column": "1",
            "register_column": "2",
            "start_columns": "3",
        },
        [
            {"column": "4", "direction": "import", "register": "import*"},
            {"column": "4", "direction": "export", "register": "export*"},
        ],
    ),
]


def make_ready(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the layouts that come with the product; a person may change or remove them."""
    profiles = apps.get_model("meters", "ImportProfile").objects
    channels = apps.get_model("meters", "ImportChannel").objects
    for fields, rules in READY:
        profile = profiles.create(**fields)
        for rule in rules:
            channels.create(profile=profile, **rule)


class Migration(migrations.Migration):
    """Import profiles, their channels, replaced reads."""

    dependencies = [
        ("lib", "0003_audit_trail"),
        ("meters", "0006_gateways_and_their_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportChannel",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "column",
                    models.CharField(
                        help_text="of the values; of a wide row the first", max_length=100
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[
                            ("import", "drawn by the customer"),
                            ("export", "fed in by the customer"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "register",
                    models.CharField(
                        blank=True,
                        help_text="what the register reads; * and ? stand for others",
                        max_length=100,
                    ),
                ),
                (
                    "suffix",
                    models.CharField(
                        blank=True,
                        help_text="name of the channel; empty: the register's",
                        max_length=64,
                    ),
                ),
                (
                    "unit",
                    models.CharField(
                        default="kWh", help_text="where no column names it", max_length=10
                    ),
                ),
                (
                    "sign",
                    models.CharField(
                        choices=[
                            ("as-written", "as written; a negative value is refused"),
                            ("flipped", "the other way round"),
                            ("positive", "of a net value, what is above zero"),
                            ("negative", "of a net value, what is below zero"),
                        ],
                        default="as-written",
                        max_length=10,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportProfile",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "name",
                    models.SlugField(help_text="as --format names it", max_length=40, unique=True),
                ),
                ("label", models.CharField(max_length=100)),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("long", "long: a row an interval"),
                            ("wide", "wide: a row a day"),
                        ],
                        default="long",
                        max_length=10,
                    ),
                ),
                (
                    "delimiter",
                    models.CharField(default=",", help_text="a tab may be pasted", max_length=1),
                ),
                ("decimal_mark", models.CharField(default=".", max_length=1)),
                (
                    "grouping",
                    models.CharField(blank=True, help_text="mark between thousands", max_length=1),
                ),
                (
                    "encoding",
                    models.CharField(
                        choices=[
                            ("utf-8", "UTF-8"),
                            ("cp1252", "Windows-1252"),
                            ("iso-8859-15", "Latin 9"),
                        ],
                        default="utf-8",
                        max_length=20,
                    ),
                ),
                (
                    "skip_rows",
                    models.PositiveSmallIntegerField(default=0, help_text="before the headings"),
                ),
                (
                    "has_headings",
                    models.BooleanField(
                        default=True, help_text="else columns are numbers, from 1"
                    ),
                ),
                (
                    "start_columns",
                    models.TextField(
                        blank=True, help_text="of the start of an interval, one a line"
                    ),
                ),
                ("end_columns", models.TextField(blank=True, help_text="of its end, one a line")),
                (
                    "time_format",
                    models.CharField(
                        default="iso",
                        help_text="iso, epoch, epoch-ms, or a pattern: %d/%m/%Y %H:%M",
                        max_length=60,
                    ),
                ),
                (
                    "zone",
                    models.CharField(
                        default="UTC",
                        help_text="civil time: Europe/Brussels; an offset for good: UTC+10:00",
                        max_length=60,
                    ),
                ),
                (
                    "length_column",
                    models.CharField(blank=True, help_text="minutes", max_length=100),
                ),
                ("length_min", models.PositiveSmallIntegerField(blank=True, null=True)),
                (
                    "point",
                    models.CharField(
                        blank=True, help_text="where no column names it", max_length=64
                    ),
                ),
                ("point_column", models.CharField(blank=True, max_length=100)),
                ("register_column", models.CharField(blank=True, max_length=100)),
                ("serial_column", models.CharField(blank=True, max_length=100)),
                ("unit_column", models.CharField(blank=True, max_length=100)),
                ("quality_column", models.CharField(blank=True, max_length=100)),
                (
                    "last_column",
                    models.CharField(
                        blank=True,
                        help_text="of the values of a wide row; empty: all that follow",
                        max_length=100,
                    ),
                ),
                (
                    "qualities",
                    models.TextField(
                        blank=True,
                        help_text="Read = actual, one a line; what is not here is suspect",
                    ),
                ),
                (
                    "missing",
                    models.TextField(blank=True, help_text="what stands for no value, one a line"),
                ),
                (
                    "ignored",
                    models.TextField(
                        blank=True, help_text="beginnings of rows that hold no reads, one a line"
                    ),
                ),
                (
                    "decimals",
                    models.PositiveSmallIntegerField(
                        blank=True,
                        help_text="round values to so many; empty: keep them exact",
                        null=True,
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="ReplacedRead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("value", models.DecimalField(decimal_places=6, max_digits=18, null=True)),
                (
                    "quality",
                    models.SmallIntegerField(
                        choices=[
                            (0, "missing"),
                            (1, "suspect"),
                            (2, "estimated"),
                            (3, "calculated"),
                            (4, "edited"),
                            (5, "actual"),
                        ]
                    ),
                ),
                ("flag", models.CharField(max_length=30)),
                ("reason", models.CharField(blank=True, max_length=250)),
            ],
        ),
        migrations.AddField(
            model_name="readfile",
            name="undone_at",
            field=models.DateTimeField(help_text="when its reads were taken back", null=True),
        ),
        migrations.AlterField(
            model_name="channel",
            name="suffix",
            field=models.CharField(help_text="the file's name of the channel", max_length=64),
        ),
        migrations.AlterField(
            model_name="intervalread",
            name="flag",
            field=models.CharField(
                help_text="the file's own quality, e.g. A, S14, F16", max_length=30
            ),
        ),
        migrations.AlterField(
            model_name="readfile",
            name="format",
            field=models.CharField(max_length=40),
        ),
        migrations.AlterField(
            model_name="readfile",
            name="sha256",
            field=models.CharField(max_length=64),
        ),
        migrations.AddConstraint(
            model_name="readfile",
            constraint=models.UniqueConstraint(
                condition=models.Q(("undone_at__isnull", True)),
                fields=("sha256",),
                name="read_file_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="importprofile",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("length_min__isnull", True), ("length_min__gt", 0), _connector="OR"
                ),
                name="import_profile_length_is_none_or_positive",
            ),
        ),
        migrations.AddField(
            model_name="importchannel",
            name="profile",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="channels",
                to="meters.importprofile",
            ),
        ),
        migrations.AddField(
            model_name="replacedread",
            name="channel",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, to="meters.channel"
            ),
        ),
        migrations.AddField(
            model_name="replacedread",
            name="file",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outdone",
                to="meters.readfile",
            ),
        ),
        migrations.AddField(
            model_name="replacedread",
            name="replaced_by",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced",
                to="meters.readfile",
            ),
        ),
        migrations.AddConstraint(
            model_name="importchannel",
            constraint=models.UniqueConstraint(
                fields=("profile", "column", "register", "sign"), name="import_channel_once"
            ),
        ),
        migrations.AddIndex(
            model_name="replacedread",
            index=models.Index(fields=["channel", "start"], name="replaced_read_history"),
        ),
        migrations.AddConstraint(
            model_name="replacedread",
            constraint=models.UniqueConstraint(
                fields=("replaced_by", "channel", "start"), name="replaced_read_once"
            ),
        ),
        audit.track("meters_importprofile", label="meters.ImportProfile", name="name"),
        audit.track("meters_importchannel", label="meters.ImportChannel", name="column"),
        migrations.RunPython(make_ready, migrations.RunPython.noop),
    ]
