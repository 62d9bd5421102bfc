"""The database refuses to change what the journal holds; rules, work and alerts are audited."""

from django.db import migrations

from segs_site.lib import audit

FORWARD = """
CREATE FUNCTION refuse_change_of_journal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is written down is never changed'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON alerts_alertevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_journal();
CREATE TRIGGER written_once BEFORE UPDATE OR DELETE ON alerts_shiftnote
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_journal();
"""

BACKWARD = """
DROP TRIGGER written_once ON alerts_shiftnote;
DROP TRIGGER written_once ON alerts_alertevent;
DROP FUNCTION refuse_change_of_journal();
"""

# What a sweep keeps up to date many times a minute is no change by anybody.
EVALUATED = ("value", "baseline", "facts", "last_at", "occurrences", "changed_at")


class Migration(migrations.Migration):
    """The journal is append-only, whatever path a change takes."""

    dependencies = [
        ("alerts", "0001_alerts_and_their_journal"),
        ("lib", "0003_audit_trail"),
    ]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        audit.track("alerts_alert", label="alerts.Alert", name="subject", ignored=EVALUATED),
        audit.track("alerts_alertrule", label="alerts.AlertRule", name="kind"),
        audit.track("alerts_plannedwork", label="alerts.PlannedWork", name="reason"),
        audit.track("alerts_shelving", label="alerts.Shelving", name="alert_id"),
    ]
