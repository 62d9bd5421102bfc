"""Bands of load: read, refused by name, written."""

from decimal import Decimal

import pytest

from tariffs import bands


class TestReading:
    def test_takes_the_bands_that_a_policy_begins_with(self) -> None:
        read = bands.read(bands.DEFAULT)

        assert [band.multiplier for band in read] == [
            Decimal(each) for each in ("0.8", "1.0", "1.2", "1.5", "2.0")
        ]

    @pytest.mark.parametrize(
        ("written", "complaint"),
        [
            ([], "no band"),
            ("0 25", "no band"),
            ([["0", None]], "Band 1 is not"),
            ([["5", None, "1"]], "first band begins at 0"),
            ([["0", "50", "1"]], "last band is open"),
            ([["0", "40", "1"], ["50", None, "2"]], "leave a gap: 40 %"),
            ([["0", "60", "1"], ["50", None, "2"]], "overlap: 60 %"),
            ([["0", "20", "1"], ["60", "70", "2"], ["20", None, "3"]], "gap"),
            ([["0", "20", "1"], ["20", "20", "2"], ["20", None, "3"]], "Band 2 ends at 20"),
            ([["0", None, "1"], ["50", None, "2"]], "Band 1 has no end"),
            ([["0", None, "much"]], "multiplier of band 1"),
            ([["0", None, "NaN"]], "multiplier of band 1"),
            ([["0", None, "1.00001"]], "more than four decimals"),
            ([["0", "20", "1"], ["-5", None, "2"]], "out of order"),
        ],
    )
    def test_refuses_what_cannot_price_every_load(self, written, complaint: str) -> None:
        with pytest.raises(bands.BadBands, match=complaint):
            bands.read(written)


class TestTyping:
    def test_comes_back_as_it_was_written(self) -> None:
        assert bands.parse(bands.write(bands.DEFAULT)) == bands.DEFAULT

    @pytest.mark.parametrize("text", ["0 25 1 2", "0"])
    def test_names_a_line_of_another_shape(self, text: str) -> None:
        with pytest.raises(bands.BadBands, match="Band 1"):
            bands.parse(text)


class TestABand:
    def test_is_said_in_words(self) -> None:
        first, *_, last = bands.read(bands.DEFAULT)

        assert (str(first), str(last)) == ("0–25 %", "from 90 %")
