"""Codes of what the door says to an item, and the words that go with them."""

from dataclasses import dataclass

# Refused: the item is malformed and would be so again on a retry.
NOT_AN_OBJECT = "not_an_object"
MISSING_FIELD = "missing_field"
INVALID_TYPE = "invalid_type"
INVALID_TEXT = "invalid_text"
TOO_LONG = "too_long"
TOO_DEEP = "too_deep"
NOT_FINITE = "not_finite"
INVALID_TIMESTAMP = "invalid_timestamp"
NO_ZONE = "no_zone"
SECONDS = "seconds_not_milliseconds"
BEFORE_2000 = "before_2000"
IN_FUTURE = "in_future"
TOO_OLD = "too_old"

# Quarantined: well-formed, but a person must decide.
UNKNOWN_METER = "unknown_meter"
UNKNOWN_REGION = "unknown_region"
REGION_MISMATCH = "region_mismatch"
NEGATIVE_POWER = "negative_power"
BEYOND_LIMIT = "beyond_limit"
CONFLICT = "conflict"
REGISTER_ROLLOVER = "register_rollover"
REGISTER_DIP = "register_dip"

# What the door, which asks no table, cannot know.
WHEN_STORED = frozenset({CONFLICT, REGISTER_ROLLOVER, REGISTER_DIP})

MESSAGES = {
    NOT_AN_OBJECT: "an item must be a JSON object",
    INVALID_TEXT: "readingId, meterId and region must be 1 to 64 printable characters",
    TOO_LONG: "what has no column of its own, metadata above all, may have 4096 bytes",
    TOO_DEEP: "brackets stand inside brackets too deeply",
    NOT_FINITE: "a number must be finite",
    INVALID_TIMESTAMP: "timestamp must be ISO 8601 with a zone, or milliseconds since 1970",
    NO_ZONE: "timestamp has no zone: end it with Z or an offset",
    SECONDS: "timestamp looks like seconds: send milliseconds since 1970",
    BEFORE_2000: "timestamp lies before the year 2000",
    IN_FUTURE: "timestamp lies more than 5 minutes ahead of the server's clock",
    TOO_OLD: "timestamp is older than raw readings are kept",
    UNKNOWN_METER: "meterId is not registered; kept for an operator to decide",
    UNKNOWN_REGION: "region is not registered; kept for an operator to decide",
    REGION_MISMATCH: "region contradicts the registry; kept for an operator to decide",
    NEGATIVE_POWER: "negative flow on an import-only meter; kept for an operator to decide",
    BEYOND_LIMIT: "a value is beyond the meter's limit; kept for an operator to decide",
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one item of a body is not counted: its place, its id as sent, code and words."""

    index: int
    reading_id: str | None
    code: str
    message: str


def refusal(index: int, reading_id: str | None, code: str, detail: str = "") -> Refusal:
    """Return a refusal with the words of its code, or with `detail` instead."""
    return Refusal(index, reading_id, code, detail or MESSAGES[code])
