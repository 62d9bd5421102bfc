"""Green Button files that mean harm, or were broken on their way."""

import io
import tracemalloc

import pytest

from meters.formats import espi
from meters.formats.base import Block, Refused
from tests.meters.formats.feeds import DAWN, block, feed, items, quarters, reading, reads, whole

BOMB = '<!DOCTYPE feed [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>\n'
FETCH = '<!DOCTYPE feed [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n'
OUTSIDE = '<!DOCTYPE feed SYSTEM "http://elsewhere.example/evil.dtd">\n'


class Endless(io.RawIOBase):
    """A stream that goes on for as long as it is read, up to a gigabyte."""

    def __init__(self, head: bytes, filler: bytes) -> None:
        self.head, self.filler, self.given = head, filler, 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0

    def read(self, size: int = -1) -> bytes:
        if self.given > 1 << 30:
            pytest.fail("read a gigabyte without a word")
        given = self.head if not self.given else self.filler * (size // len(self.filler))
        self.given += len(given)
        return given


def refusal(content: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        items(content)
    return refused.value


class TestDocumentType:
    @pytest.mark.parametrize("head", [BOMB, FETCH, OUTSIDE], ids=["bomb", "file", "address"])
    def test_is_refused_at_its_line_before_anything_is_expanded(self, head):
        content = feed(block(reading(DAWN, "&a;")), head=head)

        refused = refusal(content)

        assert refused.line == 2
        assert "document type" in refused.reason

    def test_is_not_needed_for_an_entity_to_be_refused(self):
        assert "undefined entity" in refusal(whole(block(reading(DAWN, "&a;")))).reason


class TestAbsurdSizes:
    @pytest.mark.parametrize(
        ("head", "filler", "reason"),
        [
            (b"<feed><a b='", b"x" * 1024, "a tag or a comment of more than"),
            (b"<feed><!--", b"x" * 1024, "a tag or a comment of more than"),
            (b"<feed><a>", b"x" * 1024, "a text of more than"),
            (b"<feed>", b"<a>" * 341, "elements in each other"),
            (b"<", b"a" * 1024, "a tag or a comment of more than"),
        ],
        ids=["an attribute", "a comment", "a text", "depth", "a name"],
    )
    def test_are_refused_long_before_they_fill_the_memory(self, head, filler, reason):
        stream = Endless(head, filler)
        tracemalloc.start()
        try:
            with pytest.raises(Refused, match=reason):
                list(espi.read(stream, "endless.xml"))
            _now, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

        assert stream.given < 4 << 20
        assert peak < 16 << 20

    def test_do_not_stop_a_file_that_is_only_long_nor_does_memory_grow_with_it(self):
        def peak(days: int) -> int:
            starts = (DAWN + day * 86_400 for day in range(days))
            stream = io.BytesIO(whole(*(block(quarters(96, start), start) for start in starts)))
            tracemalloc.start()
            try:
                found = espi.read(stream, "long.xml")
                assert sum(isinstance(item, Block) for item in found) == days * 96
                return tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()

        assert peak(60) < 1.25 * peak(20)


class TestBrokenFile:
    @pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
    def test_that_is_cut_short_is_refused(self, share):
        content = whole(block(quarters(96)))

        refused = refusal(content[: int(len(content) * share)])

        assert "not well-formed" in refused.reason

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b"", "not well-formed"),
            (b"\x00\x01\x02", "not well-formed"),
            (b"100,NEM12,200401010000,A,B\n", "not well-formed"),
            (b"<feed/>", "holds no IntervalBlock"),
            (b"<?xml version='1.0' encoding='no-such'?><feed/>", "encoding"),
            (b"<?xml version='1.0' encoding='big5'?><feed/>", "encoding"),
        ],
        ids=["empty", "bytes", "another format", "no data", "unknown encoding", "wide encoding"],
    )
    def test_that_is_no_feed_is_refused_with_the_reason(self, content, reason):
        assert reason in refusal(content).reason

    def test_in_another_encoding_is_read(self):
        text = whole(block(quarters(96))).decode().replace("UTF-8", "UTF-16")

        assert len(reads(text.encode("utf-16"))) == 96
