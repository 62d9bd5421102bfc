"""The bill to come, as far as it can be told, of each account of whoever asks."""

from dataclasses import dataclass
from datetime import date

from billing.choices import Unprojected
from billing.portal.own import Own
from billing.rating.expecting import LEAST_DAYS
from billing.selectors import projecting
from billing.selectors.projecting import Projected, Projection
from segs_site.lib.periods import DAY


@dataclass(frozen=True, slots=True)
class Coming:
    """The bill of an account's running period, of which some days are over."""

    account: str
    found: Projected
    days_over: int

    @property
    def bill(self) -> Projection | None:
        """What it is expected to be."""
        return self.found.projection

    @property
    def last_day(self) -> date:
        """The last day that is on it."""
        return self.found.cycle.end - DAY

    @property
    def is_too_little(self) -> bool:
        """Whether some more days would do."""
        return self.found.missing == Unprojected.TOO_LITTLE

    @property
    def days_needed(self) -> int:
        """How many days must be known."""
        return LEAST_DAYS


def of(mine: Own) -> list[Coming]:
    """Return the bill to come of each account that takes service in its running period."""
    numbers = {account.pk: account.number for account in mine.accounts}
    found = projecting.project(account_ids=list(numbers), zone=mine.zone, now=mine.now)
    return [
        Coming(numbers[each.account_id], each, (mine.today - each.cycle.start).days)
        for each in found
        if each.missing != Unprojected.NO_AGREEMENT
    ]
