"""Use by quarter-hour, day and month, in kWh or money, beside the stretch before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from billing.portal import charts, own, spending
from billing.portal.charts import Value
from billing.portal.own import Own
from billing.portal.showing import shown
from billing.portal.using import Used, used
from meters import intervals
from meters.intervals import Granularity
from segs_site.lib import csvs, money
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period, local_day
from segs_site.lib.quantities import exact_kwh, to_kwh

VIEWS = {
    "day": Granularity.QUARTER,
    "month": Granularity.DAY,
    "year": Granularity.MONTH,
}
TITLES = {"day": "l j F Y", "month": "F Y", "year": "Y"}
LABELS = {"day": "H:i", "month": "j", "year": "M"}
ROWS = {"day": "H:i", "month": "D j M", "year": "F Y"}
EVERY = {"day": 6, "month": 7, "year": 12}  # labels along the edge, at most
YEARS = range(2000, 2101)
HEADER = (
    "start", "end", "kwh", "estimated_kwh", "intervals_found", "intervals_expected",
    "energy_cost", "currency",
)  # fmt: skip


class ViewForm(forms.Form):
    """Which stretch, and in what it is shown."""

    view = forms.ChoiceField(
        choices=[("day", gettext_lazy("Day")), ("month", gettext_lazy("Month")),
                 ("year", gettext_lazy("Year"))],
    )  # fmt: skip
    on = forms.DateField(input_formats=["%Y-%m-%d"])
    unit = forms.ChoiceField(choices=[("kwh", "kWh"), ("money", gettext_lazy("Money"))])


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked at; what was asked oddly is this month's days in kWh."""

    view: str
    on: date
    unit: str

    @classmethod
    def of(cls, request: HttpRequest, mine: Own) -> "Asked":
        """Read the address."""
        form = ViewForm(request.GET)
        form.is_valid()
        given = form.cleaned_data
        on = given.get("on") or mine.today
        on = min(on, mine.today) if on.year in YEARS else mine.today
        return cls(given.get("view") or "month", on, given.get("unit") or "kwh")

    def start(self, on: date) -> date:
        """Return the first day of the stretch in which a day lies."""
        return {"day": on, "month": on.replace(day=1), "year": on.replace(month=1, day=1)}[
            self.view
        ]

    @property
    def first(self) -> date:
        """The first day shown."""
        return self.start(self.on)

    @property
    def before(self) -> date:
        """The first day of the stretch before."""
        return self.start(self.first - timedelta(days=1))

    @property
    def after(self) -> date:
        """The first day of the stretch that follows."""
        longest = {"day": 1, "month": 31, "year": 366}[self.view]
        return self.start(self.first + timedelta(days=longest))


@dataclass(frozen=True, slots=True)
class Row:
    """One bucket: used, what that cost, and the same of the stretch before."""

    used: Used
    cost: Decimal | None
    before: Used | None
    before_cost: Decimal | None


@page_needs(Action.SEE_OWN)
@require_GET
def usage(request: HttpRequest) -> HttpResponse:
    """Show use as a chart and as its table."""
    mine = own.of(request)
    asked = Asked.of(request, mine)
    rows, currency = _rows(mine, asked)
    values = [_value(row, asked, currency, mine) for row in rows]
    context = {
        "asked": asked,
        "views": ViewForm.base_fields["view"].choices,  # type: ignore[attr-defined]
        "units": ViewForm.base_fields["unit"].choices,  # type: ignore[attr-defined]
        "title": mine.local(local_day(asked.first, mine.zone).start, TITLES[asked.view]),
        "before_title": mine.local(local_day(asked.before, mine.zone).start, TITLES[asked.view]),
        "has_next": asked.after <= mine.today,
        "rows": [(_label(row, ROWS[asked.view], mine), row) for row in rows],
        "currency": currency,
        "chart": charts.draw(values, labels=EVERY[asked.view]),
        "is_known": any(
            _shown(row.used, row.cost, asked.unit == "money") is not None for row in rows
        ),
        "has_estimates": any(row.used.estimated_mwh for row in rows),
        "has_gaps": any(not row.used.is_whole for row in rows),
        "has_before": any(each.before is not None for each in values),
        "meters": sorted({m.serial for supply in mine.supplies for m in supply.meters}),
        "stretch": Period(rows[0].used.period.start, rows[-1].used.period.end),
        "has_places": bool(mine.supplies),
    }
    return shown(request, "portal/usage.html", context | _totals(rows, mine))


