"""One body of telemetry, read: what JSON can say of a reading, and what it cannot.

A bad item never spoils its neighbours. What is read is judged in `meters.admission`.
"""

import codecs
import json
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from meters import verdicts
from meters.verdicts import Refusal, refusal

MAX_ITEMS = 1000
MAX_SIGNS = 500_000  # brackets and commas of a body: one such takes about 0.2 s to cut up
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]


class Reading(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """One item as it is sent. Unknown fields, `userId` among them, are ignored."""

    reading_id: str
    meter_id: str
    timestamp: str | Int64
    power_kw: float
    region: str
    energy_kwh: float | None = None
    register_kwh: float | None = None
    voltage: float | None = None
    current: float | None = None
    frequency: float | None = None
    power_factor: float | None = None
    temperature: float | None = None
    seq: Int64 | None = None
    status: str | None = None
    metadata: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct):
    """The other form of a batch."""

    readings: list[Reading]


class RawEnvelope(msgspec.Struct):
    """The other form of a batch, its items unread."""

    readings: list[msgspec.Raw]


_BATCH = msgspec.json.Decoder(list[Reading])
_ENVELOPE = msgspec.json.Decoder(Envelope)
_ITEM = msgspec.json.Decoder(Reading)
_RAW_BATCH = msgspec.json.Decoder(list[msgspec.Raw])
_RAW_ENVELOPE = msgspec.json.Decoder(RawEnvelope)


class Malformed(Exception):
    """The body is no body of telemetry; carries the reason for the sender."""


class TooMany(Exception):
    """The body holds more than MAX_ITEMS items; carries how many, or "more than 1000"."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A body's items: those that could be read, with their places, and refusals for the rest."""

    total: int
    places: npt.NDArray[np.int64]
    readings: Sequence[Reading]
    refusals: Sequence[Refusal]


def parse(body: bytes, *, single: bool = False) -> Parsed:
    """Read a body: an array of items, `{"readings": […]}`, or one item where `single`.

    Raises Malformed when it is neither, TooMany when it is too long.
    """
    if b"\0" in body or not _is_utf8(body):
        raise Malformed("the body is not UTF-8 text")
    body = body.removeprefix(codecs.BOM_UTF8).strip()
    try:
        readings = _typed(body, single)
    except (msgspec.DecodeError, RecursionError):
        return _item_by_item([body] if single else _pieces(body))
    _check_count(len(readings))
    return Parsed(len(readings), np.arange(len(readings)), readings, ())


def _is_utf8(body: bytes) -> bool:
    if body.isascii():
        return True
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _typed(body: bytes, single: bool) -> list[Reading]:
    if single:
        return [_ITEM.decode(body)]
    if body.startswith(b"{"):
        return _ENVELOPE.decode(body).readings
    return _BATCH.decode(body)


def _check_count(count: int) -> None:
    if count > MAX_ITEMS:
        raise TooMany(count)


def _pieces(body: bytes) -> Sequence[bytes]:
    """Return a batch's items as they are written, whatever they say."""
    try:
        if body.startswith(b"{"):
            raws = _RAW_ENVELOPE.decode(body).readings
        else:
            raws = _RAW_BATCH.decode(body)
    except msgspec.ValidationError as fault:
        raise Malformed(_SHAPE) from fault
    except (msgspec.DecodeError, RecursionError):
        # NaN, Infinity, half a surrogate pair or a tower of brackets: no JSON as a whole, but
        # perhaps one item's fault alone.
        return _cut_out(body)
    _check_count(len(raws))
    return [bytes(raw) for raw in raws]


_SHAPE = 'send an array of readings, or {"readings": [...]}'
_STRING = rb'"(?:[^"\\]|\\.)*+"'
_SIGN = re.compile(_STRING + rb"|[\[\]{},]", re.DOTALL)
_MEMBER = re.compile(rb"\s*(" + _STRING + rb")\s*:\s*", re.DOTALL)


