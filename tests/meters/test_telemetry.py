"""What a body of telemetry may look like, and what one bad item does to it: nothing."""

import codecs
import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meters import telemetry, verdicts
from tests.meters.bodies import body, item

GOOD = json.dumps(item())


def codes(parsed: telemetry.Parsed) -> dict[int, str]:
    return {refusal.index: refusal.code for refusal in parsed.refusals}


def with_text(text: str, *, beside: str = GOOD) -> bytes:
    """A batch whose middle item is written by hand between two good ones."""
    return f"[{beside},{text},{beside}]".encode("utf-8", "surrogatepass")


def written(field: str, value: str) -> str:
    """The good item with one value written by hand."""
    return GOOD[:-1] + f', "{field}": {value}}}'


class TestForms:
    def test_reads_a_bare_array(self):
        parsed = telemetry.parse(body(item(), item(powerKw=2)))

        assert parsed.total == 2
        assert [reading.power_kw for reading in parsed.readings] == [3.217, 2.0]
        assert parsed.places.tolist() == [0, 1]

    def test_reads_an_envelope(self):
        document = {"gateway": {"id": 7}, "readings": [item()], "sent": "now"}

        assert telemetry.parse(json.dumps(document).encode()).total == 1

    def test_reads_one_item(self):
        assert telemetry.parse(GOOD.encode(), single=True).total == 1

    def test_reads_a_body_with_white_space_and_a_byte_order_mark(self):
        content = codecs.BOM_UTF8 + b" \r\n\t" + body(item()) + b"\n"

        assert len(telemetry.parse(content).readings) == 1

    @pytest.mark.parametrize("content", [b"[]", b' { "readings" : [ ] } '])
    def test_an_empty_batch_is_a_batch(self, content):
        assert telemetry.parse(content).total == 0

    def test_keeps_what_the_reference_simulator_sends(self):
        sent = item(
            energyKwh=0.0089,
            voltage=231.4,
            seq=1,
            status="OK",
            metadata={"mode": "normal", "baseLoad": 2.1},
        )

        reading = telemetry.parse(body(sent)).readings[0]

        assert (reading.energy_kwh, reading.voltage, reading.seq) == (0.0089, 231.4, 1)
        assert json.loads(bytes(reading.metadata)) == {"mode": "normal", "baseLoad": 2.1}

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(b"hello", id="a word"),
            pytest.param(b"5", id="a number"),
            pytest.param(b'"text"', id="a text"),
            pytest.param(b"null", id="null"),
            pytest.param(b"NaN", id="NaN"),
            pytest.param(b"{}", id="an object without readings"),
            pytest.param(b'{"readings": null}', id="readings null"),
            pytest.param(b'{"readings": {"a": 1}}', id="readings an object"),
            pytest.param(b'{"readings": NaN}', id="readings NaN"),
            pytest.param(b'{NaN: [], "readings": [NaN]}', id="a member without a name"),
            pytest.param(b'{"items": [NaN]}', id="NaN in another member"),
            pytest.param(GOOD.encode(), id="one item sent as a batch"),
            pytest.param(body(item())[:-1], id="cut short"),
            pytest.param(body(item()) + b"]", id="something behind the end"),
            pytest.param(b"[NaN] [", id="something behind the end, and NaN"),
            pytest.param(b"[" + GOOD.encode() + b",]", id="a comma too many"),
            pytest.param(b"[" + GOOD.encode() * 2 + b"]", id="a comma too few"),
            pytest.param(b"[NaN" + b"}", id="the wrong bracket"),
            pytest.param(b"[" * 200_000, id="brackets without end"),
            pytest.param(b'["', id="a text without end"),
            pytest.param(b"[{'readingId': 1}]", id="single quotes"),
            pytest.param(body(item()).replace(b"3.217", b"03.2"), id="a leading zero"),
            pytest.param(b"\xff\xfe[\x00]\x00", id="UTF-16"),
            pytest.param('["\xe9"]'.encode("latin-1"), id="Latin-1"),
            pytest.param(b"[\0]", id="a zero byte"),
            pytest.param(b"\x1f\x8b\x08\x00", id="gzip nobody spoke of"),
        ],
    )
    def test_refuses_a_body_that_is_none(self, content):
        with pytest.raises(telemetry.Malformed):
            telemetry.parse(content)

    @pytest.mark.parametrize("content", [b"", b"hello", GOOD.encode() + b"{}", b"\0"])
    def test_refuses_a_single_item_that_is_no_json(self, content):
        with pytest.raises(telemetry.Malformed):
            telemetry.parse(content, single=True)

    def test_a_single_array_is_no_item(self):
        parsed = telemetry.parse(body(item()), single=True)

        assert (parsed.total, codes(parsed)) == (1, {0: verdicts.NOT_AN_OBJECT})

    def test_takes_a_thousand_items_and_not_one_more(self):
        assert telemetry.parse(body(*[item()] * 1000)).total == 1000
        with pytest.raises(telemetry.TooMany, match="1001"):
            telemetry.parse(body(*[item()] * 1001))

    @pytest.mark.parametrize("bad", ["5", "NaN"])
    def test_counts_the_items_of_a_body_with_a_bad_one_too(self, bad):
        content = f"[{','.join([bad] * 1001)}]".encode()

        with pytest.raises(telemetry.TooMany):
            telemetry.parse(content)

    def test_gives_up_on_a_body_of_nothing_but_signs(self):
        content = b'[{"x": NaN, "y": [' + b"[]," * telemetry.MAX_SIGNS + b"[]]}]"

        with pytest.raises(telemetry.Malformed, match="brackets and commas"):
            telemetry.parse(content)


