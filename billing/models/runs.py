"""Bill runs: rows that workers claim, one turn an account, and what a clerk must look at."""

from django.db import models
from django.db.models import F, Q

from accounts.models import CustomerAccount
from billing.choices import RunState, Trouble, TurnState
from billing.models.invoices import Invoice, amount_field
from grid.models import Region


class BillRun(models.Model):
    """A wish to bill everybody, a region or one account for the period a local day lies in.

    A dry run writes no draft. It is done when no turn waits; approval makes turns wait again.
    """

    day = models.DateField(help_text="a local day of the billing period")
    region = models.ForeignKey(Region, null=True, blank=True, on_delete=models.PROTECT)
    account = models.ForeignKey(
        CustomerAccount, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    is_dry = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=RunState.choices, default=RunState.REQUESTED)
    requested_at = models.DateTimeField()
    requested_by = models.CharField(max_length=254)
    approved_by = models.CharField(max_length=254, blank=True, help_text="who approved last")
    cancelled_by = models.CharField(max_length=254, blank=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(
                fields=["requested_at"],
                name="bill_run_due",
                condition=Q(state__in=[RunState.REQUESTED, RunState.RUNNING]),
            ),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} for {self.day:%Y-%m}"


class Turn(models.Model):
    """One account's part in a run.

    `claimed_until` is the lease of the worker that is at it: another takes over when it ends.
    """

    run = models.ForeignKey(BillRun, on_delete=models.CASCADE, related_name="turns")
    account = models.ForeignKey(CustomerAccount, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=TurnState.choices, default=TurnState.WAITING)
    invoice = models.ForeignKey(
        Invoice, null=True, on_delete=models.SET_NULL, related_name="turns"
    )
    total = amount_field(null=True)
    energy_mwh = models.BigIntegerField(null=True)
    claimed_until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["run", "account"]
        constraints = [
            models.UniqueConstraint(fields=["run", "account"], name="bill_turn_once"),
        ]
        indexes = [models.Index(fields=["run", "state", "account"], name="bill_turn_by_state")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.account_id}: {self.state}"


class BillException(models.Model):
    """Why a turn waits for the clerk; over when resolved with a reason."""

    turn = models.ForeignKey(Turn, on_delete=models.CASCADE, related_name="exceptions")
    trouble = models.CharField(max_length=15, choices=Trouble.choices)
    detail = models.CharField(max_length=300)
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=254, blank=True)
    note = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["turn", "id"]
        constraints = [
            models.UniqueConstraint(fields=["turn", "trouble"], name="bill_exception_once"),
            models.CheckConstraint(
                condition=Q(resolved_at__isnull=True) | ~Q(note=""),
                name="bill_exception_resolved_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                F("turn").asc(), name="bill_exception_open", condition=Q(resolved_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.turn_id}: {self.trouble}"
