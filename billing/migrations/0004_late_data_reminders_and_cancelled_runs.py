"""Late data on issued invoices come to the clerk; reminders; runs that were called off."""

import django.db.models.deletion
from django.db import migrations, models

from segs_site.lib import audit

FORWARD = """
-- Quarter-hours written more than a day after they began may belong to an issued invoice.
CREATE FUNCTION mark_late_quarters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_latemark (meter_id, day, look_at)
    SELECT meter_id, (start AT TIME ZONE 'UTC')::date, max(revised_at) + interval '10 minutes'
    FROM new_rows WHERE revised_at > start + interval '1 day'
    GROUP BY 1, 2;
    RETURN NULL;
END $$;
CREATE TRIGGER late_inserted AFTER INSERT ON meters_quarter
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_late_quarters();
CREATE TRIGGER late_updated AFTER UPDATE ON meters_quarter
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION mark_late_quarters();

CREATE FUNCTION refuse_change_of_correction() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE row_ jsonb := to_jsonb(coalesce(OLD, NEW)); decided boolean;
BEGIN
    decided := EXISTS (
        SELECT 1 FROM billing_correction c
        WHERE c.state <> 'waiting' AND c.id = CASE TG_TABLE_NAME
            WHEN 'billing_correction' THEN (row_ ->> 'id')::bigint
            WHEN 'billing_correctionline' THEN (row_ ->> 'correction_id')::bigint
            ELSE (SELECT l.correction_id FROM billing_correctionline l
                  WHERE l.id = (row_ ->> 'line_id')::bigint)
        END);
    IF decided THEN
        RAISE EXCEPTION 'a decided correction is never changed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER decided_once BEFORE UPDATE OR DELETE ON billing_correction
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_correction();
CREATE TRIGGER decided_once BEFORE INSERT OR UPDATE OR DELETE ON billing_correctionline
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_correction();
CREATE TRIGGER decided_once BEFORE INSERT OR UPDATE OR DELETE ON billing_correctionday
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_correction();

CREATE TRIGGER booked_once BEFORE UPDATE OR DELETE ON billing_reminder
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_record();

-- A worker that was at a turn while its run was called off writes nothing.
CREATE FUNCTION refuse_work_on_cancelled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the run was cancelled' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER cancelled_once BEFORE UPDATE ON billing_turn FOR EACH ROW
    WHEN (OLD.state = 'cancelled' AND NEW.state <> 'cancelled')
    EXECUTE FUNCTION refuse_work_on_cancelled();

INSERT INTO billing_reminderlevel (level, days_after_due, text, is_active)
VALUES (1, 3, '', true), (2, 14, '', true), (3, 28, '', true);
"""

BACKWARD = """
DROP TRIGGER cancelled_once ON billing_turn;
DROP FUNCTION refuse_work_on_cancelled();
DROP TRIGGER booked_once ON billing_reminder;
DROP TRIGGER decided_once ON billing_correctionday;
DROP TRIGGER decided_once ON billing_correctionline;
DROP TRIGGER decided_once ON billing_correction;
DROP FUNCTION refuse_change_of_correction();
DROP TRIGGER late_updated ON meters_quarter;
DROP TRIGGER late_inserted ON meters_quarter;
DROP FUNCTION mark_late_quarters();
"""


