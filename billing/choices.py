"""Codes of billing with the words people read for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from billing.rating import lines


class Of(models.TextChoices):
    """What a line charges for; calculations use `rating.lines.Of`, whose codes these are."""

    ENERGY = lines.Of.ENERGY, _("energy")
    STANDING = lines.Of.STANDING, _("standing charge")
    DEMAND = lines.Of.DEMAND, _("demand charge")
    MINIMUM = lines.Of.MINIMUM, _("minimum charge")
    EXPORT = lines.Of.EXPORT, _("energy fed in")
    TAX = lines.Of.TAX, _("tax")


class InvoiceState(models.TextChoices):
    """Where an invoice stands: a draft until it is issued, then what its newest event says."""

    DRAFT = "draft", _("draft")
    ISSUED = "issued", _("issued")
    PART_PAID = "part_paid", _("partly paid")
    PAID = "paid", _("paid")
    OVERDUE = "overdue", _("overdue")
    DISPUTED = "disputed", _("disputed")
    VOID = "void", _("void")


class DisputeState(models.TextChoices):
    """Where a dispute stands."""

    OPEN = "open", _("open")
    UNDER_REVIEW = "under_review", _("under review")
    RESOLVED = "resolved", _("resolved")
    REJECTED = "rejected", _("rejected")


class RunState(models.TextChoices):
    """Where a bill run stands."""

    REQUESTED = "requested", _("requested")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


class TurnState(models.TextChoices):
    """Where one account of a bill run stands."""

    WAITING = "waiting", _("waiting")
    RATED = "rated", _("rated")
    HELD = "held", _("held for the clerk")
    APPROVED = "approved", _("approved")
    ISSUED = "issued", _("issued")
    PARKED = "parked", _("parked")
    CANCELLED = "cancelled", _("cancelled")


class CorrectionState(models.TextChoices):
    """What the clerk decided of what late data change in an issued invoice."""

    WAITING = "waiting", _("waiting")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")


class Trouble(models.TextChoices):
    """Why a clerk looks at an account before it is billed."""

    MISSING = "missing", _("intervals are missing")
    ESTIMATED = "estimated", _("much of it is estimated")
    NEGATIVE = "negative", _("the total is negative")
    OUTLIER = "outlier", _("far from the bill before")
    NO_AGREEMENT = "no_agreement", _("no agreement in the period")
    NO_PRICE = "no_price", _("no price was in force")
    QUARANTINE = "quarantine", _("readings wait in quarantine")
    UNBILLABLE = "unbillable", _("the plan cannot price this usage")
    FAILED = "failed", _("failed")


class Unprojected(models.TextChoices):
    """Why nothing is said of a bill to come."""

    TOO_LITTLE = "too_little", _("too little is known of the use")
    NO_AGREEMENT = "no_agreement", _("no agreement runs")
    NO_PRICE = "no_price", _("no price is known")
    UNBILLABLE = "unbillable", _("the plan cannot price it ahead")


class EntryState(models.TextChoices):
    """What became of an entry of a bank file."""

    NEW = "new", _("not matched yet")
    WAITING = "waiting", _("waits for you")
    BOOKED = "booked", _("booked")
    IGNORED = "ignored", _("ignored")


class Mismatch(models.TextChoices):
    """Why an entry of a bank file waits for the clerk."""

    NO_REFERENCE = "no_reference", _("it names no invoice and no account")
    SEVERAL = "several", _("it names several accounts")
    BATCH = "batch", _("it is a sum of several payments")
    CURRENCY = "currency", _("another currency than the invoice's")
    NOT_LIVE = "not_live", _("the invoice was made void")
    BAD_AMOUNT = "bad_amount", _("no amount of its currency")
    BY_HAND = "by_hand", _("a payment of this reference is booked already")
    NO_ORIGINAL = "no_original", _("a return, and not plain of which payment")
    ODD_RETURN = "odd_return", _("a return that brings money in")
    UNDONE = "undone", _("taken back by hand")


class DeliveryWay(models.TextChoices):
    """How a bill gets to the customer."""

    MAIL = "mail", _("e-mail")
    PRINT = "print", _("paper")


class DeliveryState(models.TextChoices):
    """Where a delivery stands; on paper, sent is in a print batch."""

    QUEUED = "queued", _("queued")
    SENT = "sent", _("sent")
    FAILED = "failed", _("failed")
    BOUNCED = "bounced", _("bounced")


# States that ask for somebody: drawn with a shape and in the colour of what is abnormal.
FLAGGED: frozenset[str] = frozenset(
    {InvoiceState.OVERDUE, InvoiceState.DISPUTED, TurnState.HELD, TurnState.PARKED}
    | {EntryState.WAITING, DeliveryState.FAILED, DeliveryState.BOUNCED}
)
