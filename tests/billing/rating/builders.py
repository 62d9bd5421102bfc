"""Usages and plans that tests speak of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from billing.rating import market
from billing.rating.bill import Market, Rated, Stay, rate
from billing.rating.market import Slot, Slots
from billing.rating.usage import ByInterval, Usage, Whole, of_net
from segs_site.lib.periods import QUARTER, microseconds
from segs_site.lib.quantities import from_kwh
from tariffs import plans

START = datetime(2026, 5, 1, tzinfo=UTC)
MONTH = Stay(31, 31)
FLAT = {"energy": {"kind": "flat", "price": "0.25"}}
DYNAMIC = {"energy": {"kind": "dynamic"}}


def usage(
    kwh: Sequence[str | int],
    *,
    fed: Sequence[str | int] | None = None,
    start: datetime = START,
    length: timedelta = QUARTER,
) -> Usage:
    """Intervals that follow each other: their net energy, and what was fed in where it is known.

    Without `fed` negative ones feed in.
    """
    step = length // timedelta(microseconds=1)
    starts = microseconds(start) + np.arange(len(kwh), dtype=np.int64) * step
    return of_net(length, starts, _mwh(kwh), None if fed is None else _mwh(fed))


def _mwh(kwh: Sequence[str | int]) -> Whole:
    return np.array([from_kwh(Decimal(value)) for value in kwh], np.int64)


def slots(prices: Sequence[str], *, start: datetime = START, length: timedelta = QUARTER) -> Slots:
    return Slots(each(prices, start=start, length=length))


def each(
    prices: Sequence[str], *, start: datetime = START, length: timedelta = QUARTER
) -> list[Slot]:
    return [
        Slot(start + place * length, start + (place + 1) * length, Decimal(price), f"at {price}")
        for place, price in enumerate(prices)
    ]


def prices(
    written: Sequence[str], *, start: datetime = START, length: timedelta = QUARTER
) -> ByInterval:
    starts = usage(["0"] * len(written), start=start, length=length).starts
    return market.in_force(starts, length, slots(written, start=start, length=length))


def bill(
    written: dict[str, Any],
    used: Usage,
    *,
    in_force: ByInterval | None = None,
    rates: ByInterval | None = None,
    stay: Stay = MONTH,
    currency: str = "EUR",
) -> Rated:
    return rate(
        plan=plans.read(written),
        currency=currency,
        usage=used,
        market=Market(in_force, rates),
        stay=stay,
    )
