"""Each step that somebody may have to hear of waits to be told; who is told is audited."""

from django.db import migrations

from segs_site.lib import audit

FORWARD = """
CREATE FUNCTION leave_untold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO alerts_untold (event_id)
    SELECT id FROM new_rows
    WHERE step IN ('raised', 'returned', 'worsened', 'unlinked', 'unsuppressed', 'unshelved',
                   'escalated', 'cleared', 'resolved');
    RETURN NULL;
END $$;
CREATE TRIGGER untold_insert AFTER INSERT ON alerts_alertevent
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leave_untold();
"""

BACKWARD = """
DROP TRIGGER untold_insert ON alerts_alertevent;
DROP FUNCTION leave_untold();
"""


class Migration(migrations.Migration):
    """What is told is found in the database, whoever wrote the journal."""

    dependencies = [("alerts", "0003_who_is_told"), ("lib", "0003_audit_trail")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        audit.track(
            "alerts_noticesettings",
            label="alerts.NoticeSettings",
            key="user_id",
            name="user_id",
            hidden=("phone",),
        ),
        audit.track(
            "alerts_noticesettings_regions",
            label="alerts.NoticeSettings.regions",
            name="noticesettings_id",
        ),
        audit.track(
            "alerts_webhookendpoint",
            label="alerts.WebhookEndpoint",
            name="name",
            hidden=("secret",),
        ),
        audit.track(
            "alerts_webhookendpoint_regions",
            label="alerts.WebhookEndpoint.regions",
            name="webhookendpoint_id",
        ),
    ]
