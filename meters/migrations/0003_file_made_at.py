"""A meter file's own time of making decides which of two files stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds `made_at` to files."""

    dependencies = [("meters", "0002_partitioned_tables")]
    operations = [
        migrations.AddField(
            model_name="readfile",
            name="made_at",
            field=models.DateTimeField(
                null=True, help_text="when its sender made it, as it says; ranks it among files"
            ),
        ),
    ]
