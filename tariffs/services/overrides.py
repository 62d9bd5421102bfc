"""Sets prices by hand: request, approve by a second person, end early."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from grid.models import Region
from tariffs import pricing
from tariffs.models import ONE_AT_A_TIME, PriceOverride, PricingPolicy
from tariffs.selectors import overrides


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: the id that stays and the address that is shown."""

    id: int
    email: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: a price or a multiplier for the slots that begin in `[start, end)`."""

    region: Region
    starts_at: datetime
    ends_at: datetime
    override: pricing.Override


class NothingToPrice(Exception):
    """No slot that is still undecided begins in the window."""


class NoPolicy(Exception):
    """No pricing policy rules the region, so there are no slots to set a price for."""


class Overlapping(Exception):
    """Another override that is not ended shares an instant with the window."""


class SamePerson(Exception):
    """Whoever requested an override cannot approve it."""


class NotWaiting(Exception):
    """The override does not wait for approval: it has it, was ended, or its window is over."""


class NotOpen(Exception):
    """The override was ended already, or has ended by itself."""


@transaction.atomic
def request(*, order: Order, by: Person, now: datetime) -> PriceOverride:
    """Make an override; it is live at once unless it is far enough from the base price.

    Raises NoPolicy, NothingToPrice or Overlapping.
    """
    policy = _check_window(order, now)
    waits = needs_approval(policy=policy, override=order.override)
    made = PriceOverride(
        region=order.region,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        price=order.override.price,
        multiplier=order.override.multiplier,
        reason=order.override.reason,
        requested_by=by.email,
        requester_id=by.id,
        requested_at=now,
        needs_approval=waits,
        approved_at=None if waits else now,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as refusal:
        if ONE_AT_A_TIME in str(refusal):
            raise Overlapping from refusal
        raise
    return made


def needs_approval(*, policy: PricingPolicy, override: pricing.Override) -> bool:
    """Tell whether a second person must agree: the price is far from base, or base is nothing."""
    deviation = pricing.deviation_pct(policy.rules(), override)
    return deviation is None or deviation > policy.approval_above_pct


def approve(*, override: PriceOverride, by: Person, now: datetime) -> PriceOverride:
    """Let an override act from the next undecided slot on. Raises SamePerson or NotWaiting."""
    if override.requester_id == by.id:
        raise SamePerson
    waiting = PriceOverride.objects.open(now).filter(pk=override.pk, approved_at=None)
    if waiting.update(approved_at=now, approved_by=by.email) != 1:
        raise NotWaiting
    override.refresh_from_db()
    return override


def end(*, override: PriceOverride, by: Person, now: datetime) -> PriceOverride:
    """End an override for the slots that are not decided yet; raises NotOpen.

    One that waits is withdrawn or refused this way.
    """
    still_open = PriceOverride.objects.open(now).filter(pk=override.pk)
    if still_open.update(ended_at=now, ended_by=by.email) != 1:
        raise NotOpen
    override.refresh_from_db()
    return override


def _check_window(order: Order, now: datetime) -> PricingPolicy:
    """Return the policy of the first slot that the override would price."""
    slots = overrides.slots(
        region_id=order.region.pk, start=order.starts_at, end=order.ends_at, now=now
    )
    if slots.policy is None:
        raise NoPolicy
    if slots.first is None:
        raise NothingToPrice
    return slots.policy
