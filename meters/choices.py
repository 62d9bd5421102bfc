"""Codes of the metering world with the words people read for them."""

from django.db import models

from meters import verdicts
from meters.formats import profile
from meters.vee import filling, rules


class Quarantine(models.TextChoices):
    """Why a well-formed reading waits for a person's decision."""

    UNKNOWN_METER = verdicts.UNKNOWN_METER, "the meter is not registered"
    UNKNOWN_REGION = verdicts.UNKNOWN_REGION, "the region is not registered"
    REGION_MISMATCH = verdicts.REGION_MISMATCH, "the region contradicts the registry"
    NEGATIVE_POWER = verdicts.NEGATIVE_POWER, "negative flow on an import-only meter"
    BEYOND_LIMIT = verdicts.BEYOND_LIMIT, "a value is beyond what the meter can measure"
    CONFLICT = verdicts.CONFLICT, "the meter already has another value at this time"
    REGISTER_ROLLOVER = verdicts.REGISTER_ROLLOVER, "the register seems to have begun anew"
    REGISTER_DIP = verdicts.REGISTER_DIP, "the register stands lower than before"


class QuarantineState(models.TextChoices):
    """What became of a quarantined reading."""

    OPEN = "open", "open"
    ADOPTED = "adopted", "adopted"
    DISCARDED = "discarded", "discarded"


class Turn(models.TextChoices):
    """Why a register goes on from a lower value."""

    ROLLOVER = "rollover", "it passed the highest value it can show"
    RESET = "reset", "it was set anew: nothing is counted across it"


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


class Layout(models.TextChoices):
    """How a CSV file holds its intervals."""

    LONG = profile.LONG, "long: a row an interval"
    WIDE = profile.WIDE, "wide: a row a day"


class ColumnSign(models.TextChoices):
    """What is kept of a column's values."""

    AS_WRITTEN = profile.AS_WRITTEN, "as written; a negative value is refused"
    FLIPPED = profile.FLIPPED, "the other way round"
    POSITIVE = profile.POSITIVE, "of a net value, what is above zero"
    NEGATIVE = profile.NEGATIVE, "of a net value, what is below zero"


class Reporting(models.TextChoices):
    """Whether a meter is heard."""

    REPORTING = "reporting", "reporting"
    SILENT = "silent", "no reading for three intervals"
    UNHEARD = "unheard", "no reading yet"

    @property
    def word(self) -> str:
        """The same in a word or two, for lists."""
        return {"reporting": "reporting", "silent": "silent", "unheard": "never heard"}[self.value]


class Found(models.TextChoices):
    """What is found of a quarter-hour of a meter."""

    KNOWN = "known", "measured"
    PARTLY = "partly", "partly estimated"
    MISSING = "missing", "no reading"
    WAITING = "waiting", "not summed yet"
    AHEAD = "ahead", "to come"
    BEFORE = "before", "before its registration"


class RequestAction(models.TextChoices):
    """What a head-end is asked to do with a meter."""

    PING = "ping", "ping"
    CONNECT = "connect", "connect"
    DISCONNECT = "disconnect", "disconnect"


class RequestState(models.TextChoices):
    """Where a request to a head-end stands."""

    REQUESTED = "requested", "waits to be fetched"
    SENT = "sent", "fetched by the head-end"
    ANSWERED = "answered", "answered"
    EXPIRED = "expired", "not answered in time"

    @classmethod
    def waiting(cls) -> tuple["RequestState", ...]:
        """Return the states in which it may still be answered."""
        return (cls.REQUESTED, cls.SENT)


class RuleKind(models.TextChoices):
    """What a rule of validation looks for."""

    BEYOND_LIMIT = rules.Kind.BEYOND_LIMIT.value, "beyond what the meter can carry"
    NEGATIVE = rules.Kind.NEGATIVE.value, "negative on an import-only meter"
    CONFLICT = rules.Kind.CONFLICT.value, "two values for one moment"
    CLOCK_SKEW = rules.Kind.CLOCK_SKEW.value, "stamped ahead of its arrival"
    SPIKE = rules.Kind.SPIKE.value, "far above its own history"
    ZERO = rules.Kind.ZERO.value, "zero where there never was"
    FROZEN = rules.Kind.FROZEN.value, "the same value again and again"
    GAP = rules.Kind.GAP.value, "no reading"
    SUM_CHECK = rules.Kind.SUM_CHECK.value, "the register counted something else"
    CONSECUTIVE = rules.Kind.CONSECUTIVE.value, "estimated for long"

    @property
    def unit(self) -> str:
        """What a finding's value and limit count."""
        others = {"conflict": "", "clock_skew": "s", "frozen": "", "gap": "min"}
        return (others | {"consecutive": "min"}).get(self.value, "kWh")


class RuleAction(models.TextChoices):
    """What follows when a rule of validation fires."""

    NOTE = rules.Action.NOTE.value, "put it on the worklist"
    SUSPECT = rules.Action.SUSPECT.value, "call it suspect as well"
    ESTIMATE = rules.Action.ESTIMATE.value, "put an estimate in its place"


class FindingState(models.TextChoices):
    """What became of what a rule found."""

    WAITING = "waiting", "waits for late data"
    SUSPENDED = "suspended", "known outage: not estimated"
    OPEN = "open", "open"
    ESTIMATED = "estimated", "estimated"
    EDITED = "edited", "edited"
    ACCEPTED = "accepted", "accepted"
    HEALED = "healed", "healed by late data"

    @classmethod
    def waiting(cls) -> tuple["FindingState", ...]:
        """Return the states in which no final value was chosen yet."""
        return (cls.WAITING, cls.SUSPENDED, cls.OPEN)

    @classmethod
    def unsettled(cls) -> tuple["FindingState", ...]:
        """Return the states that rules may still change."""
        return (cls.WAITING, cls.SUSPENDED, cls.OPEN, cls.ESTIMATED)


class FillMethod(models.TextChoices):
    """How the final value of an interval came about."""

    LINEAR = filling.Method.LINEAR.value, "a line between its neighbours"
    PROFILE = filling.Method.PROFILE.value, "its own profile"
    LINEAR_REGISTER = filling.Method.LINEAR_REGISTER.value, "a line, to what the register counted"
    PROFILE_REGISTER = (
        filling.Method.PROFILE_REGISTER.value,
        "its own profile, to what the register counted",
    )
    EDITED = filling.Method.EDITED.value, "entered by a person"
    ACCEPTED = filling.Method.ACCEPTED.value, "accepted by a person"
    FLAGGED = filling.Method.FLAGGED.value, "called suspect by a rule"


class UploadState(models.TextChoices):
    """What became of a meter file that somebody sent."""

    UNCLEAR = "unclear", "its format is not plain: choose one"
    CHECKING = "checking", "being looked at"
    READY = "ready", "can be taken in"
    REFUSED = "refused", "refused: it has wrong lines"
    KNOWN = "known", "nothing to do: it is in already"
    APPLYING = "applying", "being taken in"
    APPLIED = "applied", "taken in"
    UNDOING = "undoing", "being taken back"
    UNDONE = "undone", "taken back"
    DISCARDED = "discarded", "discarded"

    @classmethod
    def busy(cls) -> tuple["UploadState", ...]:
        """Return the states in which a worker has something to do."""
        return (cls.CHECKING, cls.APPLYING, cls.UNDOING)

    @classmethod
    def open(cls) -> tuple["UploadState", ...]:
        """Return those in which another format may be chosen, or the file discarded."""
        return (cls.UNCLEAR, cls.READY, cls.REFUSED, cls.KNOWN)
