"""What customers are told, once, of prices and budgets."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0007_columns_are_kept_as_they_are"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="occasion",
            field=models.CharField(
                choices=[
                    ("opened", "a new alert"),
                    ("worsened", "an alert got worse"),
                    ("escalated", "nobody has acknowledged"),
                    ("ended", "an alert is over"),
                    ("outage", "an outage at the address"),
                    ("restored", "supply is back"),
                    ("advice", "a price or a budget"),
                    ("summary", "many in one"),
                    ("test", "a test"),
                ],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Advice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("price_above", "a price above the limit"),
                            ("price_below", "a price below the limit"),
                            ("budget_reached", "the budget is reached"),
                            ("budget_likely", "the budget is likely to be exceeded"),
                        ],
                        max_length=20,
                    ),
                ),
                ("about", models.CharField(max_length=60)),
                (
                    "place",
                    models.CharField(
                        blank=True, help_text="where the price holds", max_length=300
                    ),
                ),
                ("limit", models.DecimalField(decimal_places=6, max_digits=24)),
                ("value", models.DecimalField(decimal_places=6, max_digits=24)),
                ("currency", models.CharField(max_length=3)),
                ("until", models.DateTimeField(null=True)),
                ("at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="advice",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "advice",
                "ordering": ["-id"],
            },
        ),
        migrations.AddField(
            model_name="notice",
            name="advice",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="notices",
                to="alerts.advice",
            ),
        ),
        migrations.AddConstraint(
            model_name="advice",
            constraint=models.UniqueConstraint(
                fields=("user", "kind", "about"), name="advice_once"
            ),
        ),
    ]