class Migration(migrations.Migration):
    """Marks by the database, decisions that stay, levels that most begin with."""

    dependencies = [
        ("billing", "0003_invoice_documents"),
        ("lib", "0003_audit_trail"),
        ("meters", "0002_partitioned_tables"),
    ]

    operations = [
        migrations.AddField(
            model_name="billrun",
            name="cancelled_by",
            field=models.CharField(blank=True, max_length=254),
        ),
        migrations.AlterField(
            model_name="turn",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "waiting"),
                    ("rated", "rated"),
                    ("held", "held for the clerk"),
                    ("approved", "approved"),
                    ("issued", "issued"),
                    ("parked", "parked"),
                    ("cancelled", "cancelled"),
                ],
                default="waiting",
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="Correction",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("approved", "approved"),
                            ("rejected", "rejected"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                ("found_at", models.DateTimeField()),
                (
                    "energy_mwh",
                    models.BigIntegerField(
                        help_text="drawn, beyond what is booked; may be negative"
                    ),
                ),
                ("total", models.DecimalField(decimal_places=3, max_digits=30)),
                (
                    "first_at",
                    models.DateTimeField(
                        help_text="start of the first interval it changes", null=True
                    ),
                ),
                ("last_at", models.DateTimeField(help_text="start of the last one", null=True)),
                ("filled", models.PositiveIntegerField(default=0)),
                ("replaced", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_by", models.CharField(blank=True, max_length=254)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="late_corrections",
                        to="billing.invoice",
                    ),
                ),
            ],
            options={
                "ordering": ["-found_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="CorrectionLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "of",
                    models.CharField(
                        choices=[
                            ("energy", "energy"),
                            ("standing", "standing charge"),
                            ("demand", "demand charge"),
                            ("minimum", "minimum charge"),
                            ("export", "energy fed in"),
                            ("tax", "tax"),
                        ],
                        max_length=10,
                    ),
                ),
                ("label", models.CharField(max_length=100)),
                ("amount", models.DecimalField(decimal_places=3, max_digits=30)),
                ("exact", models.DecimalField(decimal_places=15, max_digits=48)),
                ("rounding", models.DecimalField(decimal_places=15, max_digits=48)),
                ("components", models.JSONField()),
                (
                    "correction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="lines",
                        to="billing.correction",
                    ),
                ),
                (
                    "corrects",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="billing.invoiceline",
                    ),
                ),
            ],
            options={
                "ordering": ["correction", "place"],
            },
        ),
        migrations.CreateModel(
            name="CorrectionDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateField()),
                ("packed", models.BinaryField()),
                (
                    "line",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="billing.correctionline",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="carries",
            field=models.ForeignKey(
                help_text="the line of the approved correction that it bills",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="carried_by",
                to="billing.correctionline",
            ),
        ),
        migrations.CreateModel(
            name="LateMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("meter_id", models.IntegerField()),
                ("day", models.DateField()),
                ("look_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["look_at"], name="late_mark_due")],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.PositiveSmallIntegerField()),
                (
                    "days_after_due",
                    models.PositiveSmallIntegerField(help_text="of its level, then"),
                ),
                ("made_at", models.DateTimeField()),
                ("made_on", models.DateField(help_text="the local day")),
                ("fee", models.DecimalField(decimal_places=3, max_digits=30, null=True)),
                ("open_amount", models.DecimalField(decimal_places=3, max_digits=30)),
                ("currency", models.CharField(max_length=3)),
                ("language", models.CharField(max_length=10)),
                ("subject", models.CharField(max_length=200)),
                ("text", models.TextField()),
                (
                    "invoice",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reminders",
                        to="billing.invoice",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReminderLevel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(unique=True)),
                ("days_after_due", models.PositiveSmallIntegerField()),
                (
                    "fee",
                    models.DecimalField(
                        blank=True,
                        decimal_places=3,
                        help_text="in the invoice's currency",
                        max_digits=30,
                        null=True,
                    ),
                ),
                ("text", models.TextField(blank=True, max_length=2000)),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["level"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("fee__isnull", True), ("fee__gt", 0), _connector="OR"),
                        name="reminder_level_fee_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("days_after_due__gte", 1), ("level__gte", 1)),
                        name="reminder_level_from_1",
                    ),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="correction",
            index=models.Index(fields=["state", "-id"], name="correction_by_state"),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("invoice",),
                name="correction_waits_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("state", "waiting")),
                    models.Q(
                        models.Q(("state", "waiting"), _negated=True),
                        ("decided_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="correction_decided_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="correction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "rejected"), _negated=True),
                    models.Q(("note", ""), _negated=True),
                    _connector="OR",
                ),
                name="correction_rejected_with_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionline",
            constraint=models.UniqueConstraint(
                fields=("correction", "place"), name="correction_line_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="correctionday",
            constraint=models.UniqueConstraint(fields=("line", "day"), name="correction_day_once"),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(
                fields=("invoice", "level"), name="reminder_once_a_level"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        audit.track(
            "billing_correction",
            label="billing.Correction",
            name="invoice_id",
            changes=("UPDATE", "TRUNCATE"),
        ),
        audit.track("billing_reminderlevel", label="billing.ReminderLevel", name="level"),
    ]
