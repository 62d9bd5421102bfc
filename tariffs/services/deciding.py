"""Decides the price of every slot that is due, once, whoever asks.

A slot that has not started goes by the last closed minute and the overrides live now. One that
nobody decided in time is filled: held or base, never by a load learnt later.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from grid import loading
from grid.models import Region, RegionMinute
from segs_site.lib import periods
from segs_site.lib.locks import Lock
from tariffs import live, pricing
from tariffs.models import LoadUnknown, PriceOverride, PricingPolicy, RegionPrice
from tariffs.selectors import policies, prices

logger = logging.getLogger(__name__)

OLDEST_LOAD = timedelta(minutes=3)  # a minute that ended before that tells nothing of now
SLOTS_A_STEP = 500
REGIONS_A_STEP = 10  # so that the first are announced while the last are decided
FRESH = timedelta(hours=1)  # a price that ended before that is for those who ask, not for screens


@dataclass(frozen=True, slots=True)
class Load:
    """A region's load as known at a decision; `pct` is None where it is unknown."""

    pct: Decimal | None
    coverage_pct: Decimal | None
    minute: datetime | None


NO_LOAD = Load(None, None, None)


def decide_due(*, now: datetime) -> int:
    """Decide every slot that is due at `now`, region by region; return how many.

    A region that cannot be priced is logged and starves no other. Safe to call from many places.
    """
    due = [each.region_id for each in policies.due(now=now)]
    steps = range(0, len(due), REGIONS_A_STEP)
    return sum(_decide_regions(due[step : step + REGIONS_A_STEP], now) for step in steps)


@transaction.atomic
def decide_region(*, region_id: int, now: datetime) -> Sequence[RegionPrice]:
    """Decide a region's due slots in order, announce them and return them.

    Empty when nothing is due, or another decider is at work on the region. After a long time
    away the oldest slots come first, a few hundred at a time.
    """
    transaction.on_commit(prices.forget_current)
    return _decide_region(region_id, policies.policies(), now)


@transaction.atomic
def _decide_regions(region_ids: Sequence[int], now: datetime) -> int:
    """Decide several regions in one transaction: the disk is waited for once."""
    transaction.on_commit(prices.forget_current)
    known = policies.policies()
    decided = 0
    for region_id in region_ids:
        try:
            with transaction.atomic():
                decided += len(_decide_region(region_id, known, now))
        except Exception:
            logger.exception("region %s could not be priced", region_id)
    return decided


def _decide_region(
    region_id: int, known: policies.Policies, now: datetime
) -> Sequence[RegionPrice]:
    if not _have_lock(region_id):
        return []
    rows = RegionPrice.objects.bulk_create(_Region(region_id, known, now).due())
    _note_unknown(rows)
    _announce(rows, region_id, now)
    return rows


def _have_lock(region_id: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [Lock.PRICES, region_id])
        return bool(cursor.fetchone()[0])


