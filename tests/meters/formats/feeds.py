"""Small Green Button feeds made for tests, entry by entry."""

import io
from collections.abc import Iterable

from meters.formats import espi
from meters.formats.base import Block, Fault, Item, Note, Read

DAWN = 1_709_280_000  # 2024-03-01 08:00 UTC, midnight in Los Angeles
HOME = "https://utility.example/espi/RetailCustomer/7/UsagePoint/12"
ZONE = "<tzOffset>-28800</tzOffset><dstOffset>3600</dstOffset>"
RULES = "<dstStartRule>360E2000</dstStartRule><dstEndRule>B40E2000</dstEndRule>"


def links(self: str = "", up: str = "", related: Iterable[str] = ()) -> str:
    named = [("self", self), ("up", up), *(("related", one) for one in related)]
    return "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in named if href)


def entry(content: str, linked: str = "", name: str = "urn:uuid:1") -> str:
    return f"<entry><id>{name}</id>{linked}<content>{content}</content></entry>\n"


def element(tag: str, content: str) -> str:
    return f'<{tag} xmlns="http://naesb.org/espi">{content}</{tag}>'


def clocks(content: str = ZONE + RULES) -> str:
    return entry(element("LocalTimeParameters", content))


def point(kind: str = "0", home: str = HOME) -> str:
    content = f"<ServiceCategory><kind>{kind}</kind></ServiceCategory>"
    return entry(element("UsagePoint", content), links(home, related=[f"{home}/MeterReading"]))


def meter_reading(name: str = "1", kind: str = "1", home: str = HOME) -> str:
    address = f"{home}/MeterReading/{name}"
    related = [f"{address}/IntervalBlock", f"https://utility.example/espi/ReadingType/{kind}"]
    return entry(
        '<MeterReading xmlns="http://naesb.org/espi"/>',
        links(address, f"{home}/MeterReading", related),
    )


def reading_type(name: str = "1", **changed: str) -> str:
    fields = {
        "accumulationBehaviour": "4",
        "commodity": "1",
        "flowDirection": "1",
        "intervalLength": "900",
        "powerOfTenMultiplier": "0",
        "uom": "72",
    } | changed
    content = "".join(f"<{tag}>{text}</{tag}>" for tag, text in fields.items() if text)
    return entry(
        element("ReadingType", content), links(f"https://utility.example/espi/ReadingType/{name}")
    )


def reading(
    start: int | str, value: str = "250", duration: int | str = 900, quality: str = ""
) -> str:
    said = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality else ""
    period = f"<timePeriod><duration>{duration}</duration><start>{start}</start></timePeriod>"
    return f"<IntervalReading>{said}{period}<value>{value}</value></IntervalReading>\n"


def block(
    readings: str, start: int = DAWN, duration: int = 86_400, name: str = "1", home: str = HOME
) -> str:
    interval = f"<interval><duration>{duration}</duration><start>{start}</start></interval>"
    up = f"{home}/MeterReading/{name}/IntervalBlock"
    return entry(element("IntervalBlock", interval + readings), links(f"{up}/1", up))


def quarters(count: int, start: int = DAWN, value: str = "250") -> str:
    return "".join(reading(start + turn * 900, value) for turn in range(count))


def feed(*entries: str, head: str = "") -> bytes:
    body = "".join(entries)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<feed xmlns="http://www.w3.org/2005/Atom">'
        f"<updated>2024-03-05T07:00:00Z</updated>\n{body}</feed>\n"
    ).encode()


def whole(*blocks: str, **changed: str) -> bytes:
    return feed(point(), clocks(), meter_reading(), reading_type(**changed), *blocks)


def items(content: bytes) -> list[Item]:
    return list(espi.read(io.BytesIO(content), "delivery.xml"))


def reads(content: bytes) -> list[Read]:
    return [one for item in items(content) if isinstance(item, Block) for one in item.reads]


def notes(content: bytes) -> list[str]:
    return [item.code for item in items(content) if isinstance(item, Note)]


def faults(content: bytes) -> list[Fault]:
    return [item for item in items(content) if isinstance(item, Fault)]
