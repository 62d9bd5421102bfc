"""Green Button out: a feed that our own reader, and those of others, read back to the digit.

Values are whole milliwatt-hours: watt-hours with a multiplier of -3. A quality other than actual
stands beside its value; what is missing has no reading, and its block still spans it. Elements
stand in the order that NAESB's schema asks for. The feed is made entry by entry, in little memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, uuid5
from xml.sax.saxutils import escape

from meters.formats import espi_codes as codes
from meters.formats.base import Channel, Direction, Read, Unit
from meters.formats.espi_clock import Clocks
from meters.formats.percent import quoted
from segs_site.lib.periods import EPOCH, Period
from segs_site.lib.quantities import Quality

ROOT = "/espi/1_1/resource"
SECOND = timedelta(seconds=1)
FLOWS: dict[Direction, str] = {"import": "1", "export": "19"}
UOMS = {unit: code for code, unit in codes.UNITS.items()}
TO_MILLI = 6  # the power of ten from kWh to mWh
MULTIPLIER = "-3"  # and from mWh to Wh
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'


@dataclass(frozen=True, slots=True)
class Stretch:
    """Reads of one channel that stand in one block; the rest of its period is missing."""

    channel: Channel
    period: Period
    reads: Sequence[Read]


@dataclass(frozen=True, slots=True)
class About:
    """What a feed says of itself: whose title, when it was made, how clocks go, how long."""

    title: str
    made_at: datetime
    clocks: Clocks
    length_s: int


def feed(
    *, about: About, channels: Sequence[Channel], stretches: Iterable[Stretch]
) -> Iterator[str]:
    """Yield the text of a feed; `channels` are all that the stretches are of."""
    made = about.made_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    title, address = _text(about.title), f"{ROOT}/Batch/{quoted(about.title)}"
    yield f"{_HEAD} <id>{_urn(f'{address} {made}')}</id>\n <title>{title}</title>\n"
    yield f' <updated>{made}</updated>\n <link rel="self" href="{address}"/>\n'
    writer = _Writer(made)
    yield writer.clocks(about.clocks)
    for kind in dict.fromkeys((channel.unit, channel.direction) for channel in channels):
        yield writer.reading_type(*kind, about.length_s)
    for point in dict.fromkeys(channel.point for channel in channels):
        yield writer.point(point)
    for channel in channels:
        yield writer.meter_reading(channel)
    for stretch in stretches:
        yield writer.block(stretch)
    yield "</feed>\n"


class _Writer:
    """Writes the entries of one feed."""

    def __init__(self, made: str) -> None:
        self.made = made

    def clocks(self, said: Clocks) -> str:
        rules = (("dstEndRule", said.dst_end or "0" * 8), ("dstOffset", said.dst_offset_s))
        begins = (("dstStartRule", said.dst_start or "0" * 8), ("tzOffset", said.offset_s))
        resource = _element("LocalTimeParameters", _fields(*rules, *begins))
        return self._entry(f"{ROOT}/LocalTimeParameters/1", "LocalTimeParameters", "", resource)

    def reading_type(self, unit: Unit, direction: Direction, length_s: int) -> str:
        fields = _fields(
            ("accumulationBehaviour", 4),
            ("commodity", 1),
            ("defaultQuality", codes.WRITTEN[Quality.ACTUAL]),
            ("flowDirection", FLOWS[direction]),
            ("intervalLength", length_s),
            ("powerOfTenMultiplier", MULTIPLIER),
            ("uom", UOMS[unit]),
        )
        resource = _element("ReadingType", fields)
        title = f"{direction}, milli{unit.removeprefix('k')}"
        return self._entry(_type_address(unit, direction), "ReadingType", title, resource)

    def point(self, name: str) -> str:
        address = _point_address(name)
        content = "<ServiceCategory><kind>0</kind></ServiceCategory>"
        related = [f"{address}/MeterReading", f"{ROOT}/LocalTimeParameters/1"]
        resource = _element("UsagePoint", content)
        return self._entry(address, "UsagePoint", name, resource, related=related)

    def meter_reading(self, channel: Channel) -> str:
        address = _address(channel)
        related = [f"{address}/IntervalBlock", _type_address(channel.unit, channel.direction)]
        title = f"{channel.point} {channel.suffix}"
        return self._entry(
            address, "MeterReading", title, _element("MeterReading", ""), related=related
        )

    def block(self, stretch: Stretch) -> str:
        starts = _seconds(stretch.period.start)
        address = f"{_address(stretch.channel)}/IntervalBlock/{starts}"
        interval = _span("interval", stretch.period.start, stretch.period.end)
        readings = "".join(map(_reading, stretch.reads))
        resource = _element("IntervalBlock", f"{interval}\n{readings}")
        return self._entry(address, "IntervalBlock", "", resource)

    def _entry(
        self, address: str, kind: str, title: str, resource: str, *, related: Sequence[str] = ()
    ) -> str:
        up = address.rpartition("/")[0]
        links = [("self", address), ("up", up), *(("related", one) for one in related)]
        linked = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in links)
        return (
            f" <entry><id>{_urn(address)}</id>{linked}<title>{_text(title or kind)}</title>\n"
            f"  <content>{resource}</content>\n"
            f"  <published>{self.made}</published><updated>{self.made}</updated></entry>\n"
        )


def _reading(read: Read) -> str:
    if read.value is None:
        return ""
    code = read.flag or codes.WRITTEN[read.quality]
    usual = code == codes.WRITTEN[Quality.ACTUAL]
    quality = "" if usual else f"<ReadingQuality><quality>{code}</quality></ReadingQuality>"
    value = read.value.scaleb(TO_MILLI)
    span = _span("timePeriod", read.start, read.end)
    return f"<IntervalReading>{quality}{span}<value>{value:.0f}</value></IntervalReading>\n"


def _span(tag: str, start: datetime, end: datetime) -> str:
    starts = _seconds(start)
    return f"<{tag}>{_fields(('duration', _seconds(end) - starts), ('start', starts))}</{tag}>"


def _seconds(moment: datetime) -> int:
    return (moment - EPOCH) // SECOND


def _element(tag: str, content: str) -> str:
    return f'<{tag} xmlns="http://naesb.org/espi">{content}</{tag}>'


def _fields(*fields: tuple[str, object]) -> str:
    return "".join(f"<{tag}>{value}</{tag}>" for tag, value in fields)


def _type_address(unit: str, direction: Direction) -> str:
    return f"{ROOT}/ReadingType/{unit}-{direction}"


def _point_address(name: str) -> str:
    return f"{ROOT}/UsagePoint/{quoted(name)}"


def _address(channel: Channel) -> str:
    return f"{_point_address(channel.point)}/MeterReading/{quoted(channel.suffix)}"


def _urn(address: str) -> str:
    return f"urn:uuid:{uuid5(NAMESPACE_URL, address)}"


def _text(said: str) -> str:
    """Return a text as it may stand in XML, which knows no control characters."""
    return escape("".join(one if one.isprintable() else "?" for one in said))