@page_needs(Action.SEE_OWN)
@require_GET
def table(request: HttpRequest) -> HttpResponseBase:
    """Send the chart's table as a download."""
    mine = own.of(request)
    asked = Asked.of(request, mine)
    rows, currency = _rows(mine, asked)
    name = f"usage-{asked.view}-{asked.first:%Y-%m-%d}.csv"
    return csvs.answer(request, name=name, header=HEADER, rows=_cells(rows, currency, mine))


def _cells(rows: Sequence[Row], currency: str, mine: Own) -> Iterator[Sequence[Any]]:
    for row in rows:
        each = row.used
        if each.period.start >= mine.now:
            return
        kwh = None if each.energy_mwh is None else exact_kwh(each.energy_mwh)
        estimated = None if kwh is None else exact_kwh(each.estimated_mwh)
        cost = None if kwh is None else row.cost
        yield (
            each.period.start, each.period.end, kwh, estimated, each.found, each.expected, cost,
            currency if cost is not None else None,
        )  # fmt: skip


def _rows(mine: Own, asked: Asked) -> tuple[list[Row], str]:
    """Return the buckets of the stretch, each beside its like in the one before."""
    start, end, begin = (
        local_day(day, mine.zone).start for day in (asked.first, asked.after, asked.before)
    )
    granularity = VIEWS[asked.view]
    here = intervals.cut(Period(start, end), granularity, mine.zone)
    past = intervals.cut(Period(begin, start), granularity, mine.zone)
    found = used(mine, [*past, *here])
    costs = spending.by_bucket(mine, [*past, *here])
    pairs = list(zip(found, costs.amounts, strict=True))
    before, now = pairs[: len(past)], pairs[len(past) :]
    rows = [
        Row(each, cost, *(before[place] if place < len(before) else (None, None)))
        for place, (each, cost) in enumerate(now)
    ]
    return rows, costs.currency


def _value(row: Row, asked: Asked, currency: str, mine: Own) -> Value:
    """Return a bucket as a bar; its title says what the bar shows."""
    is_money = asked.unit == "money"
    amount, before = _shown(row.used, row.cost, is_money), None
    if row.before is not None:
        before = _shown(row.before, row.before_cost, is_money)
    is_coming = not row.used.expected and not row.used.found
    energy = row.used.energy_mwh
    hatched = 0.0
    if amount is not None and energy:
        hatched = amount * abs(row.used.estimated_mwh / energy)
    return Value(
        label=_label(row, LABELS[asked.view], mine),
        title="" if is_coming else _title(row, asked, currency, mine),
        value=0.0 if is_coming else amount,
        hatched=hatched,
        before=before,
        is_partial=not row.used.is_whole,
    )


def _shown(each: Used, cost: Decimal | None, is_money: bool) -> float | None:
    if each.energy_mwh is None:
        return None
    if is_money:
        return None if cost is None else float(cost)
    return to_kwh(each.energy_mwh)


def _title(row: Row, asked: Asked, currency: str, mine: Own) -> str:
    when = _label(row, ROWS[asked.view], mine)
    if row.used.energy_mwh is None:
        return _("%(when)s: not known") % {"when": when}
    kwh = formats.number_format(exact_kwh(row.used.energy_mwh), 2)
    if row.cost is None:
        return f"{when}: {kwh} kWh"
    cost = formats.number_format(money.rounded(row.cost, currency), money.digits(currency))
    return f"{when}: {kwh} kWh, {cost} {currency}"


def _totals(rows: Sequence[Row], mine: Own) -> dict[str, Any]:
    """Return the sums so far, and those of as much of the stretch before."""
    begun = [row for row in rows if row.used.period.start < mine.now]
    is_over = len(begun) == len(rows)
    compared = rows if is_over else begun[:-1] if len(begun) > 1 else []
    before = [row.before for row in compared if row.before is not None]
    here = [row.used for row in compared]
    total = Used.sum_of([row.used for row in begun or rows])
    costs = [row.cost for row in begun if row.used.energy_mwh is not None]
    return {
        "total": total,
        "cost": money.total(cost for cost in costs if cost is not None)
        if costs and all(cost is not None for cost in costs)
        else None,
        "is_over": is_over,
        "compared": _compared(here, before),
    }


def _compared(here: Sequence[Used], before: Sequence[Used]) -> tuple[int, int] | None:
    """Return use of both stretches as far as the present one is over; None where unknown."""
    if not here or not before:
        return None
    now, then = Used.sum_of(here), Used.sum_of(before)
    if now.energy_mwh is None or not then.energy_mwh or not (now.is_whole and then.is_whole):
        return None
    return now.energy_mwh, then.energy_mwh


def _label(row: Row, shape: str, mine: Own) -> str:
    return mine.local(row.used.period.start, shape)
