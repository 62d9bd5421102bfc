"""The chart of a billing period: a bar a day, as shares of the height."""

from collections.abc import Sequence
from math import ceil, floor, log10
from typing import Any, Final

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.documents import figures
from billing.rating.daily import DayUse
from segs_site.lib.quantities import MWH_PER_KWH

LINES: Final = 4  # across, at most
LABELS: Final = 11  # along the lower edge, at most
ROUND: Final = (1, 2, 5, 10)  # what a step begins with


def chart(days: Sequence[DayUse]) -> dict[str, Any] | None:
    """Return the chart of a period, None when nothing was used in it."""
    known = [day for day in days if day.energy_mwh]
    if not known:
        return None
    most = max(day.energy_mwh or 0 for day in known)
    step = _step(most)
    top = step * ceil(most / step)
    every = ceil(len(days) / LABELS)
    return {
        "title": _("Energy each day, kWh"),
        "alt": _described(days, known),
        "lines": [
            {"at": place * step / top, "label": figures.exact(f"{place * step / MWH_PER_KWH:f}")}
            for place in range(top // step + 1)
        ],
        "bars": [_bar(day, place, top, every) for place, day in enumerate(days)],
        "legend": [_("measured"), _("estimated")] if any(d.estimated_mwh for d in days) else [],
    }


def _bar(day: DayUse, place: int, top: int, every: int) -> dict[str, Any]:
    return {
        "height": (day.energy_mwh or 0) / top,
        "estimated": day.estimated_mwh / top,
        "label": formats.date_format(day.day, _("j M")) if place % every == 0 else "",
    }


def _step(most: int) -> int:
    """Return a round distance of lines, in milliwatt-hours."""
    power = 10 ** max(0, floor(log10(most / LINES)))
    return next(int(power * each) for each in ROUND if most / (power * each) <= LINES)


def _described(days: Sequence[DayUse], known: Sequence[DayUse]) -> str:
    highest = max(known, key=lambda day: day.energy_mwh or 0)
    total = sum(day.energy_mwh or 0 for day in known)
    words = ngettext(
        "Bar chart of the energy of %(count)s day: %(total)s kWh in all, most on %(day)s with "
        "%(most)s kWh.",
        "Bar chart of the energy of %(count)s days: %(total)s kWh in all, most on %(day)s with "
        "%(most)s kWh.",
        len(days),
    )
    return words % {
        "count": len(days),
        "total": figures.short_kwh(total),
        "day": figures.day(highest.day),
        "most": figures.short_kwh(highest.energy_mwh or 0),
    }
