"""Archives of what is held about a person, and customers whose login is closed."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from segs_site.lib import audit


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_limits_and_budgets"),
    ]

    operations = [
        migrations.CreateModel(
            name="Closure",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="closure",
                        serialize=False,
                        to="accounts.customer",
                    ),
                ),
                ("closed_at", models.DateTimeField()),
                ("erased_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["closed_at"],
            },
        ),
        migrations.CreateModel(
            name="DataExport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("asked_at", models.DateTimeField()),
                (
                    "try_at",
                    models.DateTimeField(help_text="a maker that died leaves it to the next"),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("made_at", models.DateTimeField(null=True)),
                ("expires_at", models.DateTimeField(null=True)),
                ("archive", models.BinaryField(null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="data_exports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("made_at", None)),
                        fields=("user",),
                        name="data_export_one_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("archive", None), ("expires_at", None), ("made_at", None)),
                            models.Q(("expires_at__isnull", False), ("made_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="data_export_made",
                    ),
                ],
            },
        ),
        audit.track(
            "accounts_closure",
            label="accounts.Closure",
            name="customer_id",
            key="customer_id",
        ),
    ]
