"""Files of banks: how CSV is read, what was taken in, and what became of each entry."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from billing.choices import EntryState, Mismatch
from billing.models.invoices import amount_field
from billing.statements.layout import Layout
from meters.formats.profile import Misdrawn

LINES = "one a line"


class BankLayout(models.Model):
    """A CSV layout of a bank; `billing.statements.layout` says what each field means."""

    id = models.AutoField(primary_key=True)
    name = models.SlugField(max_length=40, unique=True, help_text="as --format names it")
    label = models.CharField(max_length=100)
    account = models.CharField(max_length=34, blank=True, help_text="our IBAN, whose file it is")
    delimiter = models.CharField(max_length=1, default=";", help_text="a tab may be pasted")
    decimal_mark = models.CharField(max_length=1, default=".")
    grouping = models.CharField(max_length=1, blank=True, help_text="mark between thousands")
    encoding = models.CharField(
        max_length=20,
        default="utf-8",
        choices=[("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("iso-8859-15", "Latin 9")],
    )
    skip_rows = models.PositiveSmallIntegerField(default=0, help_text="before the headings")
    has_headings = models.BooleanField(default=True, help_text="else columns are numbers, from 1")
    date_column = models.CharField(max_length=100)
    date_format = models.CharField(max_length=40, default="%Y-%m-%d", help_text="%d.%m.%Y")
    amount_column = models.CharField(max_length=100, help_text="below zero it went out")
    debit_column = models.CharField(
        max_length=100, blank=True, help_text="where what goes out has a column of its own"
    )
    currency_column = models.CharField(max_length=100, blank=True)
    currency = models.CharField(max_length=3, blank=True, help_text="where no column names it")
    reference_columns = models.TextField(help_text=f"what the payer wrote, {LINES}")
    payer_column = models.CharField(max_length=100, blank=True)
    payer_account_column = models.CharField(max_length=100, blank=True)
    id_column = models.CharField(max_length=100, blank=True, help_text="the bank's own reference")
    return_marks = models.TextField(
        blank=True, help_text=f"words of an entry that takes a payment back, {LINES}"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a layout that no file can be read by, and the name of another format."""
        if self.name == "camt053":
            message = "camt053 is the name of another format"
            raise ValidationError(message)
        try:
            self.declared().check()
        except Misdrawn as misdrawn:
            raise ValidationError(str(misdrawn)) from None

    def declared(self) -> Layout:
        """Return the layout as calculation reads it."""
        same = {
            name: getattr(self, name)
            for name in (
                "name", "account", "delimiter", "decimal_mark", "grouping", "encoding",
                "skip_rows", "has_headings", "date_column", "date_format", "amount_column",
                "debit_column", "currency_column", "currency", "payer_column",
                "payer_account_column", "id_column",
            )
        }  # fmt: skip
        return Layout(
            reference_columns=_lines(self.reference_columns),
            return_marks=_lines(self.return_marks),
            **same,
        )


class BankFile(models.Model):
    """A file that was taken in: the same bytes are once. `entries` counts all, `added` the new."""

    name = models.CharField(max_length=200)
    format = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64, unique=True)
    taken_at = models.DateTimeField()
    taken_by = models.CharField(max_length=254)
    entries = models.PositiveIntegerField()
    added = models.PositiveIntegerField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class BankEntryQuerySet(models.QuerySet["BankEntry"]):
    """Entries by what became of them."""

    def new(self) -> Self:
        """Keep those that a worker has yet to match."""
        return self.filter(state=EntryState.NEW)

    def waiting(self) -> Self:
        """Keep those that the clerk has to look at."""
        return self.filter(state=EntryState.WAITING)


class BankEntry(models.Model):
    """One movement on an account of ours, as the bank told of it; known by its key, once.

    What the bank said never changes. `turns` counts how often it was booked: each time has
    payments with references of their own.
    """

    file = models.ForeignKey(BankFile, on_delete=models.PROTECT, related_name="found")
    line = models.PositiveIntegerField()
    key = models.CharField(max_length=100, unique=True)
    booked_on = models.DateField()
    amount = amount_field()
    currency = models.CharField(max_length=3)
    is_credit = models.BooleanField()
    is_return = models.BooleanField()
    is_batch = models.BooleanField()
    text = models.CharField(max_length=500, blank=True)
    bank_reference = models.CharField(max_length=100, blank=True)
    end_to_end = models.CharField(max_length=35, blank=True)
    payer = models.CharField(max_length=140, blank=True)
    payer_account = models.CharField(max_length=34, blank=True)
    reason = models.CharField(max_length=35, blank=True, help_text="why the bank returned it")
    state = models.CharField(max_length=10, choices=EntryState.choices, default=EntryState.NEW)
    mismatch = models.CharField(max_length=15, choices=Mismatch.choices, blank=True)
    note = models.CharField(max_length=500, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=254, blank=True)
    turns = models.PositiveSmallIntegerField(default=0)

    objects = BankEntryQuerySet.as_manager()

    class Meta:
        ordering = ["-booked_on", "-id"]
        verbose_name_plural = "bank entries"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="bank_entry_not_negative"),
            models.CheckConstraint(
                condition=~Q(state=EntryState.IGNORED) | ~Q(note=""),
                name="bank_entry_ignored_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state=EntryState.WAITING) | ~Q(mismatch=""),
                name="bank_entry_waits_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="bank_entry_new", condition=Q(state=EntryState.NEW)),
            models.Index(fields=["state", "-booked_on", "-id"], name="bank_entry_by_state"),
            models.Index(
                fields=["end_to_end"], name="bank_entry_end_to_end", condition=~Q(end_to_end="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.booked_on}"


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())