class _Region:
    """What is known of a region at one moment: policies, overrides, prices, load."""

    def __init__(self, region_id: int, known: policies.Policies, now: datetime) -> None:
        self._id, self._now, self._policies = region_id, now, known
        self._newest = newest = prices.newest_slot(region_id=region_id)
        is_by_load = newest is not None and newest.triggered_by == pricing.Trigger.AUTO
        self._by_load = newest if is_by_load else prices.newest_by_load(region_id=region_id)
        self._load = _load(region_id, now)
        self._start = policies.next_start(
            self._newest.ends_at if self._newest else None,
            self._policies,
            region_id=region_id,
            now=now,
        )
        approved = PriceOverride.objects.filter(region=region_id, approved_at__lte=now)
        self._overrides = list(approved.filter(ends_at__gt=self._start)) if self._start else []

    def due(self) -> list[RegionPrice]:
        """Return the slots that are due, decided, not yet stored."""
        rows: list[RegionPrice] = []
        while self._start is not None and len(rows) < SLOTS_A_STEP:
            policy = self._policies.at(self._start, region_id=self._id)
            if policy is None or not policies.is_due(self._start, policy, now=self._now):
                break
            row = self._decide(policy, self._start)
            if row.triggered_by == pricing.Trigger.AUTO:
                self._by_load = row
            self._newest, self._start = row, row.ends_at
            rows.append(row)
        return rows

    def _decide(self, policy: PricingPolicy, start: datetime) -> RegionPrice:
        is_missed = self._now >= start
        override = self._override(start, known_at=start - policy.lead if is_missed else self._now)
        load = NO_LOAD if is_missed else self._load
        decision = _judge(policy, self._by_load, override, load, start, is_missed=is_missed)
        return RegionPrice(
            region_id=self._id,
            starts_at=start,
            ends_at=policies.slot_end(start, policy.slot),
            price=decision.price,
            old_price=self._newest.price if self._newest else None,
            base_price=policy.base_price,
            currency=policy.currency,
            multiplier=decision.multiplier,
            band_from_pct=decision.band_from_pct,
            band_since=decision.band_since,
            load_pct=load.pct,
            coverage_pct=load.coverage_pct,
            load_minute=load.minute,
            policy=policy,
            override=override,
            reason=decision.reason,
            triggered_by=decision.triggered_by,
            flag=decision.flag,
            decided_at=self._now,
        )

    def _override(self, start: datetime, *, known_at: datetime) -> PriceOverride | None:
        acting = [each for each in self._overrides if each.acts_on(start, known_at=known_at)]
        return max(acting, key=lambda each: each.requested_at, default=None)


def _judge(
    policy: PricingPolicy,
    by_load: RegionPrice | None,
    override: PriceOverride | None,
    load: Load,
    start: datetime,
    *,
    is_missed: bool,
) -> pricing.Decision:
    rules = policy.rules()
    standing = _standing(by_load, policy)
    order = override.order() if override else None
    if is_missed:
        return pricing.fill(rules=rules, standing=standing, override=order, slot_start=start)
    return pricing.decide(
        rules=rules, load=load.pct, standing=standing, override=order, slot_start=start
    )


def _standing(row: RegionPrice | None, policy: PricingPolicy) -> pricing.Standing | None:
    if row is None or row.multiplier is None or row.band_from_pct is None:
        return None
    return pricing.Standing(
        price=row.price,
        multiplier=row.multiplier,
        band_from_pct=row.band_from_pct,
        since=row.band_since or row.starts_at,
        until=row.ends_at,
        same_rules=row.policy_id == policy.pk,
    )


def _load(region_id: int, now: datetime) -> Load:
    """Return the last closed minute's load, unknown when it is old or thinly covered."""
    oldest = now - OLDEST_LOAD - periods.MINUTE
    recent = RegionMinute.objects.filter(region=region_id, start__gte=oldest, start__lt=now)
    minute = recent.order_by("-start").first()
    if minute is None:
        return NO_LOAD
    covered = loading.coverage_pct(minute.meters_reporting, minute.meters_expected)
    return Load(
        pct=pricing.load_pct(minute.load_mw, minute.capacity_mw) if minute.load_known else None,
        coverage_pct=None if covered is None else round(Decimal(covered), 4),
        minute=minute.start,
    )


def _note_unknown(rows: Sequence[RegionPrice]) -> None:
    """Open or end the stretches in which the region's load stays unknown."""
    known = next((row for row in rows if row.triggered_by == pricing.Trigger.AUTO), None)
    if known is not None:
        still_open = LoadUnknown.objects.filter(region=known.region_id, until=None)
        still_open.update(until=known.starts_at)
    last = rows[-1] if rows else None
    if last is not None and last.triggered_by == pricing.Trigger.BASE:
        since = next(row.starts_at for row in rows if row.triggered_by == pricing.Trigger.BASE)
        LoadUnknown.objects.get_or_create(
            region_id=last.region_id, until=None, defaults={"since": since}
        )


def _announce(rows: Sequence[RegionPrice], region_id: int, now: datetime) -> None:
    if not rows:
        return
    fresh = [row for row in rows if row.ends_at > now - FRESH]
    code = Region.objects.values_list("code", flat=True).get(pk=region_id)
    live.announce_prices(rows=fresh, region=code, now=now)
