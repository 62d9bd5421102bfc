"""Energy by local day, from the very intervals that a bill was rated from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from billing.packing import Billed
from segs_site.lib.periods import DAY
from segs_site.lib.quantities import Quality

MEASURED = frozenset({Quality.ACTUAL, Quality.EDITED, Quality.CALCULATED})


@dataclass(frozen=True, slots=True)
class DayUse:
    """What was billed of a day; None when nothing was. `estimated_mwh` is part of it."""

    day: date
    energy_mwh: int | None
    estimated_mwh: int = 0


def by_day(rows: Iterable[tuple[date, Billed]], *, start: date, end: date) -> Sequence[DayUse]:
    """Return every day of a half-open period; several rows of one day are added up."""
    energy: dict[date, int] = {}
    estimated: dict[date, int] = {}
    for day, billed in rows:
        is_measured = [quality in MEASURED for quality in billed.quality.tolist()]
        values = billed.energy.tolist()
        energy[day] = energy.get(day, 0) + sum(values)
        estimated[day] = estimated.get(day, 0) + sum(
            value for value, measured in zip(values, is_measured, strict=True) if not measured
        )
    days = (start + place * DAY for place in range((end - start).days))
    return [DayUse(day, energy.get(day), estimated.get(day, 0)) for day in days]
