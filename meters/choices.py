"""Codes of the metering world with the words people read for them."""

from django.db import models


class Reject(models.TextChoices):
    """Why the door refuses an item: it is malformed and would be so again on a retry."""

    NOT_AN_OBJECT = "not_an_object", "the item is not a JSON object"
    MISSING_FIELD = "missing_field", "a required field is missing"
    INVALID_TYPE = "invalid_type", "a field has the wrong type"
    INVALID_TEXT = "invalid_text", "a text is empty or too long"
    NOT_FINITE = "not_finite", "a number is NaN or infinite"
    INVALID_TIMESTAMP = "invalid_timestamp", "the timestamp is not ISO 8601 or milliseconds"
    NO_ZONE = "no_zone", "the timestamp has no zone"
    SECONDS = "seconds_not_milliseconds", "the timestamp is in seconds, milliseconds are meant"
    BEFORE_2000 = "before_2000", "the timestamp lies before the year 2000"
    IN_FUTURE = "in_future", "the timestamp lies more than five minutes ahead"
    TOO_OLD = "too_old", "the timestamp is older than raw readings are kept"


class Quarantine(models.TextChoices):
    """Why a well-formed reading waits for a person's decision."""

    UNKNOWN_METER = "unknown_meter", "the meter is not registered"
    UNKNOWN_REGION = "unknown_region", "the region is not registered"
    REGION_MISMATCH = "region_mismatch", "the region contradicts the registry"
    NEGATIVE_POWER = "negative_power", "negative power or energy on an import-only meter"
    BEYOND_LIMIT = "beyond_limit", "a value is beyond what the meter can measure"
    CONFLICT = "conflict", "the meter already has another value at this time"


class QuarantineState(models.TextChoices):
    """What became of a quarantined reading."""

    OPEN = "open", "open"
    ADOPTED = "adopted", "adopted"
    DISCARDED = "discarded", "discarded"


class Flow(models.TextChoices):
    """Which way energy may flow at a meter."""

    IMPORT = "import", "import only"
    BOTH = "both", "import and export"


class Unit(models.TextChoices):
    """What an interval read of a file counts."""

    KWH = "kWh", "active energy"
    KVARH = "kvarh", "reactive energy"
    KVAH = "kVAh", "apparent energy"


class Direction(models.TextChoices):
    """Which way the energy of a channel flowed, seen from the customer."""

    IMPORT = "import", "drawn by the customer"
    EXPORT = "export", "fed in by the customer"
