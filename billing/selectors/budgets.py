"""How a billing period stands against what somebody wants to spend in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.invoicing import Cycle
from billing.selectors import projecting
from billing.selectors.reckoning import Reckoner


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account owes so far in its running period, and in all; None where unknown."""

    account_id: int
    cycle: Cycle
    currency: str
    so_far: Decimal | None
    expected: Decimal | None


def of_accounts(*, account_ids: Sequence[int], zone: ZoneInfo, now: datetime) -> list[Standing]:
    """Return where each account stands."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    projected = projecting.project(account_ids=account_ids, zone=zone, now=now)
    cycles = {each.account_id: Cycle(each.cycle.start, tomorrow) for each in projected}
    reckoned = Reckoner(zone=zone, now=now).reckon(cycles)
    return [
        Standing(
            account_id=each.account_id,
            cycle=each.cycle,
            currency=one.currency,
            so_far=one.total if one.is_whole else None,
            expected=each.projection.expected if each.projection else None,
        )
        for each, one in zip(projected, reckoned, strict=True)
    ]
