"""Limits of prices and a budget, of which a customer wants to be told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_letters_of_administrators"),
    ]

    operations = [
        migrations.AddField(
            model_name="preferences",
            name="budget",
            field=models.DecimalField(
                blank=True,
                decimal_places=2,
                help_text="of a billing period",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="preferences",
            name="budget_looked_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="preferences",
            name="price_above",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="a kWh, before tax",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="preferences",
            name="price_below",
            field=models.DecimalField(
                blank=True,
                decimal_places=6,
                help_text="a kWh, before tax",
                max_digits=12,
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="preferences",
            index=models.Index(
                condition=models.Q(("budget__isnull", False)),
                fields=["budget_looked_at"],
                name="budget_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="preferences",
            constraint=models.CheckConstraint(
                condition=models.Q(("budget", None), ("budget__gt", 0), _connector="OR"),
                name="budget_is_some",
            ),
        ),
    ]
