"""How a sum is spread over what is owed."""

from collections.abc import Sequence
from decimal import Decimal

from segs_site.lib import money

NOTHING = Decimal(0)


def shares(amount: Decimal, owed: Sequence[Decimal]) -> tuple[list[Decimal], Decimal]:
    """Return what each gets, the first first, and what is left when all are paid.

    Shares and the rest add up to the amount; nobody gets more than he is owed, or less than
    nothing.
    """
    left, found = amount, []
    for each in owed:
        share = min(max(each, NOTHING), left)
        found.append(share)
        left = money.total([left, -share])
    return found, left