class TestBadItems:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            pytest.param("7", verdicts.NOT_AN_OBJECT, id="a number"),
            pytest.param("null", verdicts.NOT_AN_OBJECT, id="null"),
            pytest.param("[]", verdicts.NOT_AN_OBJECT, id="an array"),
            pytest.param('"[{]}"', verdicts.NOT_AN_OBJECT, id="a text of brackets"),
            pytest.param("NaN", verdicts.NOT_AN_OBJECT, id="NaN"),
            pytest.param("{}", verdicts.MISSING_FIELD, id="nothing said"),
            pytest.param(GOOD.replace("powerKw", "power"), verdicts.MISSING_FIELD, id="no power"),
            pytest.param(written("powerKw", "NaN"), verdicts.NOT_FINITE, id="power NaN"),
            pytest.param(written("powerKw", "Infinity"), verdicts.NOT_FINITE, id="Infinity"),
            pytest.param(written("powerKw", "-Infinity"), verdicts.NOT_FINITE, id="-Infinity"),
            pytest.param(written("powerKw", "1e400"), verdicts.NOT_FINITE, id="1e400"),
            pytest.param(written("powerKw", "9" * 6000), verdicts.NOT_FINITE, id="6000 digits"),
            pytest.param(written("note", "[0, [NaN]]"), verdicts.NOT_FINITE, id="NaN within"),
            pytest.param(written("powerKw", '"12"'), verdicts.INVALID_TYPE, id="number as text"),
            pytest.param(written("powerKw", "true"), verdicts.INVALID_TYPE, id="power true"),
            pytest.param(written("powerKw", "null"), verdicts.INVALID_TYPE, id="power null"),
            pytest.param(written("powerKw", "{}"), verdicts.INVALID_TYPE, id="power an object"),
            pytest.param(written("voltage", '"230"'), verdicts.INVALID_TYPE, id="voltage text"),
            pytest.param(written("meterId", "1"), verdicts.INVALID_TYPE, id="meter a number"),
            pytest.param(written("readingId", "1"), verdicts.INVALID_TYPE, id="id a number"),
            pytest.param(written("timestamp", "null"), verdicts.INVALID_TYPE, id="time null"),
            pytest.param(written("timestamp", "true"), verdicts.INVALID_TYPE, id="time true"),
            pytest.param(written("timestamp", "1.5e12"), verdicts.INVALID_TYPE, id="time 1.5e12"),
            pytest.param(written("seq", "1.5"), verdicts.INVALID_TYPE, id="seq a fraction"),
            pytest.param(written("seq", str(-(2**63))), verdicts.INVALID_TYPE, id="seq too small"),
            pytest.param(written("seq", str(2**64)), verdicts.INVALID_TYPE, id="seq too large"),
            pytest.param(
                written("metadata", "[" * 5000 + "]" * 5000), verdicts.TOO_DEEP, id="5000 deep"
            ),
            pytest.param(
                written("powerKw", '"12", "metadata": ' + "[" * 600 + "]" * 600),
                verdicts.INVALID_TYPE,
                id="600 deep and another fault",
            ),
            pytest.param(written("metadata", r'"\ud800"'), verdicts.INVALID_TEXT, id="half pair"),
            pytest.param(written("meterId", r'"\udc00"'), verdicts.INVALID_TEXT, id="other half"),
        ],
    )
    def test_spoils_no_neighbour(self, text, code):
        parsed = telemetry.parse(with_text(text))

        assert codes(parsed) == {1: code}
        assert parsed.places.tolist() == [0, 2]
        assert parsed.total == 3

    @pytest.mark.parametrize(
        "text",
        [
            pytest.param(written("metadata", '"\\u0000"'), id="an escaped zero"),
            pytest.param(written("metadata", '{"x": 1e400}'), id="1e400 in metadata"),
            pytest.param(written("metadata", "9" * 5000), id="5000 digits in metadata"),
            pytest.param(written("metadata", r'"\"]},{\\"'), id="brackets in a text"),
            pytest.param(written("metadata", r'"\ud83d\ude00"'), id="a whole pair"),
            pytest.param(written("powerKw", "-0.0"), id="-0"),
            pytest.param(written("powerKw", "1e308"), id="1e308"),
            pytest.param(written("powerKw", "12"), id="an integer"),
            pytest.param(written("timestamp", "1764000000000"), id="milliseconds"),
            pytest.param(written("энергия", "1"), id="another alphabet"),
        ],
    )
    @pytest.mark.parametrize("beside", ["5", "NaN", '{"a": "\\ud800"}'])
    def test_a_good_item_reads_the_same_beside_a_bad_one(self, text, beside):
        alone = telemetry.parse(f"[{text}]".encode()).readings
        mixed = telemetry.parse(f"[{beside},{text},{beside}]".encode())

        assert [msgspec.json.encode(reading) for reading in mixed.readings] == [
            msgspec.json.encode(alone[0])
        ]
        assert mixed.places.tolist() == [1]

    def test_one_of_a_thousand_is_named_by_place_and_id(self):
        items = [item() for _ in range(1000)]
        items[417] = item(readingId="the-bad-one", powerKw="12")

        parsed = telemetry.parse(body(*items))

        [refusal] = parsed.refusals
        assert (refusal.index, refusal.reading_id) == (417, "the-bad-one")
        assert "powerKw" in refusal.message
        assert len(parsed.readings) == 999

    def test_reads_an_envelope_with_a_bad_item(self):
        content = b'{"a": [1, {"readings": 2}], "readings": [NaN, ' + GOOD.encode() + b'], "b": 1}'

        parsed = telemetry.parse(content)

        assert (codes(parsed), len(parsed.readings)) == ({0: verdicts.NOT_AN_OBJECT}, 1)

    def test_a_tower_beside_the_readings_is_ignored(self):
        tower = b"[" * 5000 + b"]" * 5000
        content = b'{"note": ' + tower + b', "readings": [' + GOOD.encode() + b"]}"

        assert len(telemetry.parse(content).readings) == 1


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["[", "]}", '\\"', ",", "\ud800"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=8,
)
FIELDS = tuple(telemetry.Reading.__struct_encode_fields__)