def _cut_out(body: bytes) -> list[bytes]:
    if body.startswith(b"{"):
        body = _member(body, b'"readings"')
    if not body.startswith(b"["):
        raise Malformed(_SHAPE)
    pieces = []
    for piece in _elements(body):
        pieces.append(piece)
        if len(pieces) > MAX_ITEMS:
            raise TooMany(f"more than {MAX_ITEMS}")
    return pieces


def _member(document: bytes, name: bytes) -> bytes:
    """Return a member of an object; the last of its name, as JSON readers agree."""
    value = b""
    for element in _elements(document):
        member = _MEMBER.match(element)
        if member is None:
            raise Malformed("the body is not JSON: a member has no name")
        if member[1] == name:
            value = element[member.end() :].strip()
    return value


def _elements(document: bytes) -> Iterator[bytes]:
    """Cut an array or object at the commas between its elements; they are not read."""
    depth, start = 0, 1
    for count, sign in enumerate(_SIGN.finditer(document)):
        if count > MAX_SIGNS:
            raise Malformed(f"the body has more than {MAX_SIGNS} brackets and commas")
        if sign[0] in b"[{":
            depth += 1
        elif sign[0] in b"]}":
            depth -= 1
            if depth == 0:
                yield from _last(document, start, sign.end())
                return
        elif depth == 1 and sign[0] == b",":
            yield document[start : sign.start()]
            start = sign.end()
    raise Malformed("the body is not JSON: it is cut short")


def _last(document: bytes, start: int, end: int) -> Iterator[bytes]:
    if end < len(document):
        raise Malformed("the body is not JSON: there is something behind its end")
    if document[:1] + document[-1:] not in (b"[]", b"{}"):
        raise Malformed("the body is not JSON: it ends with another bracket than it begins")
    piece = document[start : end - 1]
    if start > 1 or piece.strip():
        yield piece


def _item_by_item(pieces: Sequence[bytes]) -> Parsed:
    places, readings, refusals = [], [], []
    for place, piece in enumerate(pieces):
        try:
            readings.append(_ITEM.decode(piece))
            places.append(place)
        except (msgspec.DecodeError, RecursionError) as fault:
            refusals.append(_refused(place, piece, fault))
    return Parsed(len(pieces), np.array(places, np.int64), readings, refusals)


def _refused(place: int, piece: bytes, fault: Exception) -> Refusal:
    """Say what is wrong with one item; raises Malformed when it is no JSON at all."""
    try:
        # Python's reader takes NaN, Infinity and half a surrogate pair, so that they can be named.
        item = json.loads(piece.decode(), parse_int=float)
    except RecursionError:
        return refusal(place, None, verdicts.TOO_DEEP)
    except ValueError as broken:
        message = f"the body is not JSON: item {place}: {broken}"
        raise Malformed(message) from broken
    if not isinstance(item, dict):
        return refusal(place, None, verdicts.NOT_AN_OBJECT)
    reading_id = item.get("readingId")
    if not isinstance(reading_id, str):
        reading_id = None
    if isinstance(fault, RecursionError):
        return refusal(place, reading_id, verdicts.TOO_DEEP)
    endless = _first_endless(item)
    if endless:
        return refusal(place, reading_id, verdicts.NOT_FINITE, f"{endless} must be finite")
    if isinstance(fault, msgspec.ValidationError):
        return _refusal_of(place, reading_id, str(fault))
    return refusal(place, reading_id, verdicts.INVALID_TEXT, "a text holds half a surrogate pair")


def _first_endless(item: dict[str, Any]) -> str:
    """Return the name under which a number has no end; a tower of brackets is no matter here."""
    waiting: list[tuple[str, Any]] = [("", item)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, float) and not math.isfinite(value):
            return name
        if isinstance(value, dict):
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(name, part) for part in value]
    return ""


def _refusal_of(place: int, reading_id: str | None, fault: str) -> Refusal:
    words = re.sub(r" - at `\$\.?(.*)`$", r" in \1", fault).replace("`", "").removesuffix(" in ")
    if "missing required field" in fault:
        return refusal(place, reading_id, verdicts.MISSING_FIELD, words)
    if "out of range" in fault:
        return refusal(place, reading_id, verdicts.NOT_FINITE, words)
    return refusal(place, reading_id, verdicts.INVALID_TYPE, words)
