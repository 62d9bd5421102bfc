"""How a bill run stands, and against the one before."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from billing.choices import Trouble, TurnState
from billing.models import BillException, BillRun, Invoice, Turn


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


@dataclass(frozen=True, slots=True)
class Sums:
    """A run in one line of a list."""

    accounts: int = 0
    issued: int = 0
    waiting: int = 0  # for the clerk: held and parked
    total: Decimal | None = None


def sums(found: Sequence[BillRun]) -> dict[int, Sums]:
    """Return what each run adds up to, by its key: one question for all."""
    rows = (
        Turn.objects.filter(run__in=found)
        .order_by()
        .values_list("run")
        .annotate(
            accounts=Count("pk"),
            issued=Count("pk", filter=Q(state=TurnState.ISSUED)),
            waiting=Count("pk", filter=Q(state__in=[TurnState.HELD, TurnState.PARKED])),
            total=Sum("total"),
        )
    )
    known = {row[0]: Sums(*row[1:]) for row in rows}
    return {run.pk: known.get(run.pk, Sums()) for run in found}


def currency(run: BillRun) -> str:
    """Return the currency of a run's bills; empty when it has none yet, or more than one."""
    found = Invoice.objects.filter(turns__run=run).order_by().values_list("currency", flat=True)
    known = list(found.distinct()[:2])
    return known[0] if len(known) == 1 else ""


def approvable(run: BillRun) -> QuerySet[Turn]:
    """Return the turns that may go out: rated, or held with each exception resolved."""
    turns = Turn.objects.none() if run.is_dry else Turn.objects.filter(run=run)
    unresolved = BillException.objects.filter(turn__run=run, resolved_at=None)
    ready = turns.filter(state__in=[TurnState.RATED, TurnState.HELD])
    return ready.exclude(pk__in=unresolved.values("turn"))


def queue(run: BillRun, *, is_resolved: bool = False) -> QuerySet[BillException]:
    """Return what was found before rating went through: faults of parked turns are `faults`."""
    found = exceptions(run).exclude(trouble=Trouble.FAILED)
    return found.filter(resolved_at__isnull=not is_resolved)


def open_troubles(run: BillRun) -> dict[Trouble, int]:
    """Return how many exceptions of each kind wait in the queue."""
    counts = queue(run).order_by().values_list("trouble").annotate(count=Count("pk"))
    return {Trouble(trouble): count for trouble, count in counts}


def faults(run: BillRun) -> QuerySet[BillException]:
    """Return the faults for which turns are parked."""
    return exceptions(run).filter(trouble=Trouble.FAILED, turn__state=TurnState.PARKED)
