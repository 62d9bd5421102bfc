"""The prices after the torture: each slot has one, and the right one, announced once.

`torture_pricing` decides them again from what they say of themselves; here they are also held
against the newest minute that was closed at their decision, and against the feed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from benchmarks.stack import Stack
from benchmarks.torture_pricing import Override, Policy, Price, Prices, of_region
from segs_site.lib.periods import Period
from tariffs import bands, pricing

SURELY_CLOSED_S = 15  # before a decision: a close that took its time may have committed after it

SCRIPT = """
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from grid.models import Region
from segs_site.lib.periods import MINUTE, floor
from tariffs.models import PricingPolicy
from tariffs.pricing import Override
from tariffs.services import deciding, overrides, policies

now = datetime.now(UTC)
since = datetime(2000, 1, 1, tzinfo=UTC)
rules = dict(currency="EUR", base_price=Decimal("0.2"), slot_minutes=1, lead_s=30,
    hysteresis_pct=Decimal("0.5"), min_dwell_minutes=0, hold_minutes=1)
policies.adopt(policy=PricingPolicy(effective_from=since, **rules), by="", now=now)
later = floor(now, MINUTE) + 3 * MINUTE
policies.adopt(by="", now=now, policy=PricingPolicy(effective_from=later, cap=Decimal("0.25"),
    bands=[["0", "48", "0.8"], ["48", "50", "1.0"], ["50", "52", "1.2"], ["52", None, "1.5"]],
    **rules))
north, south = (Region.objects.get(code=code) for code in ("North", "South"))
own = rules | {"base_price": Decimal("0.1"), "slot_minutes": 5}
policies.adopt(policy=PricingPolicy(region=north, effective_from=since, **own), by="", now=now)
start = floor(now, MINUTE) + 2 * MINUTE
overrides.request(order=overrides.Order(south, start, start + 2 * MINUTE,
    Override("torture", multiplier=Decimal("-0.5"))), by=overrides.Person(1, ""), now=now)
overrides.approve(override=overrides.PriceOverride.objects.get(),
    by=overrides.Person(2, ""), now=now)
first = floor(now, MINUTE) + MINUTE  # from here on each slot is decided, or filled as missed
deciding.decide_due(now=first - timedelta(seconds=30))
"""
_POLICIES = """
SELECT p.id, g.code, effective_from, make_interval(mins => slot_minutes),
       make_interval(secs => lead_s), base_price, bands, hysteresis_pct,
       make_interval(mins => min_dwell_minutes), min_change, cap, floor,
       make_interval(mins => hold_minutes)
FROM tariffs_pricingpolicy p LEFT JOIN grid_region g ON g.id = p.region_id
"""
_OVERRIDES = """
SELECT o.id, g.code, starts_at, ends_at, approved_at, ended_at, reason, price, multiplier
FROM tariffs_priceoverride o JOIN grid_region g ON g.id = o.region_id ORDER BY requested_at
"""
_PRICES = """
SELECT p.id, g.code, starts_at, ends_at, price, old_price, multiplier, band_from_pct, band_since,
       load_pct, load_minute, policy_id, override_id, reason, triggered_by, flag, decided_at
FROM tariffs_regionprice p JOIN grid_region g ON g.id = p.region_id ORDER BY g.code, starts_at
"""
_REGIONS = "SELECT code FROM grid_region ORDER BY code"
_PRICED_UNTIL = """
SELECT coalesce(min(until), 0)::float8 FROM (
    SELECT coalesce(extract(epoch FROM max(ends_at)), 0) AS until
    FROM grid_region g LEFT JOIN tariffs_regionprice p ON p.region_id = g.id GROUP BY g.id) each
"""
_COUNTED = """
SELECT triggered_by || CASE flag WHEN '' THEN '' ELSE ' ' || flag END AS how, count(*)
FROM tariffs_regionprice GROUP BY how ORDER BY how
"""
FIRST_SLOT_S = 60  # the longest until the first slot begins that somebody was there to decide
_OTHER_LOADS = f"""
SELECT p.id, p.load_minute, m.start, p.load_pct, m.load_mw, m.capacity_mw, m.load_known
FROM tariffs_regionprice p
JOIN LATERAL (SELECT * FROM grid_regionminute m WHERE m.region_id = p.region_id
    AND m.start >= p.decided_at - interval '4 minutes' AND m.start < p.decided_at
    AND m.revised_at < p.decided_at - interval '{SURELY_CLOSED_S} seconds'
    ORDER BY m.start DESC LIMIT 1) m ON true
WHERE p.decided_at < p.starts_at
"""
_UNTOLD = """
SELECT p.id, count(e.id) FROM tariffs_regionprice p
LEFT JOIN lib_outboxevent e ON e.type = 'tariff' AND (e.data ->> 'tariffId')::bigint = p.id
    AND (e.data ->> 'pricePerKwh')::numeric = p.price
GROUP BY p.id HAVING count(e.id) <> 1
"""


def differences(stack: Stack, *, since: float, until: float) -> Iterator[str]:
    """Say what is wrong with the prices, which each region must have from `since` past `until`.

    For which part of it, `priced_part` says.
    """
    found, run = read(stack), priced_part(since, until)
    for (region,) in stack.query(_REGIONS):
        yield from of_region(found, str(region), run)
    for row, taken, newest, pct, load_mw, capacity_mw, is_known in stack.query(_OTHER_LOADS):
        load = pricing.load_pct(load_mw, capacity_mw) if is_known else None  # type: ignore[arg-type]
        if taken is None or taken < newest or (taken == newest and pct != load):  # type: ignore[operator]
            yield f"price {row} stands on {pct} % of {taken}, {newest} said {load} %"
    for row, count in stack.query(_UNTOLD):
        yield f"price {row} was announced {count} times"


def priced_part(since: float, until: float) -> Period:
    """Return what of a run must have prices: all but its first minute, or its last second."""
    begun = min(since + FIRST_SLOT_S, until - 1)
    return Period(datetime.fromtimestamp(begun, UTC), datetime.fromtimestamp(until, UTC))


def priced_until(stack: Stack) -> float:
    """Return up to when every region has prices; 0 while one has none."""
    [[until]] = stack.query(_PRICED_UNTIL)
    return float(str(until))


def counted(stack: Stack) -> str:
    """Say how many prices came about in which way."""
    return ", ".join(f"{how} {count}" for how, count in stack.query(_COUNTED))


def read(stack: Stack) -> Prices:
    """Read what is stored."""
    return Prices(
        policies=[_policy(row) for row in stack.query(_POLICIES)],
        overrides=[
            Override(*row[:6], pricing.Override(*row[6:]))  # type: ignore[arg-type]
            for row in stack.query(_OVERRIDES)
        ],
        prices=[Price(*row) for row in stack.query(_PRICES)],  # type: ignore[arg-type]
    )


def _policy(row: Any) -> Policy:
    base_price, written, *others = row[5:]
    return Policy(*row[:5], pricing.Rules(base_price, bands.read(written), *others))
