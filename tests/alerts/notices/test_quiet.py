from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from alerts.notifications import quiet

BRUSSELS = ZoneInfo("Europe/Brussels")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class TestEndOf:
    @pytest.mark.parametrize(
        ("start", "end", "moment", "expected"),
        [
            pytest.param("22:00", "07:00", "2026-01-10T20:59:59", None, id="just before"),
            pytest.param("22:00", "07:00", "2026-01-10T21:00", "2026-01-11T06:00", id="begins"),
            pytest.param("22:00", "07:00", "2026-01-11T05:59", "2026-01-11T06:00", id="morning"),
            pytest.param("22:00", "07:00", "2026-01-11T06:00", None, id="over"),
            pytest.param("12:00", "14:00", "2026-01-11T11:30", "2026-01-11T13:00", id="by day"),
            pytest.param("12:00", "14:00", "2026-01-11T22:30", None, id="not at night"),
            # the night of 29 March 2026 lacks the hour from 01:00 UTC, local 02:00 to 03:00
            pytest.param(
                "22:00", "07:00", "2026-03-28T23:00", "2026-03-29T05:00", id="short night"
            ),
            pytest.param(
                "22:00", "02:30", "2026-03-29T00:30", "2026-03-29T01:30", id="end left out"
            ),
            pytest.param("02:30", "07:00", "2026-03-29T01:29", None, id="before start left out"),
            pytest.param(
                "02:30", "07:00", "2026-03-29T01:30", "2026-03-29T05:00", id="start left out"
            ),
            # that of 25 October 2026 has 02:00 to 03:00 twice: from 00:00 and from 01:00 UTC
            pytest.param(
                "22:00", "07:00", "2026-10-24T22:00", "2026-10-25T06:00", id="long night"
            ),
            pytest.param("22:00", "02:30", "2026-10-25T00:45", "2026-10-25T01:30", id="end twice"),
            pytest.param(
                "02:30", "07:00", "2026-10-25T00:30", "2026-10-25T06:00", id="start twice"
            ),
        ],
    )
    def test_is_where_the_quiet_hours_of_a_moment_end(
        self, start: str, end: str, moment: str, expected: str | None
    ) -> None:
        found = quiet.end_of(
            utc(moment),
            start=time.fromisoformat(start),
            end=time.fromisoformat(end),
            zone=BRUSSELS,
        )

        assert found == (utc(expected) if expected else None)
