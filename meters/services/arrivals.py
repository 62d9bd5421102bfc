"""How the reads of a file meet those that are stored: one merge in the database.

The reads come by COPY into a temporary table; nothing else is touched before the whole file is
read. Ranks: a value of a file made later replaces one of a file made earlier, at any length; a
missing value replaces none; what is replaced must be covered whole, and is kept beside, so that
the file can be undone.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.backends.utils import CursorWrapper

from meters.formats.base import LONGEST, Read

REACH = f"{LONGEST.total_seconds():.0f} seconds"  # how far before a start a read may begin
BATCH = 1_000  # rows sent at a time
LOST = frozenset({"outdated", "kept"})  # verdicts on reads that do not enter

ARRIVED = """
DROP TABLE IF EXISTS pg_temp.arrived, pg_temp.arrived_channel, pg_temp.present,
    pg_temp.met, pg_temp.verdicts;
CREATE TEMP TABLE arrived (
    n integer, place integer, line integer, start timestamptz, "end" timestamptz,
    value numeric(18, 6), quality smallint, flag varchar, reason varchar
) ON COMMIT DROP
"""
CHANNELS = """
CREATE TEMP TABLE arrived_channel ON COMMIT DROP AS
SELECT place - 1 AS place, channel_id
FROM unnest(%s::integer[]) WITH ORDINALITY AS known (channel_id, place)
"""
OVERLAP = """
SELECT line, before, place, start FROM (
    SELECT n, line, place, start, lag(line) OVER along AS before,
           lag("end") OVER along > start AS clashes
    FROM arrived WINDOW along AS (PARTITION BY place ORDER BY start, n)
) AS reads WHERE clashes ORDER BY n LIMIT 1
"""
DROP_REPEATS = """
DELETE FROM arrived a USING arrived b
WHERE a.place = b.place AND a.start = b.start AND a."end" = b."end" AND a.n > b.n
  AND (a.value, a.quality, a.flag, a.reason)
      IS NOT DISTINCT FROM (b.value, b.quality, b.flag, b.reason)
"""
PRESENT = """
CREATE TEMP TABLE present ON COMMIT DROP AS
SELECT span.place, r.start, r."end", r.value, r.quality, r.flag, r.reason,
       r.value IS NOT NULL AND coalesce(f.made_at, f.imported_at) > %(made_at)s AS newer
FROM (SELECT place, min(start) AS first, max("end") AS last FROM arrived GROUP BY place) AS span
JOIN arrived_channel USING (place)
JOIN meters_intervalread r ON r.channel_id = arrived_channel.channel_id
    AND r.start > span.first - %(longest)s::interval AND r.start < span.last
    AND r."end" > span.first
JOIN meters_readfile f ON f.id = r.file_id
"""
MET = """
CREATE TEMP TABLE met ON COMMIT DROP AS
SELECT a.n, p.place, p.start, p."end", true AS exact, p.newer,
       a.value IS NULL AND p.value IS NOT NULL AS emptier,
       (a.value, a.quality, a.flag, a.reason)
           IS NOT DISTINCT FROM (p.value, p.quality, p.flag, p.reason) AS same
FROM present p
JOIN arrived a ON a.place = p.place AND a.start = p.start AND a."end" = p."end"
UNION ALL
SELECT a.n, p.place, p.start, p."end", false, p.newer,
       a.value IS NULL AND p.value IS NOT NULL, false
FROM present p
JOIN arrived a ON a.place = p.place AND a.start < p."end" AND a."end" > p.start
    AND a.start > p.start - %s::interval
WHERE NOT EXISTS (
    SELECT FROM arrived e WHERE e.place = p.place AND e.start = p.start AND e."end" = p."end"
)
"""
VERDICTS = """
CREATE TEMP TABLE verdicts ON COMMIT DROP AS
SELECT n, bool_or(newer) AS outranked, CASE
    WHEN bool_or(newer AND NOT same) THEN 'outdated'
    WHEN bool_or(emptier) THEN 'kept'
    WHEN bool_and(same) THEN 'unchanged'
    ELSE 'revised' END AS verdict
FROM met GROUP BY n
"""
DROP_LOSERS = """
DELETE FROM arrived USING verdicts
WHERE arrived.n = verdicts.n AND (outranked OR verdict = ANY(%s))
"""
PARTLY_COVERED = """
SELECT min(a.line), m.place, m.start FROM met m JOIN arrived a USING (n) WHERE NOT m.exact
GROUP BY m.place, m.start, m."end"
HAVING sum(least(a."end", m."end") - greatest(a.start, m.start)) < m."end" - m.start
ORDER BY 1 LIMIT 1
"""
KEEP_REPLACED = """
INSERT INTO meters_replacedread
    (replaced_by_id, channel_id, start, "end", value, quality, flag, reason, file_id)
