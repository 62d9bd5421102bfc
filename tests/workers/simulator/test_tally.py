import re

from workers.simulator.tally import Answer, Item, Tally

CLOSING = re.compile(
    r"simulate: readings=\d+ readings_s=\d+\.\d accepted=\d+ duplicates=\d+ quarantined=\d+"
    r" rejected=\d+ refused=\d+ lost=\d+ p50_ms=\d+\.\d p99_ms=\d+\.\d"
)


class TestTally:
    def test_sums_answers_and_counts_codes(self):
        tally = Tally(readings=20)

        tally.take(
            Answer(7, 1, 1, 1, [Item("in_future"), Item("conflict")]),
            latency_ms=4,
        )
        tally.refuse(10, "http_401", latency_ms=2)

        assert (tally.accepted, tally.duplicates, tally.quarantined) == (7, 1, 1)
        assert (tally.rejected, tally.refused) == (1, 10)
        assert tally.codes == {"in_future": 1, "conflict": 1, "http_401": 10}
        assert tally.settled == 20

    def test_closes_with_one_line(self):
        tally = Tally(readings=10)
        for latency_ms in range(1, 101):
            tally.take(Answer(0), latency_ms=latency_ms)

        line = tally.closing_line(2.0)

        assert CLOSING.fullmatch(line)
        assert "p50_ms=50.5 p99_ms=99.0" in line

    def test_closes_even_when_nothing_came(self):
        assert CLOSING.fullmatch(Tally().closing_line(0.0))
