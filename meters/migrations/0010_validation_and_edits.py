"""Rules of validation with what they find, and final values beside the raw ones."""

import django.core.serializers.json
import django.db.models.deletion
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from segs_site.lib import audit

READY = {
    "beyond_limit": "suspect",
    "negative": "suspect",
    "conflict": "note",
    "clock_skew": "note",
    "spike": "suspect",
    "zero": "note",
    "frozen": "suspect",
    "gap": "estimate",
    "sum_check": "note",
    "consecutive": "note",
}
# Whoever sums a quarter-hour anew knows nothing of edits. What he writes is its raw side: an
# edit stays final; an estimate, a doubt or a consent stays as long as the raw side is the same,
# and falls with it.
FINAL = """
CREATE FUNCTION meters_quarter_keep_final() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_same boolean := (NEW.energy_mwh, NEW.estimated_mwh, NEW.export_mwh, NEW.quality)
        IS NOT DISTINCT FROM
        (OLD.raw_mwh, OLD.raw_estimated_mwh, OLD.raw_export_mwh, OLD.raw_quality);
BEGIN
    IF OLD.quality <> 4 AND NOT is_same THEN
        NEW.edit_id := NULL;
        NEW.raw_mwh := NULL;
        NEW.raw_estimated_mwh := NULL;
        NEW.raw_export_mwh := NULL;
        NEW.raw_quality := NULL;
        RETURN NEW;
    END IF;
    IF is_same AND (NEW.mean_mw, NEW.min_mw, NEW.max_mw, NEW.region_id, NEW.mean_mv, NEW.count,
                    NEW.expected) IS NOT DISTINCT FROM
                   (OLD.mean_mw, OLD.min_mw, OLD.max_mw, OLD.region_id, OLD.mean_mv, OLD.count,
                    OLD.expected) THEN
        RETURN NULL;
    END IF;
    NEW.raw_mwh := NEW.energy_mwh;
    NEW.raw_estimated_mwh := NEW.estimated_mwh;
    NEW.raw_export_mwh := NEW.export_mwh;
    NEW.raw_quality := NEW.quality;
    NEW.energy_mwh := OLD.energy_mwh;
    NEW.estimated_mwh := OLD.estimated_mwh;
    NEW.export_mwh := OLD.export_mwh;
    NEW.quality := OLD.quality;
    RETURN NEW;
END
$$;
CREATE TRIGGER keep_final BEFORE UPDATE ON meters_quarter FOR EACH ROW
    WHEN (OLD.edit_id IS NOT NULL AND NEW.edit_id IS NOT DISTINCT FROM OLD.edit_id)
    EXECUTE FUNCTION meters_quarter_keep_final();

CREATE FUNCTION meters_intervaledit_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was done to intervals is kept as it is' USING ERRCODE = '23001';
END
$$;
CREATE TRIGGER keep_edits BEFORE UPDATE OR DELETE ON meters_intervaledit FOR EACH ROW
    EXECUTE FUNCTION meters_intervaledit_keep();
"""
NO_FINAL = """
DROP TRIGGER keep_edits ON meters_intervaledit;
DROP FUNCTION meters_intervaledit_keep;
DROP TRIGGER keep_final ON meters_quarter;
DROP FUNCTION meters_quarter_keep_final;
"""


