"""Readings by day, minutes by day, quarter-hours by month."""

from django.db import migrations

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
INSERT INTO meters_windowclock (closed_until) VALUES (date_trunc('minute', now(), 'UTC'));
-- Half of a page stays free, so that an update of the newest value stays on its page.
ALTER TABLE meters_latestreading SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.5);
"""

BACKWARD = """
DROP TABLE meters_quarter;
DROP TABLE meters_minute;
DROP TABLE meters_reading;
"""


class Migration(migrations.Migration):
    """Makes the tables that Django cannot partition by itself."""

    dependencies = [("meters", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
