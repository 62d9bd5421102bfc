"""An import profile for the CSV files that `telemetry/export.csv` gives."""

from typing import Any

from django.conf import settings
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

PROFILE = {
    "name": "segs",
    "label": "Windows that SEGS itself gives: telemetry/export.csv",
    "start_columns": "at",
    "length_column": "minutes",
    "zone": settings.SEGS_SITE_ZONE,  # where days lie; the stamps are UTC
    "point_column": "point",
    "register_column": "flow",
    "serial_column": "meter",
    "quality_column": "quality",
    "qualities": "\n".join(
        f"{quality} = {quality}"
        for quality in ("actual", "edited", "calculated", "estimated", "suspect")
    ),
}
COUNTED = {"column": "energy_kwh", "unit": "kWh"}
CHANNELS: list[dict[str, Any]] = [
    COUNTED | {"direction": "import", "register": "import", "suffix": "import"},
    COUNTED | {"direction": "import", "register": "both", "suffix": "import", "sign": "positive"},
    COUNTED | {"direction": "export", "register": "both", "suffix": "export", "sign": "negative"},
]


def make(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Make the profile, unless a person has one of that name."""
    profiles = apps.get_model("meters", "ImportProfile").objects
    if profiles.filter(name=PROFILE["name"]).exists():
        return
    profile = profiles.create(**PROFILE)
    for channel in CHANNELS:
        apps.get_model("meters", "ImportChannel").objects.create(profile=profile, **channel)


class Migration(migrations.Migration):
    """One row, and its channels."""

    dependencies = [("meters", "0007_import_profiles_and_undo")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