def make_ready(apps: StateApps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Lay one rule of each kind; every number is at its default."""
    rules = apps.get_model("meters", "ValidationRule").objects
    rules.bulk_create(rules.model(kind=kind, action=action) for kind, action in READY.items())


class Migration(migrations.Migration):
    """What is judged, what was found, and every edit."""

    dependencies = [
        ("lib", "0003_audit_trail"),
        ("meters", "0009_registers_and_exchange"),
    ]

    operations = [
        migrations.CreateModel(
            name="ValidationMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter_id", models.IntegerField(null=True)),
                ("start", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="ValidationRule",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("beyond_limit", "beyond what the meter can carry"),
                            ("negative", "negative on an import-only meter"),
                            ("conflict", "two values for one moment"),
                            ("clock_skew", "stamped ahead of its arrival"),
                            ("spike", "far above its own history"),
                            ("zero", "zero where there never was"),
                            ("frozen", "the same value again and again"),
                            ("gap", "no reading"),
                            ("sum_check", "the register counted something else"),
                            ("consecutive", "estimated for long"),
                        ],
                        max_length=20,
                        unique=True,
                    ),
                ),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("note", "put it on the worklist"),
                            ("suspect", "call it suspect as well"),
                            ("estimate", "put an estimate in its place"),
                        ],
                        max_length=10,
                    ),
                ),
                ("is_on", models.BooleanField(default=True, verbose_name="on")),
                (
                    "parameters",
                    models.JSONField(
                        blank=True,
                        default=dict,
                        encoder=django.core.serializers.json.DjangoJSONEncoder,
                        help_text="numbers by name; those left out have their default",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="quarterwindow",
            name="raw_estimated_mwh",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="quarterwindow",
            name="raw_export_mwh",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="quarterwindow",
            name="raw_mwh",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="quarterwindow",
            name="raw_quality",
            field=models.SmallIntegerField(
                choices=[
                    (0, "missing"),
                    (1, "suspect"),
                    (2, "estimated"),
                    (3, "calculated"),
                    (4, "edited"),
                    (5, "actual"),
                ],
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="IntervalEdit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                (
                    "method",
                    models.CharField(
                        choices=[
                            ("linear", "a line between its neighbours"),
                            ("profile", "its own profile"),
                            ("linear_register", "a line, to what the register counted"),
                            ("profile_register", "its own profile, to what the register counted"),
                            ("edited", "entered by a person"),
                            ("accepted", "accepted by a person"),
                            ("flagged", "called suspect by a rule"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("beyond_limit", "beyond what the meter can carry"),
                            ("negative", "negative on an import-only meter"),
                            ("conflict", "two values for one moment"),
                            ("clock_skew", "stamped ahead of its arrival"),
                            ("spike", "far above its own history"),
                            ("zero", "zero where there never was"),
                            ("frozen", "the same value again and again"),
                            ("gap", "no reading"),
                            ("sum_check", "the register counted something else"),
                            ("consecutive", "estimated for long"),
                        ],
                        max_length=20,
                    ),
                ),
                ("by", models.CharField(blank=True, help_text="empty: by itself", max_length=254)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="edits",
                        to="meters.meter",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="quarterwindow",
            name="edit",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="meters.intervaledit",
            ),
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("beyond_limit", "beyond what the meter can carry"),
                            ("negative", "negative on an import-only meter"),
                            ("conflict", "two values for one moment"),
                            ("clock_skew", "stamped ahead of its arrival"),
                            ("spike", "far above its own history"),
                            ("zero", "zero where there never was"),
                            ("frozen", "the same value again and again"),
                            ("gap", "no reading"),
                            ("sum_check", "the register counted something else"),
                            ("consecutive", "estimated for long"),
                        ],
                        max_length=20,
                    ),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for late data"),
                            ("suspended", "known outage: not estimated"),
                            ("open", "open"),
                            ("estimated", "estimated"),
                            ("edited", "edited"),
                            ("accepted", "accepted"),
                            ("healed", "healed by late data"),
                        ],
                        max_length=10,
                    ),
                ),
                ("value", models.FloatField(null=True)),
                ("limit", models.FloatField(null=True)),
                ("found_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "decided_by",
                    models.CharField(blank=True, help_text="empty: by itself", max_length=254),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, help_text="why it was decided so", max_length=500
                    ),
                ),
                (
                    "meter",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="meters.meter",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["state", "-found_at", "-id"], name="finding_by_state"),
                    models.Index(fields=["meter", "end"], name="finding_of_meter"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("meter", "rule", "start"), name="finding_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("end__gt", models.F("start"))),
                        name="finding_has_length",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="intervaledit",
            index=models.Index(fields=["meter", "start"], name="interval_edit_of_meter"),
        ),
        migrations.AddConstraint(
            model_name="intervaledit",
            constraint=models.CheckConstraint(
                condition=models.Q(("end__gt", models.F("start"))), name="edit_has_length"
            ),
        ),
        audit.track("meters_validationrule", label="meters.ValidationRule", name="kind"),
        audit.track("meters_intervaledit", label="meters.IntervalEdit", name="meter_id"),
        migrations.RunSQL(FINAL, NO_FINAL),
        migrations.RunPython(make_ready, migrations.RunPython.noop),
    ]
