"""What detection remembers is stored unpacked.

It is written anew with every sweep: to pack it each time costs more than the room it saves.
"""

from django.db import migrations

TABLES = ("alerts_watchstate", "alerts_timeofday")


def stored(how: str) -> str:
    """Return the statements that let the tables keep their columns so."""
    change = "ALTER TABLE {} ALTER COLUMN columns SET STORAGE {};"
    return "".join(change.format(table, how) for table in TABLES)


class Migration(migrations.Migration):
    dependencies = [("alerts", "0006_rules_to_begin_with")]

    operations = [migrations.RunSQL(stored("EXTERNAL"), stored("EXTENDED"))]
