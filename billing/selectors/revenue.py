"""What energy of a region earned, from the very intervals that invoices were rated from."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from billing.choices import Of
from billing.models import AsBilled, InvoiceLine
from billing.packing import unpack
from billing.rating.market import micro
from billing.rating.usage import exact_sums
from segs_site.lib import caching
from segs_site.lib.periods import DAY, MINUTE, Period, ceil, local_day, microseconds
from segs_site.lib.quantities import exact_kwh
from tariffs.choices import Trigger
from tariffs.models import RegionPrice

Whole = npt.NDArray[np.int64]
OVERRIDE, BASE, UNPRICED = "override", "base", "none"  # what is no band
ENERGY = (Of.ENERGY, Of.EXPORT)
KEPT_S = 60
_PICO = 12  # milliwatt-hours times millionths, as digits of kWh times price


@dataclass(frozen=True, slots=True)
class Earned:
    """What energy cost its users while a band was in force; energy fed in counts against it."""

    band: str
    amount: Decimal
    energy_kwh: Decimal


@dataclass(frozen=True, slots=True)
class Revenue:
    """What is billed of the energy of a period in one currency: exact, without charges and tax."""

    currency: str
    amount: Decimal
    energy_kwh: Decimal
    bands: Sequence[Earned]


def kept(*, region_id: int, period: Period) -> list[Revenue]:
    """Return `of_region` as it was a minute ago at most: it reads every bill of the period.

    Intervals begin with a minute, so a period means the same when it is cut to minutes.
    """
    whole = Period(ceil(period.start, MINUTE), ceil(period.end, MINUTE))
    return caching.kept(
        f"revenue:{region_id}:{whole.start.timestamp():.0f}:{whole.end.timestamp():.0f}",
        seconds=KEPT_S,
        make=lambda: of_region(region_id=region_id, period=whole),
    )


def of_region(*, region_id: int, period: Period) -> list[Revenue]:
    """Return what live invoices charge for the intervals of a period that begin in it.

    Empty where nothing of it is billed yet. Corrections count where their intervals lie.
    """
    parts: dict[str, list[tuple[Whole, Whole, Whole]]] = {}
    for line, columns in _read(_lines(region_id, period), period):
        parts.setdefault(line.invoice.currency, []).append(columns)
    if not parts:
        return []
    bands = _Bands(region_id, period)
    found = (_revenue(currency, columns, period, bands) for currency, columns in parts.items())
    return sorted((each for each in found if each.bands), key=lambda each: each.currency)


def _lines(region_id: int, period: Period) -> dict[int, InvoiceLine]:
    """Return the energy lines of live invoices that may hold intervals of the period."""
    during = (period.start, period.end)
    lines = InvoiceLine.objects.filter(
        Q(invoice__during__overlap=during, corrects=None)
        | Q(corrects__invoice__during__overlap=during),
        of__in=ENERGY,
        invoice__claim__isnull=False,
        invoice__claim__released_at=None,
    ).select_related("invoice", "corrects__invoice")
    return {
        line.pk: line
        for line in lines
        for billed in [line.corrects or line]
        if billed.invoice.sections[billed.section]["region_id"] == region_id
    }


def _read(
    lines: dict[int, InvoiceLine], period: Period
) -> Iterator[tuple[InvoiceLine, tuple[Whole, Whole, Whole]]]:
    """Return, day by day, start, price in millionths and energy of intervals."""
    prices = {pk: _prices(line) for pk, line in lines.items()}
    first, last = period.start.date() - DAY, period.end.date() + DAY
    rows = AsBilled.objects.filter(line__in=list(lines), day__gte=first, day__lte=last)
    for row in rows.iterator():
        line = lines[row.line_id]
        zone = ZoneInfo((line.corrects or line).invoice.zone)
        billed = unpack(bytes(row.packed), day_start=local_day(row.day, zone).start)
        sign = -1 if line.of == Of.EXPORT else 1
        yield line, (billed.start, prices[row.line_id][billed.component] * sign,
                     billed.energy * sign)  # fmt: skip


def _prices(line: InvoiceLine) -> Whole:
    return np.array([micro(Decimal(part["price"])) for part in line.components], np.int64)


def _revenue(
    currency: str,
    parts: Sequence[tuple[Whole, Whole, Whole]],
    period: Period,
    bands: "_Bands",
) -> Revenue:
    start, price, energy = (np.concatenate(column) for column in zip(*parts, strict=True))
    is_in = (start >= microseconds(period.start)) & (start < microseconds(period.end))
    start, price, energy = start[is_in], price[is_in], energy[is_in]
    if not len(start):
        return Revenue(currency, Decimal(0), Decimal(0), [])
    keys, group = np.unique(np.stack([bands.of(start), price]), axis=1, return_inverse=True)
    sums = exact_sums(energy, group.reshape(-1), keys.shape[1])
    earned: dict[int, list[int]] = {}
    for (band, millionths), total in zip(keys.T.tolist(), sums, strict=True):
        both = earned.setdefault(band, [0, 0])
        both[0] += millionths * total
        both[1] += total
    found = [
        Earned(bands.names[band], Decimal(worth).scaleb(-_PICO), exact_kwh(used))
        for band, (worth, used) in sorted(earned.items())
    ]
    return Revenue(
        currency, _sum(each.amount for each in found), _sum(each.energy_kwh for each in found),
        found,
    )  # fmt: skip


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


class _Bands:
    """Which band was in force when, by its place in `names`."""

    def __init__(self, region_id: int, period: Period) -> None:
        slots = list(
            RegionPrice.objects.of(region_id)
            .within(period.start, period.end)
            .order_by("starts_at")
            .values_list("starts_at", "ends_at", "triggered_by", "band_from_pct")
        )
        self.names = [UNPRICED, *dict.fromkeys(_band(row[2], row[3]) for row in slots)]
        places = [self.names.index(_band(row[2], row[3])) for row in slots]
        self._starts = np.array([microseconds(row[0]) for row in slots], np.int64)
        self._ends = np.array([microseconds(row[1]) for row in slots] or [0], np.int64)
        self._places = np.array(places or [0], np.int64)

    def of(self, start: Whole) -> Whole:
        """Return the band in force at each moment."""
        at = np.searchsorted(self._starts, start, side="right") - 1
        is_there = (at >= 0) & (start < self._ends[np.maximum(at, 0)])
        found: Whole = np.where(is_there, self._places[np.maximum(at, 0)], 0)
        return found


def _band(trigger: str, from_pct: Decimal | None) -> str:
    if trigger == Trigger.OVERRIDE:
        return OVERRIDE
    return BASE if from_pct is None else f"{from_pct.normalize():f}"