SELECT DISTINCT %s, r.channel_id, r.start, r."end", r.value, r.quality, r.flag, r.reason, r.file_id
FROM met m JOIN arrived a USING (n) JOIN arrived_channel c ON c.place = m.place
JOIN meters_intervalread r ON r.channel_id = c.channel_id AND r.start = m.start
"""
DROP_REPLACED = """
DELETE FROM meters_intervalread r USING met m JOIN arrived a USING (n), arrived_channel c
WHERE NOT m.exact AND c.place = m.place AND r.channel_id = c.channel_id AND r.start = m.start
"""
ENTER = """
INSERT INTO meters_intervalread
    (channel_id, start, "end", value, quality, flag, reason, file_id)
SELECT channel_id, start, "end", value, quality, flag, reason, %s
FROM arrived JOIN arrived_channel USING (place) ORDER BY channel_id, start
ON CONFLICT (channel_id, start) DO UPDATE SET
    "end" = excluded."end", value = excluded.value, quality = excluded.quality,
    flag = excluded.flag, reason = excluded.reason, file_id = excluded.file_id
"""
INDEX = "CREATE INDEX ON arrived (place, start); ANALYZE arrived, present"
_SPECIAL = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True, slots=True)
class Arrived:
    """A read, the number of its channel in the file, and its line."""

    place: int
    line: int
    read: Read


@dataclass(frozen=True, slots=True)
class Outcome:
    """Counts of reads: they add up to those of the file.

    `unchanged` were on file and confirmed; `outdated` lost to a file made later; `kept` were
    missing where a value is known; `repeated` stood in the file more than once, identically.
    """

    added: int = 0
    revised: int = 0
    unchanged: int = 0
    outdated: int = 0
    kept: int = 0
    repeated: int = 0


class Contradicted(Exception):
    """Two reads cannot both stand: line, channel's place in the file, start, and why."""

    def __init__(self, line: int, place: int, start: datetime, why: str) -> None:
        super().__init__(why)
        self.line = line
        self.place = place
        self.start = start


def copy(reads: Iterable[Arrived]) -> None:
    """Bring reads into the temporary table of this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(ARRIVED)
        with cursor.copy("COPY arrived FROM STDIN") as sink:
            rows = (_row(n, arrived) for n, arrived in enumerate(reads))
            while batch := "".join(islice(rows, BATCH)):
                sink.write(batch)
        cursor.execute("ANALYZE arrived")


def _row(n: int, arrived: Arrived) -> str:
    read = arrived.read
    value = r"\N" if read.value is None else read.value
    return (
        f"{n}\t{arrived.place}\t{arrived.line}\t{read.start}\t{read.end}\t{value}"
        f"\t{int(read.quality)}\t{read.flag.translate(_SPECIAL)}"
        f"\t{read.reason.translate(_SPECIAL)}\n"
    )


def merge(*, file_id: int, made_at: datetime, channel_ids: Sequence[int]) -> Outcome:
    """Let what was copied meet what is stored; `channel_ids` in the order of places.

    Raises Contradicted where the file is at odds with itself, or gives part of a stored read.
    """
    repeated = _drop_repeats()
    with connection.cursor() as cursor:
        cursor.execute(CHANNELS, [list(channel_ids)])
        cursor.execute(PRESENT, {"made_at": made_at, "longest": REACH})
        met = _judge(cursor, file_id) if cursor.rowcount else {}
        cursor.execute(ENTER, [file_id])
        added = cursor.rowcount - met.pop("entering", 0)
    return Outcome(added=added, repeated=repeated, **met)


def _drop_repeats() -> int:
    """Leave one of reads that stand in the file more than once; return how many went."""
    with connection.cursor() as cursor:
        cursor.execute(OVERLAP)
        if cursor.fetchone() is None:
            return 0
        cursor.execute(DROP_REPEATS)
        repeated = cursor.rowcount
        cursor.execute(OVERLAP)
        overlap = cursor.fetchone()
    if overlap is not None:
        line, before, place, start = overlap
        why = f"given again, otherwise than in line {before}"
        raise Contradicted(line, place, start, why)
    return repeated


def _judge(cursor: CursorWrapper, file_id: int) -> dict[str, int]:
    """Settle who stands where both have something to say; return the counts of `Outcome`.

    `entering` are the reads among them that will be written.
    """
    cursor.execute(INDEX)
    cursor.execute(MET, [REACH])
    cursor.execute(VERDICTS)
    cursor.execute("SELECT verdict, count(*) FROM verdicts GROUP BY verdict")
    counts: dict[str, int] = dict(cursor.fetchall())
    cursor.execute(DROP_LOSERS, [list(LOST)])
    counts["entering"] = sum(counts.values()) - cursor.rowcount
    cursor.execute(PARTLY_COVERED)
    partly = cursor.fetchone()
    if partly is not None:
        line, place, start = partly
        why = "only part of a longer read that is on file"
        raise Contradicted(line, place, start, why)
    cursor.execute(KEEP_REPLACED, [file_id])
    cursor.execute(DROP_REPLACED)
    return counts
