"""A rule for each kind, to begin with; `docs/alert-rules.md` says why these numbers."""

from typing import Any

from django.db import migrations

LOW, MEDIUM, HIGH, CRITICAL = 1, 2, 3, 4
FIELDS = (
    "severity", "threshold", "deadband", "on_delay_s", "off_delay_s", "share_pct", "count",
    "escalate_after_s",
)  # fmt: skip
RULES: dict[str, tuple[float | None, ...]] = {
    "outage": (HIGH, 0.005, 0, 8, 10, None, None, None),
    "silent": (MEDIUM, 3, 0, 8, 20, None, None, None),
    "transformer_outage": (HIGH, None, 20, 0, 10, 60, 3, 900),
    "feeder_outage": (CRITICAL, None, 20, 0, 10, 75, 5, 300),
    "region_outage": (CRITICAL, None, 20, 0, 10, 75, 10, 300),
    "gateway_lost": (HIGH, 3, 0, 60, 10, None, None, 1800),
    "no_input": (CRITICAL, 3, 0, 15, 10, None, None, 300),
    "overload": (HIGH, 90, 5, 180, 180, None, None, 600),
    "load_unknown": (MEDIUM, None, 0, 300, 0, None, None, None),
    "spike": (LOW, 100, 8, 180, 300, None, None, None),
    "drop": (LOW, 50, 0.15, 7200, 1800, None, None, None),
    "frozen": (LOW, 15, 0, 0, 120, None, None, None),
    "voltage": (MEDIUM, 10, 1, 180, 180, None, None, None),
    "clock": (LOW, 60, 10, 300, 300, None, None, None),
    "conflict": (LOW, None, 0, 0, 3600, None, None, None),
    "unattended": (CRITICAL, None, 0, 60, 0, None, None, None),
}


def write(apps: Any, schema_editor: Any) -> None:
    """Add what is missing; a rule that somebody has made already stays."""
    rules = apps.get_model("alerts", "AlertRule")
    for kind, values in RULES.items():
        rules.objects.get_or_create(
            kind=kind, region=None, defaults=dict(zip(FIELDS, values, strict=True))
        )


class Migration(migrations.Migration):
    """Rules as rows, for the desk to edit."""

    dependencies = [("alerts", "0005_what_detection_remembers")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
