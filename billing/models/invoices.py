"""Invoices: a draft is replaced freely; what is issued, the database refuses to change."""

from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from accounts.models import CustomerAccount
from billing.choices import InvoiceState, Of

CLAIM_ONCE = "period_claimed_once"


def amount_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for an amount as it is paid, in the digits of its currency."""
    return models.DecimalField(max_digits=30, decimal_places=3, **options)


def exact_field(**options: Any) -> "models.DecimalField[Any, Any]":
    """Return a column for an amount that is not rounded: all digits that a product can have."""
    return models.DecimalField(max_digits=48, decimal_places=15, **options)


class NumberSeries(models.Model):
    """Numbers without a hole: the row is locked last, so a number taken is a number used."""

    prefix = models.CharField(max_length=20, unique=True)
    next_number = models.BigIntegerField(default=1)

    class Meta:
        verbose_name_plural = "number series"

    def __str__(self) -> str:
        return f"{self.prefix}{self.next_number}"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices by where they stand."""

    def issued(self) -> Self:
        """Keep those that have a number."""
        return self.filter(issued_at__isnull=False)

    def live(self) -> Self:
        """Keep the issued ones that were not made void."""
        return self.filter(claim__released_at=None, claim__isnull=False)

    def with_state(self) -> Self:
        """Say of each where it stands, as `state`."""
        newest = InvoiceEvent.objects.filter(invoice=models.OuterRef("pk")).order_by("-at", "-id")
        return self.annotate(
            state=Coalesce(models.Subquery(newest.values("state")[:1]), Value(InvoiceState.DRAFT))
        )

    def in_state(self, state: str) -> Self:
        """Keep those that stand in a state."""
        return self.with_state().filter(Q(("state", state)))


class Invoice(models.Model):
    """What an account owes for a billing period: a draft until it has a number.

    `starts_on` and `ends_on` are local days of `zone`, half-open; `during` is the same in UTC.
    `parties` and `sections` hold customer, supplier, place, plan and stay as they were billed.
    """

    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="invoices")
    number = models.CharField(max_length=40, null=True, unique=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    zone = models.CharField(max_length=64)
    during = DateTimeRangeField()
    currency = models.CharField(max_length=3)
    total = amount_field()
    energy_mwh = models.BigIntegerField(help_text="drawn, of every section")
    estimated_mwh = models.BigIntegerField(help_text="the part of it that no reading covered")
    parties = models.JSONField()
    sections = models.JSONField()
    drafted_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    issued_by = models.CharField(max_length=254, blank=True)
    due_on = models.DateField(null=True)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="invoice_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(number__isnull=True, issued_at__isnull=True)
                | Q(number__isnull=False, issued_at__isnull=False, due_on__isnull=False),
                name="invoice_issued_has_number",
            ),
            models.UniqueConstraint(
                fields=["account", "starts_on"],
                name="invoice_one_draft",
                condition=Q(issued_at__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["account", "-starts_on"], name="invoice_of_account")]

    def __str__(self) -> str:
        return self.number or f"draft {self.pk}"


class InvoiceLine(models.Model):
    """One printed line. Its components are texts: label, quantity, unit, price and amount.

    Each component's quantity times its price is its amount; their sum is `exact`, and with
    `rounding` the amount that is paid.
    """

    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    place = models.PositiveSmallIntegerField()
    section = models.PositiveSmallIntegerField(help_text="its place in the invoice's sections")
    of = models.CharField(max_length=10, choices=Of.choices)
    label = models.CharField(max_length=100)
    amount = amount_field()
    exact = exact_field()
    rounding = exact_field()
    components = models.JSONField()
    corrects = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.PROTECT,
        related_name="corrections",
        help_text="the line of an earlier invoice that late data changed",
    )
    carries = models.ForeignKey(
        "billing.CorrectionLine",
        null=True,
        on_delete=models.PROTECT,
        related_name="carried_by",
        help_text="the line of the approved correction that it bills",
    )

    class Meta:
        ordering = ["invoice", "place"]
        constraints = [
            models.UniqueConstraint(fields=["invoice", "place"], name="invoice_line_once"),
            models.CheckConstraint(
                condition=Q(amount=F("exact") + F("rounding")), name="invoice_line_adds_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.amount}"


class AsBilled(models.Model):
    """The intervals of one line and local day as they were billed, packed.

    `billing.packing` reads it: which interval, in which component, how much, of what quality.
    """

    line = models.ForeignKey(InvoiceLine, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    packed = models.BinaryField()

    class Meta:
        verbose_name_plural = "as billed"
        constraints = [models.UniqueConstraint(fields=["line", "day"], name="as_billed_once")]

    def __str__(self) -> str:
        return f"{self.line_id} {self.day}"


class PeriodClaim(models.Model):
    """One live invoice holds an account's time: the database refuses a second."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="claim")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    during = DateTimeRangeField()
    released_at = models.DateTimeField(null=True, help_text="when its invoice was made void")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name=CLAIM_ONCE,
                expressions=[
                    ("account", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
                condition=Q(released_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.during}"


class InvoiceEvent(models.Model):
    """What became of an issued invoice: append-only; the newest says where it stands."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="events")
    state = models.CharField(max_length=10, choices=InvoiceState.choices)
    at = models.DateTimeField()
    by = models.CharField(max_length=254, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["invoice", "at", "id"]
        indexes = [models.Index(fields=["invoice", "-at", "-id"], name="invoice_event_newest")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.state}"


class CreditNote(models.Model):
    """Takes an invoice back as a whole: its total is the invoice's, to the last digit."""

    invoice = models.OneToOneField(Invoice, on_delete=models.PROTECT, related_name="credit_note")
    number = models.CharField(max_length=40, unique=True)
    total = amount_field()
    reason = models.CharField(max_length=500)
    issued_at = models.DateTimeField()
    issued_by = models.CharField(max_length=254)

    class Meta:
        ordering = ["-issued_at", "-id"]

    def __str__(self) -> str:
        return self.number
