"""What the last twelve months would have cost on every plan, by one's own intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing.invoicing import MONTHS_A_YEAR, Cycle
from billing.portal import own
from billing.portal.own import Own
from billing.portal.showing import shown
from billing.selectors import comparing
from billing.selectors.comparing import Comparison, Known, OnPlan
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs


@dataclass(frozen=True, slots=True)
class Row:
    """A plan, and what it costs beyond the one that is one's own; None where that is unknown."""

    on: OnPlan
    more: Decimal | None


@dataclass(frozen=True, slots=True)
class Covered:
    """Which billing periods are known: `whole`, in part with their per cent, and not at all."""

    whole: Sequence[Cycle]
    partly: Sequence[tuple[Cycle, int]]
    unknown: Sequence[Cycle]
    unserved: Sequence[Cycle]

    @property
    def is_whole(self) -> bool:
        """Whether all of a year is known."""
        return not (self.partly or self.unknown or self.unserved)

    @property
    def count(self) -> int:
        """How many periods are compared."""
        return len(self.whole) + len(self.partly)


@page_needs(Action.SEE_OWN)
@require_GET
def compare(request: HttpRequest) -> HttpResponse:
    """Show what every plan would have cost."""
    mine = own.of(request)
    found = _compared(mine)
    context = {
        "rows": _rows(found),
        "energy_mwh": found.energy_mwh,
        "covered": _covered(found.periods),
        "is_many": len(mine.accounts) > 1,
    }
    return shown(request, "portal/compare.html", context)


def _compared(mine: Own) -> Comparison:
    """Compare the billing periods of the last twelve months that are over."""
    keys = [account.pk for account in mine.accounts]
    cycles = comparing.last_periods(account_ids=keys, today=mine.today, months=MONTHS_A_YEAR)
    return comparing.compare(cycles=cycles, zone=mine.zone, now=mine.now)


def _rows(found: Comparison) -> list[Row]:
    current = [one.total for one in found.plans if one.is_current]
    is_one = len(current) == 1 and current[0] is not None
    return [
        Row(one, one.total - current[0] if is_one and one.total is not None else None)  # type: ignore[operator]
        for one in found.plans
    ]


def _covered(periods: Sequence[Known]) -> Covered:
    """Return which periods are known, all accounts together."""
    sums: dict[Cycle, tuple[int, int]] = {}
    for each in periods:
        found, expected = sums.get(each.cycle, (0, 0))
        sums[each.cycle] = (found + each.found, expected + each.expected)
    ordered = sorted(sums.items(), key=lambda pair: pair[0].start)
    return Covered(
        whole=[cycle for cycle, (found, expected) in ordered if 0 < expected <= found],
        partly=[
            (cycle, 100 * found // expected)
            for cycle, (found, expected) in ordered
            if 0 < found < expected
        ],
        unknown=[cycle for cycle, (found, expected) in ordered if expected and not found],
        unserved=[cycle for cycle, (_, expected) in ordered if not expected],
    )
