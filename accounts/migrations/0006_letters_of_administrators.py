"""Letters of invitation, and of a second factor that an administrator took away."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Choices only; the table stays as it is."""

    dependencies = [("accounts", "0005_key_last_used")]
    operations = [
        migrations.AlterField(
            model_name="letter",
            name="kind",
            field=models.CharField(
                choices=[
                    ("confirm", "confirm an address"),
                    ("reset", "choose a new password"),
                    ("changed", "a password was changed"),
                    ("invited", "an invitation"),
                    ("factor_reset", "a second factor was taken away"),
                ],
                max_length=20,
            ),
        ),
    ]
