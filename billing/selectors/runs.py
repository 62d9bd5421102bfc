"""How a bill run stands, and against the one before."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum

from billing.choices import TurnState
from billing.models import BillException, BillRun, Turn


@dataclass(frozen=True, slots=True)
class Progress:
    """Turns by state, what they add up to, and what still waits for the clerk."""

    turns: dict[TurnState, int]
    total: Decimal
    energy_mwh: int
    unresolved: int

    @property
    def accounts(self) -> int:
        """How many accounts take part."""
        return sum(self.turns.values())

    @property
    def left(self) -> int:
        """How many turns a worker has yet to do."""
        return self.turns.get(TurnState.WAITING, 0) + self.turns.get(TurnState.APPROVED, 0)


def progress(run: BillRun) -> Progress:
    """Return how a run stands."""
    turns = Turn.objects.filter(run=run)
    sums = turns.aggregate(total=Sum("total"), energy=Sum("energy_mwh"))
    by_state = turns.order_by().values_list("state").annotate(count=Count("pk"))
    return Progress(
        turns={TurnState(state): count for state, count in by_state},
        total=sums["total"] or Decimal(0),
        energy_mwh=sums["energy"] or 0,
        unresolved=exceptions(run).filter(resolved_at=None).count(),
    )


def exceptions(run: BillRun) -> QuerySet[BillException]:
    """Return what the clerk must look at, account by account."""
    found = BillException.objects.filter(turn__run=run)
    return found.select_related("turn__account__customer").order_by("turn__account__number", "id")


def before(run: BillRun) -> BillRun | None:
    """Return the last run that billed the same accounts for an earlier period; None for none."""
    earlier = BillRun.objects.filter(
        day__lt=run.day.replace(day=1), region=run.region, account=run.account, is_dry=False
    )
    return earlier.filter(turns__state=TurnState.ISSUED).order_by("-day", "-pk").first()
