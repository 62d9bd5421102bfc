"""One body of telemetry, read: what JSON can say of a reading, and what it cannot.

A bad item never spoils its neighbours. What is read is judged in `meters.admission`.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from meters import verdicts
from meters.verdicts import Refusal, refusal

MAX_ITEMS = 1000
Int64 = Annotated[int, msgspec.Meta(ge=-(2**63) + 1, le=2**63 - 1)]


class Reading(msgspec.Struct, rename="camel", gc=False):
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


_BATCH = msgspec.json.Decoder(list[Reading])
_ENVELOPE = msgspec.json.Decoder(Envelope)
_ITEM = msgspec.json.Decoder(Reading)
_ENCODE = msgspec.json.Encoder()


class Malformed(Exception):
    """The body is no body of telemetry; carries the reason for the sender."""


class TooMany(Exception):
    """The body holds more than MAX_ITEMS items; carries how many."""


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
    try:
        readings = _typed(body, single)
    except (msgspec.DecodeError, RecursionError):
        return _item_by_item(_loose_items(body, single))
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
    if body.lstrip()[:1] == b"{":
        return _ENVELOPE.decode(body).readings
    return _BATCH.decode(body)


def _check_count(count: int) -> None:
    if count > MAX_ITEMS:
        raise TooMany(count)


def _loose_items(body: bytes, single: bool) -> list[Any]:
    try:
        # Python's reader takes NaN and Infinity, so that they spoil their own item alone.
        document = json.loads(body)
    except (ValueError, RecursionError) as fault:
        message = f"the body is not JSON: {fault}"
        raise Malformed(message) from fault
    if single:
        return [document]
    items = document.get("readings") if isinstance(document, dict) else document
    if not isinstance(items, list):
        raise Malformed('send an array of readings, or {"readings": […]}')
    return items


def _item_by_item(items: list[Any]) -> Parsed:
    _check_count(len(items))
    places, readings, refusals = [], [], []
    for place, item in enumerate(items):
        verdict = _read_item(place, item)
        if isinstance(verdict, Refusal):
            refusals.append(verdict)
        else:
            places.append(place)
            readings.append(verdict)
    return Parsed(len(items), np.array(places, np.int64), readings, refusals)


def _read_item(place: int, item: Any) -> Reading | Refusal:
    if not isinstance(item, dict):
        return refusal(place, None, verdicts.NOT_AN_OBJECT)
    reading_id = item.get("readingId")
    if not isinstance(reading_id, str):
        reading_id = None
    endless = _first_endless(item)
    if endless:
        return refusal(place, reading_id, verdicts.NOT_FINITE, f"{endless} must be finite")
    try:
        return _ITEM.decode(_ENCODE.encode(item))
    except (msgspec.DecodeError, msgspec.ValidationError) as fault:
        return _refusal_of(place, reading_id, str(fault))
    except (UnicodeEncodeError, OverflowError, RecursionError) as fault:
        return refusal(place, reading_id, verdicts.INVALID_TYPE, str(fault))


def _first_endless(value: Any, name: str = "a number") -> str:
    if isinstance(value, float):
        return "" if math.isfinite(value) else name
    if isinstance(value, dict):
        return next(filter(None, (_first_endless(v, str(k)) for k, v in value.items())), "")
    if isinstance(value, list):
        return next(filter(None, (_first_endless(v, name) for v in value)), "")
    return ""


def _refusal_of(place: int, reading_id: str | None, fault: str) -> Refusal:
    words = re.sub(r" - at `\$\.?(.*)`$", r" in \1", fault).replace("`", "").removesuffix(" in ")
    if "missing required field" in fault:
        return refusal(place, reading_id, verdicts.MISSING_FIELD, words)
    if "out of range" in fault:
        return refusal(place, reading_id, verdicts.NOT_FINITE, words)
    return refusal(place, reading_id, verdicts.INVALID_TYPE, words)
