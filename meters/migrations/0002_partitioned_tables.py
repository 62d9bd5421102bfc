"""Readings by day, minutes by day, quarter-hours by month."""

import django.db.models.deletion
from django.db import migrations, models

WINDOW_COLUMNS = """
    start timestamptz NOT NULL,
    mean_mw bigint NOT NULL,
    min_mw bigint NOT NULL,
    max_mw bigint NOT NULL,
    energy_mwh bigint NOT NULL,
    estimated_mwh bigint NOT NULL,
    revised_at timestamptz NOT NULL,
    meter_id integer NOT NULL,
    region_id integer,
    mean_mv integer,
    count integer NOT NULL,
    expected integer NOT NULL,
    quality smallint NOT NULL,
    PRIMARY KEY (meter_id, start)
"""

FORWARD = f"""
CREATE TABLE meters_reading (
    ts timestamptz NOT NULL,
    power_mw bigint NOT NULL,
    energy_mwh bigint,
    register_mwh bigint,
    seq bigint,
    received_at timestamptz NOT NULL,
    meter_id integer NOT NULL,
    voltage_mv integer,
    reading_id uuid,
    extra text,
    PRIMARY KEY (meter_id, ts)
) PARTITION BY RANGE (ts);
CREATE TABLE meters_minute ({WINDOW_COLUMNS}) PARTITION BY RANGE (start);
CREATE TABLE meters_quarter ({WINDOW_COLUMNS}) PARTITION BY RANGE (start);
-- Rows come nearly in order of time: a block range index finds a minute in a day for almost
-- nothing a row, where the key is by meter.
CREATE INDEX meters_reading_ts ON meters_reading USING brin (ts)
    WITH (pages_per_range = 64, autosummarize = on);
CREATE INDEX meters_minute_start ON meters_minute USING brin (start)
    WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX meters_quarter_start ON meters_quarter USING brin (start)
    WITH (pages_per_range = 32, autosummarize = on);
-- Half of a page stays free, so that an update of the newest value stays on its page.
ALTER TABLE meters_latestreading SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.5);
"""

BACKWARD = """
DROP TABLE meters_quarter;
DROP TABLE meters_minute;
DROP TABLE meters_reading;
"""


def window_fields():
    """Return the fields that minutes and quarter-hours share."""
    return [
        (
            "pk",
            models.CompositePrimaryKey(
                "meter_id", "start", blank=True, editable=False, primary_key=True, serialize=False
            ),
        ),
        ("start", models.DateTimeField()),
        ("mean_mw", models.BigIntegerField()),
        ("min_mw", models.BigIntegerField()),
        ("max_mw", models.BigIntegerField()),
        ("energy_mwh", models.BigIntegerField()),
        ("estimated_mwh", models.BigIntegerField()),
        ("revised_at", models.DateTimeField()),
        ("mean_mv", models.IntegerField(null=True)),
        ("count", models.IntegerField()),
        ("expected", models.IntegerField()),
        (
            "quality",
            models.SmallIntegerField(
                choices=[
                    (0, "missing"),
                    (1, "suspect"),
                    (2, "estimated"),
                    (3, "calculated"),
                    (4, "edited"),
                    (5, "actual"),
                ]
            ),
        ),
        (
            "meter",
            models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="meters.meter",
            ),
        ),
        (
            "region",
            models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                to="grid.region",
            ),
        ),
    ]


READING_FIELDS = [
    (
        "pk",
        models.CompositePrimaryKey(
            "meter_id", "ts", blank=True, editable=False, primary_key=True, serialize=False
        ),
    ),
    ("ts", models.DateTimeField()),
    ("power_mw", models.BigIntegerField()),
    ("energy_mwh", models.BigIntegerField(null=True)),
    ("register_mwh", models.BigIntegerField(null=True)),
    ("seq", models.BigIntegerField(null=True)),
    ("received_at", models.DateTimeField()),
    ("voltage_mv", models.IntegerField(null=True)),
    ("reading_id", models.UUIDField(null=True)),
    ("extra", models.TextField(null=True)),
    (
        "meter",
        models.ForeignKey(
            db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to="meters.meter"
        ),
    ),
]


class Migration(migrations.Migration):
    """Makes the tables that Django cannot partition by itself, and tells it of them."""

    dependencies = [("grid", "0001_initial"), ("meters", "0001_initial")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FORWARD, BACKWARD)],
            state_operations=[
                migrations.CreateModel(
                    name="MinuteWindow",
                    fields=window_fields(),
                    options={"db_table": "meters_minute"},
                ),
                migrations.CreateModel(
                    name="QuarterWindow",
                    fields=window_fields(),
                    options={"db_table": "meters_quarter"},
                ),
                migrations.CreateModel(
                    name="Reading", fields=READING_FIELDS, options={"db_table": "meters_reading"}
                ),
            ],
        )
    ]
