"""Green Button: interval data of North American utilities, NAESB's ESPI in an Atom feed.

Read tolerantly, because real exports bend the standard: names by their URI, whatever prefix;
several reading types in a file; blocks in any order, overlapping or with readings outside of
them; a malformed clock-change rule. Every reading stands by its own time and is never moved.
Nothing is guessed that a bill would show: a value without a unit, or of a block that belongs to
no reading type, is a fault, and what is no energy of one direction is read past and said so.

The stream is read twice, in little memory: first what the channels are, then their readings.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import BinaryIO

from meters.formats import energy, espi_xml, text
from meters.formats import espi_codes as codes
from meters.formats.base import (
    FLAG_LENGTH,
    LONGEST,
    NAME_LENGTH,
    Block,
    Channel,
    Fault,
    Item,
    Note,
    Origin,
    Read,
    Refused,
)
from meters.formats.espi_feed import BLOCK, ENTRY, Feed, Of, Resource, channel_name, point_name
from meters.formats.espi_xml import ESPI, Event
from segs_site.lib.quantities import Quality

READING, INTERVAL, PERIOD = ESPI + "IntervalReading", ESPI + "interval", ESPI + "timePeriod"
QUALITY, VALUE = ESPI + "quality", ESPI + "value"
START, DURATION = ESPI + "start", ESPI + "duration"
SECOND = timedelta(seconds=1)
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100, in seconds since 1970


def read(stream: BinaryIO, name: str) -> Iterator[Item]:
    """Read a Green Button feed; see `meters.formats.base`."""
    begin = stream.tell()
    feed = Feed(name)
    feed.gather(espi_xml.events(stream, name))
    if not feed.entries_with_blocks():
        raise Refused(name, 1, "holds no IntervalBlock in an entry: no interval data")
    yield from _origin(feed)
    stream.seek(begin)
    yield from _Reading(feed).items(espi_xml.events(stream, name))


def fits(head: bytes) -> bool:
    """Tell whether a file is XML that names the Green Button schema early on."""
    return head.removeprefix(text.BOM).lstrip()[:1] == b"<" and b"naesb.org/espi" in head


def _origin(feed: Feed) -> Iterator[Item]:
    clocks = feed.resources["LocalTimeParameters"]
    if not clocks:
        yield Note(1, "zone-unknown", "the file names no zone: its days are those of UTC")
        yield Origin(feed.made_at(), UTC)
        return
    said = clocks[0]
    rules = said.fields.get("dstStartRule", ""), said.fields.get("dstEndRule", "")
    offset, dst = (_whole(said.fields.get(name, "0")) for name in ("tzOffset", "dstOffset"))
    if offset is None or dst is None or abs(offset) > codes.FURTHEST_S:
        raise Refused(feed.name, said.line, "the offset of its clocks is no number of seconds")
    zone, certain = codes.zone(offset, dst, rules)
    malformed = [rule for rule in rules if not codes.rule_is_sound(rule)]
    if malformed:
        wrong = ", ".join(rule[:20] for rule in malformed)
        yield Note(said.line, "dst-rule", f"{wrong}: no clock-change rule, days are {zone}'s")
    elif not certain:
        yield Note(said.line, "zone-likely", f"its clock changes are not known: days are {zone}'s")
    yield Origin(feed.made_at(), zone)


@dataclass(slots=True)
class _Kept:
    """A channel that is kept, and how its numbers are to be read."""

    channel: Channel
    exponent: int
    length_s: int | None
    quality: str


@dataclass(slots=True)
class _Span:
    """A block or a reading as far as it is read: seconds since 1970."""

    line: int
    start: int | None = None
    duration: int | None = None
    value: str = ""
    covered: int = 0
    qualities: tuple[str, ...] = ()

    def end(self) -> int | None:
        """Return where it ends, None while that is not said."""
        if self.start is None or self.duration is None:
            return None
        return self.start + self.duration


class _Reading:
    """The second pass: readings, block by block."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.entry = -1  # of those with blocks
        self.fresh = False  # an entry began, and no block of it yet
        self.kept: _Kept | None = None
        self.known: dict[tuple[int, int, int], _Kept | None] = {}
        self.block: _Span | None = None
        self.before: _Span | None = None  # the block before this one
        self.reading: _Span | None = None
        self.path: list[str] = []
        self.told: set[tuple[str, str]] = set()

    def items(self, events: Iterator[Event]) -> Iterator[Item]:
        for event in events:
            if event.begins:
                self.path.append(event.tag)
                yield from self._begun(event)
            else:
                self.path.pop()
                yield from self._ended(event)

    def _begun(self, event: Event) -> Iterator[Item]:
        if event.tag == ENTRY:
            self.fresh = True
        elif event.tag == BLOCK:
            yield from self._open(event.line)
        elif event.tag == READING and self.block:
            self.reading = _Span(event.line)

    def _ended(self, event: Event) -> Iterator[Item]:
        if event.tag == BLOCK:
            yield from self._close()
        elif event.tag == READING:
            yield from self._read()
        elif self.reading is not None:
            self._reading_field(self.reading, event)
        elif self.block is not None and self._parent() == INTERVAL:
            _time(self.block, event)

    def _parent(self) -> str:
        return self.path[-1] if self.path else ""

    def _open(self, line: int) -> Iterator[Item]:
        if self.fresh:
            self.entry += 1
            self.fresh = False
        self.block = _Span(line)
        owner = self.feed.owner(self.entry)
        key = (id(owner.reading), id(owner.kind), id(owner.point))
        if key not in self.known:
            self.known[key] = yield from self._meaning(owner, line)
        self.kept = self.known[key]

    def _meaning(self, owner: Of, line: int) -> Generator[Item, None, _Kept | None]:
        """Return what a meter reading's blocks count, None when it is not kept."""
        point, name = point_name(owner), channel_name(owner)
        for called in (point, name):
            if not 0 < len(called) <= NAME_LENGTH or not called.isprintable():
                yield Fault(line, "the block belongs to nothing that has a name")
                return None
        if owner.kind is None:
            yield Fault(line, f"{point} {name} has no reading type: its unit is not known")
            return None
        fields = owner.kind.fields
        reason = _why_not_kept(fields, owner.point)
        if reason:
            yield Note(line, "not-kept", f"{point} {name} {reason}: its values are not kept")
            return None
        power = _whole(fields.get("powerOfTenMultiplier") or "0")
        if power is None or power not in codes.POWERS:
            yield Fault(owner.kind.line, "its multiplier is no power of ten")
            return None
        flow = fields.get("flowDirection", "")
        if flow in codes.NO_DIRECTION:
            yield Note(line, "no-direction", f"{point} {name} names no direction: kept as import")
        channel = Channel(
            point, name, "", codes.UNITS[fields["uom"]], codes.DIRECTIONS.get(flow, "import")
        )
        return _Kept(
            channel,
            power + codes.TO_KILO,
            _whole(fields.get("intervalLength", "")),
            fields.get("defaultQuality", codes.NO_QUALITY),
        )

    def _reading_field(self, reading: _Span, event: Event) -> None:
        parent = self._parent()
        if parent == PERIOD:
            _time(reading, event)
            reading.line = event.line if event.tag == START else reading.line
        elif parent == READING and event.tag == VALUE:
            reading.value = event.text
        elif event.tag == QUALITY:
            reading.qualities += (event.text,)

    def _read(self) -> Iterator[Item]:
        reading, block, kept = self.reading, self.block, self.kept
        self.reading = None
        if reading is None or block is None or kept is None:
            return
        if reading.duration is None:
            reading.duration = kept.length_s
        start, end = reading.start, reading.end()
        if start is None or end is None:
            yield Fault(reading.line, "a reading without a start and a duration in seconds")
            return
        if not EARLIEST <= start < end <= LATEST or end - start > LONGEST // SECOND:
            yield Fault(reading.line, f"{start} and {end - start} s are no interval of a meter")
            return
        yield from self._outside(reading, block, start, end)
        try:
            yield Block(kept.channel, reading.line, (self._value(reading, kept, start, end),))
        except energy.Unfit as unfit:
            yield Fault(reading.line, str(unfit))
            return
        yield from self._unknown_quality(reading, kept)

    def _outside(self, reading: _Span, block: _Span, start: int, end: int) -> Iterator[Item]:
        first, last = block.start, block.end()
        if first is None or last is None:
            return
        block.covered += max(0, min(end, last) - max(start, first))
        if start < first or end > last:
            yield Note(
                reading.line,
                "outside-block",
                f"the reading at {_moment(start):%Y-%m-%d %H:%M} UTC lies outside its block: "
                "kept at its own time",
            )

    def _value(self, reading: _Span, kept: _Kept, start: int, end: int) -> Read:
        flags = reading.qualities or (kept.quality,)
        worst = min(flags, key=lambda flag: codes.QUALITIES.get(flag, Quality.SUSPECT))
        flag = "+".join(flags)[:FLAG_LENGTH]
        quality = codes.QUALITIES.get(worst, Quality.SUSPECT)
        value: Decimal | None = None
        if reading.value:
            value = energy.kept(energy.number(reading.value), kept.exponent)
        else:
            quality = Quality.MISSING
        return Read(_moment(start), _moment(end), value, quality, flag, "")

    def _unknown_quality(self, reading: _Span, kept: _Kept) -> Iterator[Item]:
        for flag in reading.qualities or (kept.quality,):
            if flag not in codes.QUALITIES and ("quality", flag) not in self.told:
                self.told.add(("quality", flag))
                message = f"quality {flag[:20]!r} is not known: its values are suspect"
                yield Note(reading.line, "quality-unknown", message)

    def _close(self) -> Iterator[Item]:
        block, before, kept = self.block, self.before, self.kept
        self.block, self.before = None, block
        if block is None or kept is None or block.start is None or not block.duration:
            return
        if block.covered < block.duration:
            yield Note(
                block.line,
                "incomplete-block",
                f"{_hours(block.covered)} of {_hours(block.duration)} are read: "
                "the rest is missing",
            )
        last, first = (before.end(), before.start) if before else (None, None)
        end = block.end()
        if first is not None and last is not None and end and block.start < last and first < end:
            message = "overlaps the block before it: what both say counts once"
            yield Note(block.line, "overlapping-block", message)


