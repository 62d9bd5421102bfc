"""Whoever changes what ingest must know raises the registry's version in the same transaction."""

from django.db import migrations

TABLES = (
    "grid_region",
    "grid_transformer",
    "meters_servicepoint",
    "meters_meter",
    "meters_meterinstallation",
    "accounts_apikey",
)

FUNCTION = """
CREATE FUNCTION raise_registry_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE lib_registryversion SET version = version + 1;
    RETURN NULL;
END $$;
"""

TRIGGERS = "\n".join(
    f"CREATE TRIGGER registry_changed AFTER INSERT OR UPDATE OR DELETE ON {table}"
    " FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_version();"
    for table in TABLES
)

BACKWARD = (
    "\n".join(f"DROP TRIGGER registry_changed ON {table};" for table in TABLES)
    + """
DROP FUNCTION raise_registry_version();
"""
)


class Migration(migrations.Migration):
    """Keeps the mirror of the registry honest, whatever path a change takes."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("grid", "0001_initial"),
        ("lib", "0001_initial"),
        ("meters", "0001_initial"),
    ]
    operations = [migrations.RunSQL(FUNCTION + TRIGGERS, BACKWARD)]
