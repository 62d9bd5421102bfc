"""Green Button XML as a stream of events, from a stream that may hold anything.

The parser is expat itself, which the standard library has: it builds no tree, so memory does not
grow with the file, and it counts lines exactly. A document type is refused, and with it every
entity that could be declared: there is nothing left to expand or to fetch. (`defusedxml` does the
same to expat but hides how far it has read; `lxml` builds elements that must be cleared by hand.)
A token that is not closed within `LONGEST_TOKEN` bytes, a deep nesting and a long text are refused
as well, for expat would keep them whole.
"""

from collections.abc import Iterator
from typing import BinaryIO, NamedTuple
from xml.parsers import expat

from meters.formats.base import Refused

ATOM, ESPI, OTHER = "atom:", "espi:", "other:"
PREFIXES = {"http://www.w3.org/2005/atom": ATOM, "http://naesb.org/espi": ESPI}
CHUNK = 1 << 16
LONGEST_TOKEN = 1 << 20  # bytes of a tag or a comment
LONGEST_TEXT = 1 << 16  # characters in an element
DEEPEST = 32  # elements in each other; a feed has eight


class Event(NamedTuple):
    """An element that begins (`attributes`) or ends (`text`): its name with our own prefix."""

    begins: bool
    line: int
    tag: str
    text: str
    attributes: dict[str, str]


def events(stream: BinaryIO, name: str) -> Iterator[Event]:
    """Yield the elements of a document as they come; raises Refused."""
    return _Parsing(name).events(stream)


class _Parsing:
    """One pass over one document."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.depth = 0
        self.length = 0  # of the text of the element that is open
        self.texts: list[str] = []
        self.found: list[Event] = []
        self.tags: dict[str, str] = {}  # expat's names by ours
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def events(self, stream: BinaryIO) -> Iterator[Event]:
        fed = 0
        while chunk := stream.read(CHUNK):
            self._feed(chunk, last=False)
            fed += len(chunk)
            if fed - max(0, self.parser.CurrentByteIndex) > LONGEST_TOKEN + CHUNK:
                self._refuse(f"a tag or a comment of more than {LONGEST_TOKEN} bytes")
            yield from self.found
            self.found.clear()
        self._feed(b"", last=True)
        yield from self.found

    def _feed(self, chunk: bytes, *, last: bool) -> None:
        try:
            self.parser.Parse(chunk, last)
        except expat.ExpatError as error:
            reason = f"not well-formed XML: {expat.ErrorString(error.code)}"
            raise Refused(self.name, error.lineno, reason) from None
        except (LookupError, ValueError) as error:
            raise Refused(self.name, 1, f"its encoding cannot be read: {error}") from None

    def _doctype(self, *_declared: object) -> None:
        self._refuse("holds a document type: entities are never taken from a file")

    def _start(self, expats: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEEPEST:
            self._refuse(f"elements in each other more than {DEEPEST} deep")
        self._forget_text()
        line = self.parser.CurrentLineNumber
        self.found.append(Event(True, line, self._tag(expats), "", attributes))

    def _end(self, expats: str) -> None:
        self.depth -= 1
        text = "".join(self.texts).strip()
        self._forget_text()
        self.found.append(Event(False, self.parser.CurrentLineNumber, self._tag(expats), text, {}))

    def _text(self, text: str) -> None:
        self.length += len(text)
        if self.length > LONGEST_TEXT:
            self._refuse(f"a text of more than {LONGEST_TEXT} characters")
        self.texts.append(text)

    def _forget_text(self) -> None:
        self.texts.clear()
        self.length = 0

    def _tag(self, expats: str) -> str:
        known = self.tags.get(expats)
        if known is not None:
            return known
        uri, _space, local = expats.rpartition(" ")
        tag = PREFIXES.get(uri.rstrip("/").lower(), OTHER) + local
        if len(self.tags) < DEEPEST * DEEPEST:  # a feed knows some hundred names
            self.tags[expats] = tag
        return tag

    def _refuse(self, reason: str) -> None:
        raise Refused(self.name, self.parser.CurrentLineNumber, reason)