class TestAnything:
    @settings(deadline=None)
    @given(st.lists(st.dictionaries(st.sampled_from(FIELDS), JSON_VALUES), max_size=6))
    def test_gives_each_item_one_verdict(self, changes):
        items = [item() | change for change in changes]

        parsed = telemetry.parse(json.dumps(items).encode())

        places = [*parsed.places.tolist(), *codes(parsed)]
        assert sorted(places) == list(range(len(items)))
        assert len(parsed.places) == len(parsed.readings)

    @settings(deadline=None)
    @given(JSON_VALUES)
    def test_an_item_alone_and_one_beside_nan_are_told_the_same(self, value):
        text = json.dumps(value)

        alone = telemetry.parse(text.encode(), single=True)
        beside = telemetry.parse(f"[NaN,{text}]".encode())

        assert [refusal.code for refusal in alone.refusals] == [
            refusal.code for refusal in beside.refusals[1:]
        ]

    @settings(deadline=None)
    @given(st.binary(max_size=60) | st.text('[]{},:"\\ 1truefalsnN').map(str.encode))
    def test_bytes_are_a_body_or_are_refused(self, content):
        try:
            telemetry.parse(content)
        except (telemetry.Malformed, telemetry.TooMany):
            return

        json.loads(content)  # what is taken is what Python's reader takes, too
