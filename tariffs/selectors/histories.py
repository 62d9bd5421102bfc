"""What electricity cost, how that arose, and what a use of it costs."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from grid.models import Region
from segs_site.lib.periods import Period
from segs_site.lib.quantities import exact_kwh
from tariffs.models import RegionPrice
from tariffs.pricing import as_kept
from tariffs.selectors import prices

CENT = Decimal("0.01")
OVERRIDE, UNBANDED = "override", "base"  # shares that belong to no band


@dataclass(frozen=True, slots=True)
class Share:
    """How much of a period one band had: `band` is where it begins in %, or override or base."""

    band: str
    time_pct: Decimal
    energy_kwh: Decimal
    average_price: Decimal


@dataclass(frozen=True, slots=True)
class Analytics:
    """A region's prices in a period; averages are weighted by time, None where none is known."""

    average: Decimal | None
    highest: Decimal | None
    lowest: Decimal | None
    changes: int
    flagged_pct: Decimal | None
    energy_kwh: Decimal
    bands: list[Share]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a use of electricity costs when it is spread evenly over a period.

    `decided_pct` of the time has a decided price; the rest is taken at the newest one.
    """

    cost: Decimal
    average_price: Decimal
    currency: str
    decided_pct: Decimal


def history(*, region: Region, period: Period) -> QuerySet[RegionPrice]:
    """Return the slots of a region that share an instant with a period."""
    return RegionPrice.objects.of(region.pk).within(period.start, period.end)


def estimate(*, region: Region, kwh: Decimal, period: Period) -> Estimate | None:
    """Return what `kwh` costs over a period; None while the region has no price at all."""
    newest = prices.newest_slot(region_id=region.pk)
    if newest is None:
        return None
    slots = list(history(region=region, period=period))
    decided = sum((_shared(slot, period) for slot in slots), timedelta(0))
    worth = sum((slot.price * _seconds(_shared(slot, period)) for slot in slots), Decimal(0))
    worth += newest.price * _seconds(period.length - decided)
    average = worth / _seconds(period.length)
    return Estimate(
        cost=(kwh * average).quantize(CENT, ROUND_HALF_UP),
        average_price=as_kept(average),
        currency=newest.currency,
        decided_pct=_pct(_seconds(decided), _seconds(period.length)),
    )


def _shared(slot: RegionPrice, period: Period) -> timedelta:
    return min(slot.ends_at, period.end) - max(slot.starts_at, period.start)


def _seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)).scaleb(-6)


def _pct(part: Decimal, whole: Decimal) -> Decimal:
    return (100 * part / whole).quantize(CENT, ROUND_HALF_UP) if whole else Decimal(0)


def analytics(*, region: Region, period: Period) -> Analytics:
    """Return averages, extremes and shares by band; energy of a quarter-hour is spread evenly."""
    parameters = {"region": region.pk, "start": period.start, "end": period.end}
    by_band = _rows(_BY_BAND, parameters)
    energy = {row["band"]: row["energy_mwh"] for row in _rows(_ENERGY, parameters)}
    time = sum((row["seconds"] for row in by_band), Decimal(0))
    worth = sum((row["worth"] for row in by_band), Decimal(0))
    flagged = sum((row["flagged"] for row in by_band), Decimal(0))
    return Analytics(
        average=as_kept(worth / time) if time else None,
        highest=max((row["highest"] for row in by_band), default=None),
        lowest=min((row["lowest"] for row in by_band), default=None),
        changes=sum(row["changes"] for row in by_band),
        flagged_pct=_pct(flagged, time) if time else None,
        energy_kwh=sum((exact_kwh(int(part)) for part in energy.values()), Decimal(0)),
        bands=[_share(row, energy.get(row["band"], 0), time) for row in by_band],
    )


def _share(row: dict[str, Any], energy_mwh: Decimal | int, time: Decimal) -> Share:
    return Share(
        band=row["band"],
        time_pct=_pct(row["seconds"], time),
        energy_kwh=exact_kwh(int(energy_mwh)),
        average_price=as_kept(row["worth"] / row["seconds"]),
    )


def _rows(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# Slots are cut to the period; `band` is "override", "base" or where the band begins.
_BANDS = """
    CASE WHEN p.triggered_by = 'OVERRIDE' THEN 'override' WHEN p.band_from_pct IS NULL THEN 'base'
         ELSE trim_scale(p.band_from_pct)::text END AS band
"""
_BY_BAND = f"""
SELECT band, sum(seconds) AS seconds, sum(price * seconds) AS worth, max(price) AS highest,
       min(price) AS lowest, sum((price IS DISTINCT FROM old_price)::int) AS changes,
       coalesce(sum(seconds) FILTER (WHERE flag <> ''), 0) AS flagged
FROM (
    SELECT p.price, p.old_price, p.flag, {_BANDS},
           extract(epoch FROM least(p.ends_at, %(end)s) - greatest(p.starts_at, %(start)s))
           AS seconds
    FROM tariffs_regionprice p
    WHERE p.region_id = %(region)s AND p.starts_at < %(end)s AND p.ends_at > %(start)s
) s
GROUP BY band ORDER BY band = 'override', band = 'base', length(band), band
"""  # noqa: S608 put together from our own parts
_ENERGY = f"""
SELECT band, round(sum(energy_mwh * seconds / 900)) AS energy_mwh
FROM (
    SELECT q.energy_mwh, {_BANDS},
           extract(epoch FROM least(p.ends_at, q.start + interval '15 minutes', %(end)s)
                              - greatest(p.starts_at, q.start, %(start)s)) AS seconds
    FROM tariffs_regionprice p
    JOIN grid_regionquarter q ON q.region_id = p.region_id AND q.energy_mwh IS NOT NULL
     AND q.start < p.ends_at AND q.start > p.starts_at - interval '15 minutes'
    WHERE p.region_id = %(region)s AND p.starts_at < %(end)s AND p.ends_at > %(start)s
      AND q.start < %(end)s AND q.start > %(start)s - interval '15 minutes'
) s
GROUP BY band
"""  # noqa: S608