def _time(span: _Span, event: Event) -> None:
    if event.tag == START:
        span.start = _whole(event.text)
    elif event.tag == DURATION:
        span.duration = _whole(event.text)


def _why_not_kept(fields: dict[str, str], point: Resource | None) -> str:
    """Say why a reading type's values are no energy of one direction, "" when they are."""
    length = _whole(fields.get("intervalLength", "")) or 0
    reasons = [
        (
            (point.fields.get("kind") or "0" if point else "0") != "0"
            or fields.get("commodity", "") not in codes.ELECTRICITY,
            "is not electricity",
        ),
        (fields.get("uom", "") not in codes.UNITS, f"has unit {fields.get('uom', '')[:20]!r}"),
        (
            fields.get("accumulationBehaviour", "") not in codes.INTERVAL_VALUES,
            "does not count what an interval added",
        ),
        (
            fields.get("flowDirection", "") not in {*codes.DIRECTIONS, *codes.NO_DIRECTION},
            "is no energy of one direction",
        ),
        (length > LONGEST // SECOND, "is read less than once a day"),
    ]
    return next((reason for holds, reason in reasons if holds), "")


def _whole(text: str) -> int | None:
    """Return a whole number, also one written as `3600.0`; None when it is none."""
    try:
        number = energy.number(text)
    except energy.Unfit:
        return None
    return int(number) if number == int(number) else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _hours(seconds: int) -> str:
    return f"{Decimal(seconds) / 3600:.4g} h"
