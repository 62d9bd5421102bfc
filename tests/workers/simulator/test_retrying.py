from datetime import UTC, datetime

import pytest

from workers.simulator import retrying

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)


class TestPause:
    def test_doubles_up_to_half_a_minute(self):
        pauses = [retrying.pause_s(attempt, asked_s=None, chance=1.0) for attempt in range(9)]

        assert pauses == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]

    def test_is_half_of_it_at_least(self):
        assert retrying.pause_s(3, asked_s=None, chance=0.0) == 2

    def test_is_what_the_server_asked_for_and_a_little(self):
        assert retrying.pause_s(0, asked_s=7, chance=0.0) == 7
        assert 7 < retrying.pause_s(0, asked_s=7, chance=0.9) < 7.5

    def test_is_not_shortened_by_the_server(self):
        assert retrying.pause_s(5, asked_s=1, chance=1.0) == 16

    def test_is_never_hours(self):
        assert retrying.pause_s(0, asked_s=86_400, chance=0.0) == 300

    def test_of_very_many_attempts_does_not_overflow(self):
        assert retrying.pause_s(5000, asked_s=None, chance=1.0) == 30


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            pytest.param(None, None, id="none"),
            pytest.param("12", 12, id="seconds"),
            pytest.param("Wed, 25 Nov 2026 13:00:20 GMT", 20, id="a date"),
            pytest.param("Wed, 25 Nov 2026 12:00:00 GMT", 0, id="a date gone by"),
            pytest.param("soon", None, id="nonsense"),
            pytest.param("-5", None, id="negative"),
        ],
    )
    def test_reads(self, header, seconds):
        assert retrying.retry_after_s(header, now=NOW) == seconds
