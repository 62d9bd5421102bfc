"""What the door says to an item that could be read: counted, held or refused, and why."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters import admission, registry, telemetry, verdicts
from meters.columns import ABSENT
from tests.meters.bodies import (
    EXPORTER,
    IMPORTER,
    NOW,
    STORED,
    body,
    item,
    judged,
    known,
)
from tests.meters.test_telemetry import FIELDS, JSON_VALUES


def verdict_on(auto_register: bool = False, **said) -> str:
    """The code the door gives one item, or "accepted"."""
    told = judged(body(item(**said)), auto_register=auto_register)
    assert told.total == 1 == len(told.columns) + len(told.held) + len(told.refusals)
    if told.held:
        return told.held[0].held.reason
    return told.refusals[0].code if told.refusals else "accepted"


def micro(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


class TestTimestamps:
    @pytest.mark.parametrize(
        "stamp",
        [
            pytest.param("2026-11-24T10:00:00.000Z", id="milliseconds and Z"),
            pytest.param("2026-11-24T10:00:00Z", id="seconds and Z"),
            pytest.param("2026-11-24T10:00Z", id="minutes"),
            pytest.param("2026-11-24T10:00:00+00:00", id="an offset of nothing"),
            pytest.param("2026-11-24T15:30:00+05:30", id="India"),
            pytest.param("2026-11-24T05:00:00-0500", id="New York, basic offset"),
            pytest.param("2026-11-24 10:00:00Z", id="a blank for the T"),
            pytest.param("20261124T100000Z", id="basic format"),
            pytest.param("2026-11-24T10:00:00,000Z", id="a comma"),
            pytest.param("2026-11-24T10:00:00.000000999Z", id="nanoseconds"),
            pytest.param("2026-W48-2T10:00:00Z", id="a week date"),
            pytest.param(1_795_514_400_000, id="milliseconds since 1970"),
        ],
    )
    def test_all_say_ten_o_clock(self, stamp):
        told = judged(body(item(timestamp=stamp)))

        assert told.columns.ts.tolist() == [micro(datetime(2026, 11, 24, 10, tzinfo=UTC))]

    def test_keeps_microseconds(self):
        told = judged(body(item(timestamp="2026-11-24T10:00:00.123456Z")))

        assert told.columns.ts[0] % 1_000_000 == 123_456

    @pytest.mark.parametrize(
        ("stamp", "code"),
        [
            pytest.param("2026-11-24T10:00:00", verdicts.NO_ZONE, id="no zone"),
            pytest.param("2026-11-24", verdicts.NO_ZONE, id="a date"),
            pytest.param("", verdicts.INVALID_TIMESTAMP, id="nothing"),
            pytest.param("now", verdicts.INVALID_TIMESTAMP, id="a word"),
            pytest.param("1795514400000", verdicts.INVALID_TIMESTAMP, id="a number as text"),
            pytest.param("2026-11-24T10:00:60Z", verdicts.INVALID_TIMESTAMP, id="a leap second"),
            pytest.param("2026-02-29T10:00:00Z", verdicts.INVALID_TIMESTAMP, id="no leap year"),
            pytest.param("2026-11-24T10:00:00+25:00", verdicts.INVALID_TIMESTAMP, id="offset 25"),
            pytest.param("24/11/2026 10:00", verdicts.INVALID_TIMESTAMP, id="as people write"),
            pytest.param(
                "2026-11-24T10:00:00 Asia/Kolkata", verdicts.INVALID_TIMESTAMP, id="name"
            ),
            pytest.param(1_795_514_400, verdicts.SECONDS, id="seconds for milliseconds"),
            pytest.param(0, verdicts.SECONDS, id="zero"),
            pytest.param(-5, verdicts.SECONDS, id="before 1970, a little"),
            pytest.param(1_795_514_400_000_000, verdicts.IN_FUTURE, id="microseconds"),
            pytest.param(2**63 - 1, verdicts.IN_FUTURE, id="the largest number"),
            pytest.param(-(2**62), verdicts.BEFORE_2000, id="a very small number"),
            pytest.param("1999-12-31T23:59:59Z", verdicts.BEFORE_2000, id="1999"),
            pytest.param("0001-01-01T00:00:00+14:00", verdicts.BEFORE_2000, id="year 1"),
            pytest.param("2000-01-01T00:00:00Z", verdicts.TOO_OLD, id="year 2000"),
            pytest.param("2099-01-01T00:00:00Z", verdicts.IN_FUTURE, id="year 2099"),
            pytest.param("9999-12-31T23:59:59-12:00", verdicts.IN_FUTURE, id="year 9999"),
        ],
    )
    def test_refuses(self, stamp, code):
        assert verdict_on(timestamp=stamp) == code

    @pytest.mark.parametrize(
        ("ahead", "verdict"),
        [
            (timedelta(minutes=5), "accepted"),
            (timedelta(minutes=5, milliseconds=1), verdicts.IN_FUTURE),
            (-timedelta(days=90), "accepted"),
            (-timedelta(days=90, milliseconds=1), verdicts.TOO_OLD),
        ],
    )
    def test_draws_the_line_to_the_millisecond(self, ahead, verdict):
        assert verdict_on(timestamp=(NOW + ahead).isoformat()) == verdict

    def test_a_thousand_meters_of_one_moment_each_get_it(self):
        stamps = ["2026-11-24T10:00:00Z", "2026-11-24T09:00:00Z", "2026-11-24T10:00:00Z"]

        told = judged(body(*[item(timestamp=stamp, seq=n) for n, stamp in enumerate(stamps)]))

        hour = 3_600_000_000
        assert (told.columns.ts[0] - told.columns.ts[1]) == hour
        assert told.repeats.tolist() == [2]


class TestNumbers:
    @pytest.mark.parametrize(
        ("kilowatts", "milliwatts"),
        [
            (3.217, 3_217_000),
            (0.1 + 0.2, 300_000),
            (-0.0, 0),
            (1e-7, 0),
            (-4e-7, 0),
            (6e-7, 1),
            (5e-324, 0),
            (7, 7_000_000),
        ],
    )
    def test_are_quantised_to_milliwatts(self, kilowatts, milliwatts):
        assert judged(body(item(powerKw=kilowatts))).columns.power.tolist() == [milliwatts]

    def test_are_kept_each_in_its_own_unit(self):
        said = item(energyKwh=0.0089, registerKwh=12_345.678901, voltage=231.4, seq=-3)

        held = judged(body(said)).columns

        assert held.energy.tolist() == [8_900]
        assert held.register.tolist() == [12_345_678_901]
        assert held.voltage.tolist() == [231_400]
        assert held.seq.tolist() == [-3]

    def test_that_are_not_said_are_absent(self):
        both = judged(body(item(energyKwh=1.0, seq=1), item(powerKw=1))).columns

        assert both.energy.tolist() == [1_000_000, ABSENT]
        assert both.register.tolist() == both.voltage.tolist() == [ABSENT, ABSENT]
        assert both.seq.tolist() == [1, ABSENT]

    def test_of_null_are_absent(self):
        content = json.dumps([item() | {"energyKwh": None, "seq": None}]).encode()

        assert judged(content).columns.energy.tolist() == [ABSENT]

    @pytest.mark.parametrize(
        "said",
        [
            {"powerKw": 10.001},
            {"powerKw": 1e308},
            {"powerKw": -1e308},
            {"energyKwh": 240.1},
            {"energyKwh": 1e308},
            {"registerKwh": -0.1},
            {"registerKwh": 1e10},
            {"voltage": -1},
            {"voltage": 1_000_001},
            {"voltage": 1e308},
        ],
        ids=str,
    )
    def test_beyond_a_limit_are_held(self, said):
        assert verdict_on(**said) == verdicts.BEYOND_LIMIT

    @pytest.mark.parametrize("said", [{"powerKw": 10}, {"energyKwh": 240}, {"registerKwh": 8e9}])
    def test_at_the_limit_are_counted(self, said):
        assert verdict_on(**said) == "accepted"

    @pytest.mark.parametrize("said", [{"powerKw": -0.001}, {"energyKwh": -0.001}], ids=str)
    def test_below_zero_are_held_on_an_import_meter_alone(self, said):
        assert verdict_on(**said) == verdicts.NEGATIVE_POWER
        assert verdict_on(meterId=EXPORTER, **said) == "accepted"


class TestNames:
    def test_an_unknown_meter_waits_for_a_person(self):
        assert verdict_on(meterId="MTR-NEW") == verdicts.UNKNOWN_METER

    def test_an_unknown_meter_is_registered_where_that_is_allowed(self):
        told = judged(body(item(), item(meterId="MTR-NEW", powerKw=-99)), auto_register=True)

        [stranger] = told.strangers
        assert (stranger.row, stranger.serial, stranger.region) == (1, "MTR-NEW", "Mumbai-North")
        assert told.shards[1] == registry.shard_of("MTR-NEW", 4)

    def test_an_unknown_meter_needs_a_known_region(self):
        assert verdict_on(meterId="MTR-NEW", auto_register=True, region="Atlantis") == (
            verdicts.UNKNOWN_REGION
        )

    @pytest.mark.parametrize("region", ["Pune", "Atlantis", "mumbai-north", "Mumbai-North "])
    def test_a_region_that_contradicts_the_registry_is_held(self, region):
        assert verdict_on(region=region) == verdicts.REGION_MISMATCH

    def test_a_meter_that_hangs_nowhere_may_name_any_region(self):
        assert verdict_on(meterId=STORED, region="Pune") == "accepted"

    @pytest.mark.parametrize("field", ["readingId", "meterId", "region"])
    @pytest.mark.parametrize("text", ["", "x" * 65, "a\nb", "\0", "​", "\x7f"])
    def test_that_nobody_can_print_are_refused(self, field, text):
        assert verdict_on(**{field: text}) == verdicts.INVALID_TEXT
        assert verdict_on(auto_register=True, **{field: text}) == verdicts.INVALID_TEXT

    def test_sixty_four_letters_of_any_alphabet_are_a_name(self):
        assert verdict_on(meterId="电" * 64) == verdicts.UNKNOWN_METER
        assert verdict_on(readingId="é" * 64) == "accepted"

    def test_the_first_fault_is_the_one_named(self):
        assert verdict_on(timestamp="now", meterId="MTR-NEW", powerKw=1e308) == (
            verdicts.INVALID_TIMESTAMP
        )
        assert verdict_on(meterId="MTR-NEW", powerKw=1e308) == verdicts.UNKNOWN_METER

    def test_what_is_held_travels_as_it_came(self):
        said = item(meterId="MTR-NEW", metadata={"a": [1, 2]}, voltage=230)

        [waiting] = judged(body(item(), said)).held

        assert (waiting.place, waiting.shard) == (1, registry.shard_of("MTR-NEW", 4))
        assert waiting.held.ts == micro(datetime(2026, 11, 24, 10, tzinfo=UTC))
        del said["userId"]
        assert json.loads(waiting.held.raw) == said


class TestIds:
    @pytest.mark.parametrize(
        "texts",
        [
            pytest.param(["5c3bd10e-8f43-4a4c-9a40-0d3a3a5f0001"] * 2, id="UUIDs"),
            pytest.param(
                ["5C3BD10E-8F43-4A4C-9A40-0D3A3A5F0001", "5c3bd10e-8f43-4a4c-9a40-0d3a3a5f0001"],
                id="upper and lower case",
            ),
            pytest.param(["00000000-0000-0000-0000-000000000000", "a"], id="nil and a letter"),
            pytest.param(["5c3bd10e8f434a4c9a400d3a3a5f0001", "1"], id="without dashes"),
            pytest.param(["5c3bd10e-8f43-4a4c-9a40-0d3a3a5f000g", "é" * 36], id="36 letters"),
            pytest.param(["5c3bd10e-8f43-4a4c-9a400-d3a3a5f0001", "-" * 36], id="dashes astray"),
            pytest.param(["ab", "5c3bd10e-8f43-4a4c-9a40-0d3a3a5f00015c3bd10e-8f43-4a4c-9a40-0d"],
                         id="72 letters between two"),
        ],
    )  # fmt: skip
    def test_survive_as_they_were_sent(self, texts):
        content = body(*[item(readingId=text, seq=n, powerKw=n) for n, text in enumerate(texts)])

        assert ids_of(judged(content)) == texts

    @settings(deadline=None)
    @given(
        st.lists(
            st.uuids().map(str)
            | st.uuids().map(lambda made: str(made).upper())
            | st.text("0123456789abcdef-é", min_size=1, max_size=40),
            max_size=5,
        )
    )
    def test_survive_whatever_they_are(self, texts):
        content = body(*[item(readingId=text, powerKw=n) for n, text in enumerate(texts)])

        assert ids_of(judged(content)) == texts


def ids_of(told: admission.Judged) -> list[str]:
    return [
        str(UUID(bytes=raw.tobytes())) if raw.any() else json.loads(extra)["readingId"]
        for raw, extra in zip(told.columns.reading_id, told.columns.extra, strict=True)
    ]


class TestExtras:
    def test_keep_what_has_no_column(self):
        said = {"current": 1.5, "frequency": 50.02, "powerFactor": 0.98, "temperature": -3.5}

        [extra] = judged(body(item(status="TAMPER", metadata={"mode": "x"}, **said))).columns.extra

        assert json.loads(extra) == said | {"status": "TAMPER", "metadata": {"mode": "x"}}

    def test_an_ordinary_reading_has_none(self):
        assert judged(body(item(status="OK"))).columns.extra == [None]

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param('"\\u0000"', id="an escaped zero"),
            pytest.param("1" * 4000, id="4000 digits"),
            pytest.param('{"x": 1e400}', id="1e400"),
            pytest.param("[" * 500 + "]" * 500, id="500 deep"),
            pytest.param("null", id="null"),
            pytest.param('"電"', id="another alphabet"),
        ],
    )
    def test_keep_metadata_byte_for_byte(self, text):
        content = (json.dumps(item())[:-1] + f', "metadata": {text}}}').encode()

        [extra] = judged(content, single=True).columns.extra

        assert extra == b'{"metadata":' + text.encode() + b"}"

    def test_that_would_fill_files_are_refused(self):
        assert verdict_on(metadata="x" * 4000) == "accepted"
        assert verdict_on(metadata="x" * 4096) == verdicts.TOO_LONG
        assert verdict_on(status="x" * 5000) == verdicts.TOO_LONG


class TestRepeats:
    def test_the_same_reading_twice_counts_once(self):
        told = judged(body(item(seq=1), item(powerKw=1), item(seq=2)))

        assert told.repeats.tolist() == [2]
        assert told.places.tolist() == [0, 1]
        assert len(told.columns) == len(told.marks) == len(told.shards) == 2

    def test_one_key_with_another_value_is_no_repeat(self):
        told = judged(body(item(powerKw=1), item(powerKw=2)))

        assert told.columns.power.tolist() == [1_000_000, 2_000_000]
        assert len(told.repeats) == 0

    def test_values_alike_after_quantising_are_a_repeat(self):
        told = judged(body(item(powerKw=0.3), item(powerKw=0.1 + 0.2)))

        assert told.repeats.tolist() == [1]

    def test_the_same_reading_of_two_strangers_is_two(self):
        twins = [item(meterId="MTR-NEW"), item(meterId="MTR-OTHER"), item(meterId="MTR-NEW")]

        told = judged(body(*twins), auto_register=True)

        assert told.repeats.tolist() == [2]
        assert [(who.row, who.serial) for who in told.strangers] == [
            (0, "MTR-NEW"),
            (1, "MTR-OTHER"),
        ]

    def test_strangers_move_up_when_a_repeat_goes(self):
        told = judged(body(item(), item(), item(meterId="MTR-NEW")), auto_register=True)

        assert [who.row for who in told.strangers] == [1]
        assert told.columns.meter.tolist() == [101, -1]


class TestMixedBody:
    def test_every_item_keeps_its_place(self):
        told = judged(
            body(
                item(powerKw="12"),
                item(powerKw=1),
                item(meterId="MTR-NEW"),
                5,
                item(powerKw=1),
                item(timestamp="now"),
                item(powerKw=2),
            )
        )

        assert told.places.tolist() == [1, 6]
        assert told.repeats.tolist() == [4]
        assert [held.place for held in told.held] == [2]
        assert {refusal.index: refusal.code for refusal in told.refusals} == {
            0: verdicts.INVALID_TYPE,
            3: verdicts.NOT_AN_OBJECT,
            5: verdicts.INVALID_TIMESTAMP,
        }

    def test_a_bad_item_of_a_thousand_is_the_only_one_refused(self):
        items = [item(powerKw=number / 1000) for number in range(1000)]
        items[500]["timestamp"] = "2026-11-24T10:00:00"

        told = judged(body(*items))

        assert (len(told.columns), [r.index for r in told.refusals]) == (999, [500])

    def test_an_empty_body_is_judged_empty(self):
        told = judged(b"[]")

        assert (told.total, len(told.columns), told.marks.shape) == (0, 0, (0, 16))


SAID = st.fixed_dictionaries(
    {},
    optional={
        "meterId": st.sampled_from([IMPORTER, EXPORTER, STORED, "MTR-NEW", ""]),
        "powerKw": st.floats() | st.sampled_from([1, "12", None, True]),
        "energyKwh": st.floats(-10, 300) | st.none(),
        "region": st.sampled_from(["Mumbai-North", "Pune", "Atlantis"]),
        "timestamp": st.sampled_from(["2026-11-24T10:00:00Z", "now", 1_795_514_400_000, 5]),
        "metadata": JSON_VALUES,
    },
)


class TestAnything:
    @settings(deadline=None)
    @given(
        st.lists(SAID | st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES), max_size=6),
        st.booleans(),
    )
    def test_gets_exactly_one_verdict_an_item(self, changes, auto_register):
        content = json.dumps([item() | change for change in changes]).encode()

        told = judged(content, auto_register=auto_register)

        places = [
            *told.places.tolist(),
            *told.repeats.tolist(),
            *(held.place for held in told.held),
            *(refusal.index for refusal in told.refusals),
        ]
        assert sorted(places) == list(range(told.total)) == list(range(len(changes)))

    @settings(deadline=None)
    @given(st.lists(SAID, max_size=6))
    def test_a_bad_neighbour_changes_no_verdict(self, changes):
        items = [item() | change for change in changes]

        alone = judged(json.dumps(items).encode())
        beside = judged(json.dumps([*items, float("nan")]).encode())

        assert said_of(alone) == said_of(beside) - Counter(
            {(len(items), verdicts.NOT_AN_OBJECT): 1}
        )

    def test_judging_reads_no_clock_and_keeps_the_registry(self):
        registered = known()
        parsed = telemetry.parse(body(item(), item(meterId="MTR-NEW")))

        first = admission.judge(parsed, registered, now=NOW)
        again = admission.judge(parsed, registered, now=NOW)

        assert first.marks.tolist() == again.marks.tolist()
        assert registered.shard[-1] == -1


def said_of(told: admission.Judged) -> Counter[tuple[int, str]]:
    return Counter(
        [
            *((int(place), "accepted") for place in told.places),
            *((int(place), "repeat") for place in told.repeats),
            *((held.place, held.held.reason) for held in told.held),
            *((refusal.index, refusal.code) for refusal in told.refusals),
        ]
    )
