"""What detection remembers, and who was without supply, and when."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The detector's state, and interruptions."""

    dependencies = [
        ("alerts", "0004_the_journal_is_told"),
        ("grid", "0001_initial"),
        ("meters", "0006_gateways_and_their_requests"),
    ]

    operations = [
        migrations.CreateModel(
            name="WatchState",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("columns", models.BinaryField(default=bytes)),
                ("done_until", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Interruption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last_at", models.DateTimeField(null=True)),
                ("started_at", models.DateTimeField()),
                ("next_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("is_planned", models.BooleanField(default=False)),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interruptions",
                        to="meters.meter",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interruptions",
                        to="grid.region",
                    ),
                ),
                (
                    "service_point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interruptions",
                        to="meters.servicepoint",
                    ),
                ),
                (
                    "transformer",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interruptions",
                        to="grid.transformer",
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at", "-id"],
                "indexes": [
                    models.Index(fields=["region", "started_at"], name="interruption_of_region"),
                    models.Index(fields=["started_at"], name="interruption_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("meter",),
                        name="interruption_running_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("ended_at", None),
                            ("ended_at__gt", models.F("started_at")),
                            _connector="OR",
                        ),
                        name="interruption_ends_after_start",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="TimeOfDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slot", models.SmallIntegerField()),
                ("columns", models.BinaryField()),
                ("changed_at", models.DateTimeField()),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="grid.region",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("region", "slot"), name="time_of_day_once"),
                    models.CheckConstraint(
                        condition=models.Q(("slot__gte", 0), ("slot__lt", 96)),
                        name="time_of_day_in_a_day",
                    ),
                ],
            },
        ),
    ]
