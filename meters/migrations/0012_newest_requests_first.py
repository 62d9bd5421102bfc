"""Requests are listed newest first, in the admin and beside a meter: from an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("meters", "0011_uploads")]

    operations = [
        migrations.AddIndex(
            model_name="gatewayrequest",
            index=models.Index(fields=["-requested_at", "-id"], name="gateway_request_newest"),
        ),
    ]
