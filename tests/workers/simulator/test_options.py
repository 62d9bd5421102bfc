from datetime import timedelta

import pytest

from tests.workers.simulator.orders import NOW
from workers.simulator import options


def read(given: dict[str, str | None], environment: dict[str, str] | None = None):
    return options.read(given, environment or {}, now=NOW)


class TestPrecedence:
    def test_is_command_line_then_environment_then_default(self):
        told = read({"meters": "7", "seed": None}, {"SEGS_SIM_METERS": "8", "SEGS_SIM_SEED": "9"})

        assert (told.meters, told.seed, told.batch_size) == (7, 9, 500)

    def test_takes_an_empty_variable_for_none(self):
        assert read({}, {"SEGS_SIM_METERS": ""}).meters == 5000

    def test_knows_a_variable_for_every_option(self):
        names = [setting.variable for setting in options.SETTINGS]

        assert "SEGS_SIM_BATCH_SIZE" in names
        assert len(set(names)) == len(options.SETTINGS)


class TestDefaults:
    def test_are_the_demo(self):
        told = read({})

        assert (told.meters, told.interval, told.concurrency, told.duplicates) == (
            5000,
            10,
            10,
            0.01,
        )
        assert told.regions == ("Mumbai-North", "Delhi-North", "Bangalore-East", "Pune-West")
        assert (told.scenario, told.target) == ("normal", "http")
        assert told.url == "http://127.0.0.1:8000/telemetry/batch"
        assert told.key == "segs-demo-key"
        assert (told.rate, told.duration, told.iterations, told.speed) == (0, 0, 0, 1)
        assert told.start == NOW


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "text", "allowed"),
        [
            ("meters", "0", "a whole number from 1 to 1,000,000"),
            ("meters", "many", "a whole number from 1 to 1,000,000"),
            ("meters", "1.5", "a whole number from 1 to 1,000,000"),
            ("interval", "0", "a number from 0.1 to 3,600"),
            ("interval", "nan", "a number from 0.1 to 3,600"),
            ("batch_size", "1001", "a whole number from 1 to 1,000"),
            ("regions", "North,,South", "a comma list of different names"),
            ("regions", "North,North", "a comma list of different names"),
            ("scenario", "calm", "one of normal, peak, outage, feeder-outage, clock-skew, late"),
            ("target", "ftp", "one of http, stream"),
            ("url", "127.0.0.1:8000", "an http or https address"),
            ("key", "two words", "printable ASCII without spaces"),
            ("rate", "-1", "a number from 0 to 10,000,000"),
            ("duration", "inf", "a number from 0 to"),
            ("iterations", "-1", "a whole number from 0 to"),
            ("seed", "-1", "a whole number from 0 to 4,294,967,295"),
            ("speed", "0", "a number from 0.001 to 1,000,000"),
            ("concurrency", "0", "a whole number from 1 to 200"),
            ("tries", "0", "a whole number from 1 to 100"),
            ("duplicates", "1.1", "a number from 0 to 1"),
            ("start", "2026-11-25T10:00:00", "a past instant in ISO 8601 with its zone"),
            ("start", "yesterday", "a past instant in ISO 8601 with its zone"),
            ("zone", "Asia/Nowhere", "a time zone's name"),
            ("zone", "../etc/passwd", "a time zone's name"),
        ],
    )
    def test_name_the_option_and_what_is_allowed(self, name, text, allowed):
        with pytest.raises(options.Refused) as refusal:
            read({name: text})

        assert str(refusal.value).startswith(f"--{name.replace('_', '-')}: {text!r} is not ")
        assert allowed in str(refusal.value)

    def test_name_the_variable_where_the_value_came_from(self):
        with pytest.raises(options.Refused, match=r"^SEGS_SIM_METERS: 'x' is not a whole number"):
            read({}, {"SEGS_SIM_METERS": "x"})

    def test_of_a_start_ahead_of_now(self):
        with pytest.raises(options.Refused, match=r"^start: .* is ahead of now"):
            read({"start": (NOW + timedelta(seconds=1)).isoformat()})

    def test_of_a_rate_that_so_few_meters_cannot_stamp(self):
        with pytest.raises(options.Refused, match=r"^rate: .* allowed range is 0 to 10,000"):
            read({"rate": "10001", "meters": "10"})


class TestInterval:
    def test_is_as_told(self):
        assert read({"interval": "30"}).interval_ms == 30_000

    def test_follows_from_a_rate(self):
        assert read({"rate": "1000", "meters": "500"}).interval_ms == 500

    def test_follows_from_a_rate_at_another_speed(self):
        assert read({"rate": "1000", "meters": "500", "speed": "60"}).interval_ms == 30_000
