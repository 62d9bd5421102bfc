"""What a Green Button feed says of its channels, gathered in a first pass over it.

Entries of a feed point to each other by links: a block belongs to a meter reading, that to a
reading type and a usage point, and any of them may stand behind the block. Tolerant where only
one answer is possible: a single meter reading has all the blocks, a single reading type holds.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from meters.formats.base import NAME_LENGTH, Refused
from meters.formats.espi_xml import ATOM, ESPI, Event
from meters.formats.percent import unquoted

DEPENDENTS = 10_000  # links of one entry that are looked at
MOST = 100_000  # resources of one kind; more is no feed of meters
RESOURCES = {ESPI + kind: kind for kind in (
    "UsagePoint", "MeterReading", "ReadingType", "LocalTimeParameters",
)}  # fmt: skip
ENTRY, LINK, ID, UPDATED = ATOM + "entry", ATOM + "link", ATOM + "id", ATOM + "updated"
BLOCK = ESPI + "IntervalBlock"
_TAIL = re.compile(r"(?:RetailCustomer/[^/]+/|Subscription/[^/]+/)?UsagePoint/([^/]+)")


@dataclass(slots=True)
class Resource:
    """An entry's resource: its texts by element, and the entry's links."""

    line: int
    id: str = ""
    self: str = ""
    up: str = ""
    related: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


class Of(NamedTuple):
    """What a block belongs to; None is unsaid."""

    reading: Resource | None
    kind: Resource | None
    point: Resource | None


class Feed:
    """The resources of a feed, and which entry's blocks belong to which."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.updated = ""
        self.resources: dict[str, list[Resource]] = {kind: [] for kind in RESOURCES.values()}
        self._places = array("l")  # of the entries with blocks, in order: where they hang
        self._ups: dict[str, int] = {}
        self._owners: list[Of] | None = None
        self._entry: Resource | None = (
            None  # that is open, its resource, and whether it has blocks
        )
        self._kind = ""
        self._blocks = False

    def gather(self, events: Iterable[Event]) -> None:
        """Take in the whole feed; raises Refused when it has too much of a kind."""
        for event in events:
            entry = self._entry
            if event.begins and event.tag == ENTRY:
                self._entry, self._kind, self._blocks = Resource(event.line), "", False
            elif entry is None:
                if event.tag == UPDATED and not event.begins:
                    self.updated = event.text
            elif event.begins:
                self._begun(entry, event)
            else:
                self._ended(entry, event)

    def _begun(self, entry: Resource, event: Event) -> None:
        if event.tag == LINK:
            _link(entry, event)
        self._blocks = self._blocks or event.tag == BLOCK
        self._kind = self._kind or RESOURCES.get(event.tag, "")

    def _ended(self, entry: Resource, event: Event) -> None:
        if event.tag == ENTRY:
            self._close(entry, self._kind, blocks=self._blocks)
            self._entry = None
        elif event.tag == ID:
            entry.id = event.text
        elif self._kind and not self._blocks and event.tag.startswith(ESPI):
            entry.fields.setdefault(event.tag.removeprefix(ESPI), event.text)

    def _close(self, entry: Resource, kind: str, *, blocks: bool) -> None:
        if blocks:
            up = entry.up or entry.self.rpartition("/")[0]
            self._places.append(self._ups.setdefault(up, len(self._ups)))
        elif kind:
            self.resources[kind].append(entry)
        most = max(len(self._ups), *map(len, self.resources.values()))
        if most > MOST:
            raise Refused(self.name, entry.line, f"more than {MOST} resources of one kind")

    def entries_with_blocks(self) -> int:
        """Count the entries that hold interval blocks."""
        return len(self._places)

    def owner(self, place: int) -> Of:
        """Return what the blocks of the entry at `place` belong to."""
        if self._owners is None:
            self._owners = self._resolve()
        return self._owners[self._places[place]]

    def _resolve(self) -> list[Of]:
        readings = _Finder(self.resources["MeterReading"])
        kinds = _Finder(self.resources["ReadingType"])
        points = _Finder(self.resources["UsagePoint"])
        owners = []
        for up in self._ups:
            reading = readings.of(up)
            links = [*reading.related, reading.up, reading.self] if reading else [up]
            kind = kinds.named(links) or kinds.only()
            point = points.named(links) or points.of(reading.up if reading else up)
            owners.append(Of(reading, kind, point))
        return owners

    def made_at(self) -> datetime | None:
        """Return when the feed was updated; without an offset it is taken for UTC."""
        try:
            moment = datetime.fromisoformat(self.updated)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None


class _Finder:
    """Resources of one kind by the links that lead to them."""

    def __init__(self, resources: list[Resource]) -> None:
        self.resources = resources
        self.by_self = {one.self: one for one in resources if one.self}
        self.by_related = {link: one for one in resources for link in one.related}

    def only(self) -> Resource | None:
        return self.resources[0] if len(self.resources) == 1 else None

    def named(self, links: Iterable[str]) -> Resource | None:
        """Return the first that one of the links is the address of."""
        found = (self.by_self.get(link) for link in links)
        return next((one for one in found if one), None)

    def of(self, up: str) -> Resource | None:
        """Return what has `up` among its own: by its links, by its address, or as the only one."""
        address = up
        while address:
            if address in self.by_self:
                return self.by_self[address]
            address = address.rpartition("/")[0]
        return self.by_related.get(up) or self.only()


def point_name(owner: Of) -> str:
    """Return what names a usage point from one file to the next, "" when nothing does."""
    candidates = [owner.point, owner.reading]
    for address in (one.self for one in candidates if one):
        found = _TAIL.search(address)
        if found is not None:
            whole = unquoted(found.group(0))
            return whole if len(whole) <= NAME_LENGTH else unquoted(found.group(1))
    return owner.point.id.removeprefix("urn:uuid:") if owner.point else ""


def channel_name(owner: Of) -> str:
    """Return what names the channel within its point: the end of its own address."""
    if owner.reading is None:
        return "1"
    name = unquoted(owner.reading.self.rpartition("/")[2])
    return name or owner.reading.id.removeprefix("urn:uuid:")


def _link(entry: Resource, event: Event) -> None:
    rel, href = event.attributes.get("rel", ""), event.attributes.get("href", "").rstrip("/")
    if rel == "self":
        entry.self = href
    elif rel == "up":
        entry.up = href
    elif rel == "related" and len(entry.related) < DEPENDENTS:
        entry.related.append(href)
