"""The audit trail: who changed what, when, from where, before and after.

The database writes it itself, by triggers for each statement, so that bulk changes and plain SQL
are in it; nobody can change or take out what it holds. This module tells the database who acts,
and makes the triggers: a migration that makes a table to be audited says

    operations = [..., audit.track("tariffs_rateplan", label="tariffs.RatePlan", name="code")]

The pattern is PostgreSQL's own (wiki, "Audit trigger"), with transition tables instead of rows.
"""

import json
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import RunSQL

from segs_site.lib import trace

_CHANGES = ("INSERT", "UPDATE", "DELETE", "WITH", "MERGE")
_TARGET = re.compile(r'\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(\w+)', re.IGNORECASE)
_TABLES = """
SELECT DISTINCT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
WHERE tgname LIKE 'audit\\_%' AND NOT tgisinternal
"""
_TELL = "SELECT set_config('segs.scene', %s, true)"
_REFERENCING = {
    "INSERT": "REFERENCING NEW TABLE AS new_rows",
    "UPDATE": "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows",
    "DELETE": "REFERENCING OLD TABLE AS old_rows",
    "TRUNCATE": "",
}
EVERY_CHANGE = tuple(_REFERENCING)


def track(
    table: str,
    *,
    label: str,
    name: str,
    key: str = "id",
    hidden: Sequence[str] = (),
    ignored: Sequence[str] = (),
    changes: Sequence[str] = EVERY_CHANGE,
) -> RunSQL:
    """Return the migration operation that audits a table.

    `label` is the model's, `name` the column that people know a row by. Of `hidden` columns the
    trail says that they changed, not what they hold; changes of `ignored` ones it leaves out.
    """
    arguments = ", ".join(
        f"'{text}'" for text in (label, key, name, ",".join(hidden), ",".join(ignored))
    )
    forward = "\n".join(
        f"CREATE TRIGGER audit_{change.lower()} AFTER {change} ON {table}"
        f" {_REFERENCING[change]} FOR EACH STATEMENT EXECUTE FUNCTION audit_rows({arguments});"
        for change in changes
    )
    backward = "\n".join(f"DROP TRIGGER audit_{change.lower()} ON {table};" for change in changes)
    return RunSQL(forward, backward)


def watch(connection: BaseDatabaseWrapper) -> None:
    """Tell the database who acts, ahead of each audited change on this connection."""
    if connection.vendor == "postgresql" and _tell not in connection.execute_wrappers:
        connection.execute_wrappers.append(_tell)


def _tell(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Wrap one statement. Whoever has said nothing is known by his process and database user.

    What is told holds for one transaction, so that a pooled connection carries nothing over.
    """
    connection: BaseDatabaseWrapper = context["connection"]
    scene = trace.current()
    if scene is None or not _changes_what_is_audited(sql, connection):
        return execute(sql, params, many, context)
    if connection.in_atomic_block:
        _tell_of(scene, connection)
        return execute(sql, params, many, context)
    with transaction.atomic(using=connection.alias):
        _tell_of(scene, connection)
        return execute(sql, params, many, context)


def _changes_what_is_audited(sql: Any, connection: BaseDatabaseWrapper) -> bool:
    if not isinstance(sql, str) or not sql.lstrip()[:6].upper().startswith(_CHANGES):
        return False
    target = _TARGET.match(sql)
    named = {target[1]} if target else set(re.findall(r"\w+", sql))
    return not named.isdisjoint(_audited(str(connection.settings_dict["NAME"]), connection.alias))


@cache
def _audited(database: str, alias: str) -> frozenset[str]:
    """Return the tables that have the triggers: the database knows, no list can be wrong."""
    with transaction.get_connection(alias).cursor() as cursor:
        cursor.execute(_TABLES)
        return frozenset(name for (name,) in cursor.fetchall())


def _tell_of(scene: trace.Scene, connection: BaseDatabaseWrapper) -> None:
    actor_id, actor = scene.actor()
    told = {
        "actor_id": actor_id,
        "actor": actor,
        "origin": scene.origin,
        "address": scene.address,
        "request_id": scene.request_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [json.dumps(told)])
