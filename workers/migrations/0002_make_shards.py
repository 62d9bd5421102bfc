"""The shards are made once, at install, and stored: changing their number needs a drain."""

from django.conf import settings
from django.db import migrations


def make_shards(apps, schema_editor):
    """Make the rows of `SEGS_SHARDS` shards."""
    shard = apps.get_model("workers", "Shard")
    shard.objects.bulk_create(shard(number=number) for number in range(settings.SEGS_SHARDS))


class Migration(migrations.Migration):
    """Makes the shards."""

    dependencies = [("workers", "0001_initial")]
    operations = [migrations.RunPython(make_shards, migrations.RunPython.noop)]
