"""Prices decided a second time from what is recorded of them.

Each slot must have one price, from where the one before ends, and it must be what
`tariffs.pricing` makes of the recorded load and of the policy and override of its time; where
nobody decided it in time, or the load was unknown, it must say so. How the service finds all
this is not used here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from segs_site.lib.periods import MINUTE, Period
from tariffs import pricing

OLDEST_LOAD = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy as stored; `region` None for the default."""

    id: int
    region: str | None
    effective_from: datetime
    slot: timedelta
    lead: timedelta
    rules: pricing.Rules


@dataclass(frozen=True, slots=True)
class Override:
    """An override as stored."""

    id: int
    region: str
    starts_at: datetime
    ends_at: datetime
    approved_at: datetime | None
    ended_at: datetime | None
    order: pricing.Override

    def acts_on(self, price: "Price", *, known_at: datetime) -> bool:
        """Tell whether the price is its, as far as was known at a moment."""
        is_approved = self.approved_at is not None and self.approved_at <= known_at
        is_over = self.ended_at is not None and self.ended_at <= price.starts_at
        is_inside = self.starts_at <= price.starts_at < self.ends_at
        return is_approved and is_inside and not is_over and self.region == price.region


@dataclass(frozen=True, slots=True)
class Price:
    """A slot's price as stored."""

    id: int
    region: str
    starts_at: datetime
    ends_at: datetime
    price: Decimal
    old_price: Decimal | None
    multiplier: Decimal | None
    band_from_pct: Decimal | None
    band_since: datetime | None
    load_pct: Decimal | None
    load_minute: datetime | None
    policy: int
    override: int | None
    reason: str
    triggered_by: str
    flag: str
    decided_at: datetime

    @property
    def is_missed(self) -> bool:
        """Whether its slot had begun when it was decided."""
        return self.decided_at >= self.starts_at

    def decision(self) -> pricing.Decision:
        """Return what was decided, as calculations give it."""
        return pricing.Decision(
            price=self.price,
            multiplier=self.multiplier,
            band_from_pct=self.band_from_pct,
            band_since=self.band_since,
            reason=self.reason,
            triggered_by=pricing.Trigger(self.triggered_by),
            flag=pricing.Flag(self.flag),
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """All there is to decide by, and what was decided, in order of region and slot."""

    policies: Sequence[Policy]
    overrides: Sequence[Override]
    prices: Sequence[Price]


def of_region(found: Prices, region: str, run: Period) -> Iterator[str]:
    """Say what is wrong with the prices of one region, which must cover the run and its end."""
    rows = [row for row in found.prices if row.region == region]
    if not rows or rows[0].starts_at > run.start:
        yield f"{region} has no price at {run.start}"
    if not rows or rows[-1].ends_at <= run.end:
        yield f"{region} has no price at {run.end}"
    before: Price | None = None
    by_load: Price | None = None
    for row in rows:
        for fault in _faults(found, row, before, by_load):
            yield f"{region} from {row.starts_at:%H:%M:%S}: {fault}"
        if row.triggered_by == pricing.Trigger.AUTO:
            by_load = row
        before = row


def _faults(
    found: Prices, row: Price, before: Price | None, by_load: Price | None
) -> Iterable[str]:
    if before is not None and row.starts_at != before.ends_at:
        yield f"the one before ends at {before.ends_at:%H:%M:%S}"
    if before is not None and row.old_price != before.price:
        yield f"the one before was {before.price}, not {row.old_price}"
    policy = _ruling(found.policies, row)
    if policy is None or policy.id != row.policy:
        yield f"decided by policy {row.policy}, in force was {policy and policy.id}"
        return
    if row.ends_at != _slot_end(row.starts_at, policy.slot):
        yield f"ends at {row.ends_at:%H:%M:%S}"
    if row.decided_at < row.starts_at - policy.lead:
        yield f"decided as early as {row.decided_at:%H:%M:%S}"
    if row.load_pct is not None:
        yield from _bad_load(row)
    expected, override = _decided_again(found, row, policy, by_load)
    if (row.decision(), row.override) != (expected, override):
        yield f"{row.decision()} by {row.override}, should be {expected} by {override}"


def _ruling(policies: Sequence[Policy], row: Price) -> Policy | None:
    begun = [each for each in policies if each.effective_from <= row.starts_at]
    own = [each for each in begun if each.region == row.region]
    default = [each for each in begun if each.region is None]
    return max(own or default, key=lambda each: each.effective_from, default=None)


def _slot_end(start: datetime, length: timedelta) -> datetime:
    """Return the next multiple of a length after `start`."""
    return start + length - (start - datetime(1970, 1, 1, tzinfo=UTC)) % length


def _bad_load(row: Price) -> Iterable[str]:
    if row.is_missed:
        yield f"decided at {row.decided_at:%H:%M:%S} by a load learnt later"
    elif row.load_minute is None:
        yield f"a load of {row.load_pct} % of no minute"
    elif not row.load_minute + MINUTE <= row.decided_at <= row.load_minute + MINUTE + OLDEST_LOAD:
        yield f"decided at {row.decided_at:%H:%M:%S} by the load of {row.load_minute:%H:%M}"


def _decided_again(
    found: Prices, row: Price, policy: Policy, by_load: Price | None
) -> tuple[pricing.Decision, int | None]:
    known_at = row.starts_at - policy.lead if row.is_missed else row.decided_at
    acting = [each for each in found.overrides if each.acts_on(row, known_at=known_at)]
    override = acting[-1] if acting else None
    common = {
        "rules": policy.rules,
        "standing": _standing(by_load, policy),
        "override": override and override.order,
        "slot_start": row.starts_at,
    }
    decision = _decide(common, row)
    return decision, override and override.id


def _decide(common: Mapping[str, object], row: Price) -> pricing.Decision:
    if row.is_missed:
        return pricing.fill(**common)  # type: ignore[arg-type]
    return pricing.decide(load=row.load_pct, **common)  # type: ignore[arg-type]


def _standing(row: Price | None, policy: Policy) -> pricing.Standing | None:
    if row is None or row.multiplier is None or row.band_from_pct is None:
        return None
    return pricing.Standing(
        price=row.price,
        multiplier=row.multiplier,
        band_from_pct=row.band_from_pct,
        since=row.band_since or row.starts_at,
        until=row.ends_at,
        same_rules=row.policy == policy.id,
    )
