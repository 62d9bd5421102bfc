"""When a key was last used; that alone is nothing that ingest must know anew."""

from django.db import migrations, models

OF_WHAT_MATTERS = """
DROP TRIGGER registry_changed ON accounts_apikey;
CREATE TRIGGER registry_changed
    AFTER INSERT OR DELETE OR UPDATE OF name, sha256, scope, expires_at, revoked_at
    ON accounts_apikey FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_version();
"""
OF_EVERYTHING = """
DROP TRIGGER registry_changed ON accounts_apikey;
CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON accounts_apikey
    FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_version();
"""


class Migration(migrations.Migration):
    """Else the mirror of all meters were written anew each minute."""

    dependencies = [("accounts", "0004_audit_triggers")]
    operations = [
        migrations.AddField(
            model_name="apikey",
            name="last_used_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="to within a minute", null=True
            ),
        ),
        migrations.RunSQL(OF_WHAT_MATTERS, OF_EVERYTHING),
    ]
