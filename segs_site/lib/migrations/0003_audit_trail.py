"""The audit trail: a table that only triggers can add to, and nobody can change."""

from django.db import migrations, models

FORWARD = """
CREATE TABLE lib_auditentry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    subject_type varchar(60) NOT NULL,
    subject_id varchar(40) NOT NULL,
    subject_name varchar(200) NOT NULL,
    verb varchar(10) NOT NULL,
    before jsonb,
    after jsonb,
    actor_id bigint,
    actor varchar(254) NOT NULL,
    origin varchar(300) NOT NULL,
    address varchar(60) NOT NULL,
    request_id varchar(64) NOT NULL,
    database_user varchar(63) NOT NULL,
    transaction bigint NOT NULL
);
CREATE INDEX audit_subject ON lib_auditentry (subject_type, subject_id, id);
CREATE INDEX audit_actor ON lib_auditentry (actor, id);
CREATE INDEX audit_at ON lib_auditentry USING brin (at);

-- What of one state of a row the trail keeps: the fields that the other state has not.
CREATE FUNCTION audit_fields(this jsonb, other jsonb, hidden text[], ignored text[])
RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(
        key, CASE WHEN key = ANY(hidden) AND value <> 'null' THEN '"(hidden)"' ELSE value END)
    FROM jsonb_each(this)
    WHERE key <> ALL(ignored) AND (other IS NULL OR value IS DISTINCT FROM other -> key)
$$;

-- Arguments: label of the model, columns of the key and the name, columns hidden, columns ignored.
CREATE FUNCTION audit_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    scene jsonb := coalesce(nullif(current_setting('segs.scene', true), ''), '{}');
    hidden text[] := string_to_array(TG_ARGV[3], ',');
    ignored text[] := string_to_array(TG_ARGV[4], ',');
    states text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT NULL::jsonb, to_jsonb(n) FROM new_rows n'
        WHEN 'DELETE' THEN 'SELECT to_jsonb(o), NULL::jsonb FROM old_rows o'
        WHEN 'UPDATE' THEN 'SELECT to_jsonb(o), to_jsonb(n)'
            ' FROM old_rows o FULL JOIN new_rows n ON n.%1$I = o.%1$I'
        ELSE 'SELECT jsonb_build_object(%1$L, ''*''), NULL::jsonb' END;
BEGIN
    EXECUTE format($statement$
        INSERT INTO lib_auditentry (at, subject_type, subject_id, subject_name, verb, before,
            after, actor_id, actor, origin, address, request_id, database_user, transaction)
        SELECT clock_timestamp(), $1, coalesce(n, o) ->> $7,
            left(coalesce(coalesce(n, o) ->> $2, ''), 200), lower($3), before, after,
            ($4 ->> 'actor_id')::bigint, left(coalesce($4 ->> 'actor', ''), 254),
            left(coalesce($4 ->> 'origin', current_setting('application_name')), 300),
            coalesce($4 ->> 'address', host(inet_client_addr()), ''),
            left(coalesce($4 ->> 'request_id', ''), 64), session_user,
            pg_current_xact_id()::text::bigint
        FROM (%s) AS states (o, n),
            audit_fields(o, n, $5, $6) AS before, audit_fields(n, o, $5, $6) AS after
        WHERE before IS NOT NULL OR after IS NOT NULL
    $statement$, format(states, TG_ARGV[1]))
    USING TG_ARGV[0], TG_ARGV[2], TG_OP, scene, hidden, ignored, TG_ARGV[1];
    RETURN NULL;
END $$;

CREATE FUNCTION keep_audit_trail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' AND pg_trigger_depth() > 1 THEN
        RETURN NULL;  -- a trigger of an audited table writes
    END IF;
    RAISE EXCEPTION 'the audit trail can be read and nothing else'
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER keep_audit_trail BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON lib_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit_trail();
-- Also for a session that plays a replica, where ordinary triggers rest.
ALTER TABLE lib_auditentry ENABLE ALWAYS TRIGGER keep_audit_trail;
"""

BACKWARD = """
DROP TABLE lib_auditentry;
DROP FUNCTION keep_audit_trail();
DROP FUNCTION audit_rows();
DROP FUNCTION audit_fields(jsonb, jsonb, text[], text[]);
"""


class Migration(migrations.Migration):
    """Unmanaged, so that no command of Django's empties it."""

    dependencies = [("lib", "0002_kept_answers_and_states")]
    operations = [
        migrations.RunSQL(
            FORWARD,
            BACKWARD,
            state_operations=[
                migrations.CreateModel(
                    name="AuditEntry",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("at", models.DateTimeField()),
                        (
                            "subject_type",
                            models.CharField(
                                max_length=60, help_text="the model, e.g. meters.Meter"
                            ),
                        ),
                        ("subject_id", models.CharField(max_length=40)),
                        ("subject_name", models.CharField(max_length=200)),
                        (
                            "verb",
                            models.CharField(
                                max_length=10, help_text="insert, update, delete or truncate"
                            ),
                        ),
                        ("before", models.JSONField(null=True)),
                        ("after", models.JSONField(null=True)),
                        ("actor_id", models.BigIntegerField(null=True)),
                        ("actor", models.CharField(max_length=254)),
                        (
                            "origin",
                            models.CharField(max_length=300, help_text="request, task or command"),
                        ),
                        (
                            "address",
                            models.CharField(
                                max_length=60, help_text="where the request came from"
                            ),
                        ),
                        ("request_id", models.CharField(max_length=64)),
                        ("database_user", models.CharField(max_length=63)),
                        (
                            "transaction",
                            models.BigIntegerField(
                                help_text="the same for all changes of one transaction"
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "managed": False,
                        "verbose_name": "audit entry",
                        "verbose_name_plural": "audit trail",
                    },
                )
            ],
        )
    ]
