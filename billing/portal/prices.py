"""Prices: now, the coming day as far as it is expected, what was, and the cheapest hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from billing.portal import ahead, charts, own
from billing.portal.ahead import Hour, Price
from billing.portal.charts import Chart, Value
from billing.portal.own import Own
from billing.portal.showing import shown
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period, floor
from tariffs.forecast.hours import HOUR
from tariffs.pricing import as_kept
from tariffs.selectors import histories

USUAL_HOURS = 3
BACK = {"24h": 24, "7d": 168}  # hours


class PricesForm(forms.Form):
    """How many cheap hours are looked for, and how far back prices are shown."""

    hours = forms.IntegerField(
        min_value=1, max_value=12, required=False, label=gettext_lazy("How many hours you need")
    )
    back = forms.ChoiceField(
        choices=[("24h", gettext_lazy("24 hours")), ("7d", gettext_lazy("7 days"))],
        required=False,
    )


@dataclass(frozen=True, slots=True)
class Ahead:
    """One price as the page shows it."""

    price: Price
    cheapest: Sequence[ahead.Stretch]
    rows: Sequence[tuple[Hour, bool]]
    chart: Chart | None
    past: Sequence[tuple[Period, Decimal | None]]
    past_chart: Chart | None


@page_needs(Action.SEE_OWN)
@require_GET
def prices(request: HttpRequest) -> HttpResponse:
    """Show the prices at one's places."""
    mine, form = own.of(request), PricesForm(request.GET)
    form.is_valid()
    count = form.cleaned_data.get("hours") or USUAL_HOURS
    back = form.cleaned_data.get("back") or "24h"
    context: dict[str, Any] = {
        "own": mine,
        "found": [_ahead(price, mine, count, back) for price in ahead.of(mine)],
        "count": count,
        "back": back,
        "backs": PricesForm.base_fields["back"].choices,  # type: ignore[attr-defined]
    }
    return shown(request, "portal/prices.html", context)


def _ahead(price: Price, mine: Own, count: int, back: str) -> Ahead:
    best = ahead.cheapest(price.coming(mine.now), count) if price.is_by_hour else []
    chosen = {hour.start for hour in best}
    rows = [(hour, hour.start in chosen) for hour in price.hours]
    past = _past(price, mine, BACK[back]) if price.kind == "dynamic" else []
    return Ahead(
        price=price,
        cheapest=ahead.stretches(best),
        rows=rows,
        chart=_coming_chart(price, rows, mine) if price.known else None,
        past=past,
        past_chart=_past_chart(price, past, mine) if any(p[1] is not None for p in past) else None,
    )


def _coming_chart(price: Price, rows: Sequence[tuple[Hour, bool]], mine: Own) -> Chart:
    return charts.draw(
        [
            Value(
                label=mine.local(hour.start, "H:i"),
                title=_title(hour.start, hour.price, price.currency, mine),
                value=_number(hour.price),
                low=_number(hour.low),
                high=_number(hour.high),
                is_marked=is_cheap,
            )
            for hour, is_cheap in rows
        ],
        labels=6,
    )


def _past_chart(price: Price, past: Sequence[tuple[Period, Decimal | None]], mine: Own) -> Chart:
    is_long = len(past) > BACK["24h"]
    return charts.draw(
        [
            Value(
                label=mine.local(hour.start, "D j" if is_long else "H:i"),
                title=_title(hour.start, worth, price.currency, mine),
                value=_number(worth),
            )
            for hour, worth in past
        ],
        labels=7 if is_long else 6,
    )


def _past(price: Price, mine: Own, hours: int) -> list[tuple[Period, Decimal | None]]:
    """Return the mean decided price of each past hour, by time; None where none was decided."""
    end = floor(mine.now, HOUR)
    start = end - hours * HOUR
    worth, length = [Decimal(0)] * hours, [timedelta(0)] * hours
    slots = histories.history(region=price.region, period=Period(start, end)).order_by()
    for starts_at, ends_at, amount in slots.values_list("starts_at", "ends_at", "price"):
        for place in _hours(max(starts_at, start), min(ends_at, end), start):
            begins = start + place * HOUR
            shared = min(ends_at, begins + HOUR) - max(starts_at, begins)
            worth[place] += amount * _us(shared)
            length[place] += shared
    return [
        (
            Period(start + place * HOUR, start + (place + 1) * HOUR),
            as_kept(worth[place] / _us(length[place]) + price.added) if length[place] else None,
        )
        for place in range(hours)
    ]


def _hours(first: datetime, last: datetime, start: datetime) -> range:
    return range((first - start) // HOUR, -(-(last - start) // HOUR))


def _us(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def _title(moment: datetime, price: Decimal | None, currency: str, mine: Own) -> str:
    when = mine.local(moment, "D H:i")
    if price is None:
        return _("%(when)s: not known") % {"when": when}
    return f"{when}: {formats.number_format(price, 4)} {currency}"


def _number(price: Decimal | None) -> float | None:
    return None if price is None else float(price)
