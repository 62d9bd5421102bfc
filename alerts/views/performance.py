"""How the desk does: figures of a period beside published targets, as page and as CSV."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alerts import performance
from alerts.forms import PerformanceForm
from alerts.selectors import performance as performances
from alerts.selectors.continuity import supply_in
from alerts.selectors.performance import Report
from alerts.views import supplying
from alerts.views.desk import shown
from segs_site.lib import csvs
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period, floor

BARS = 170  # that can be told apart on a desk, and lie in a table as rows
TALLEST = 100.0
LEAST_SCALE = 12.0  # alarms in 10 minutes: a quiet day must look quiet


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure beside its target; without one there is nothing to meet."""

    code: str
    label: str
    value: float | None
    unit: str
    target: str = ""
    is_met: bool | None = None


@dataclass(frozen=True, slots=True)
class Bar:
    """Some tens of minutes of the chart: its place and height in per cent, and what it says."""

    start: datetime
    end: datetime
    count: float
    worst: float
    x: float
    width: float
    height: float

    @property
    def is_above(self) -> bool:
        """Whether an operator had more than he can manage."""
        return self.worst > performance.PEAK_TARGET

    @property
    def y(self) -> float:
        """Where it begins, from above."""
        return TALLEST - self.height


@page_needs(Action.WATCH_GRID)
@require_GET
def page(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period."""
    now = timezone.now()
    form, report = _asked(request, now)
    supply = supply_in(period=report.period, now=now)
    scale = max(LEAST_SCALE, report.rate.peak)
    context: dict[str, Any] = {
        "form": form,
        "now": now,
        "report": report,
        "figures": figures(report),
        "supply": supply,
        "indices": supplying.rows(supply),
        "bars": list(_bars(report, scale)),
        "lines": [(TALLEST * (1 - each / scale), each) for each in (1, 10)],
        "export": f"?{request.GET.urlencode()}" if request.GET else "?",
    }
    return shown(request, "alerts/performance.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def figures_csv(request: HttpRequest) -> HttpResponseBase:
    """Return the figures as CSV; with `what=rate` the alarms of every ten minutes."""
    now = timezone.now()
    report = _asked(request, now)[1]
    if request.GET.get("what") == "rate":
        rows: Iterator[Any] = (
            (each.start, each.rate * report.operators) for each in report.rate.slices
        )
        return csvs.answer(request, name="alarm-rate.csv", header=("start", "alarms"), rows=rows)
    supply = supply_in(period=report.period, now=now)
    return csvs.answer(
        request,
        name="alarm-performance.csv",
        header=("figure", "value", "unit", "target", "met", "definition"),
        rows=chain(
            ((f.code, f.value, f.unit, f.target, _met(f), "") for f in figures(report)),
            (
                (code, value, unit, "", "", is_)
                for code, value, unit, is_ in supplying.table(supply)
            ),
        ),
    )


def figures(report: Report) -> list[Figure]:
    """Return every figure with what is held to be good."""
    rate, waits = report.rate, report.waits
    return [
        _at_most("mean", _("Average in 10 min"), rate.mean, "", performance.MEAN_TARGET),
        _at_most("peak", _("Most in any 10 min"), rate.peak, "", performance.PEAK_TARGET),
        _at_most(
            "above", _("Time above 10 in 10 min"), rate.above_pct, "%",
            performance.ABOVE_PCT_TARGET,
        ),
        _at_most("floods", _("Floods"), len(report.floods), "", 0),
        _at_most(
            "top_ten", _("Share of the top ten"), report.top_pct if report.count else None, "%",
            performance.TOP_PCT_TARGET,
        ),
        _at_most("chattering", _("Chattering sources"), len(report.chattering), "", 0),
        _at_most(
            "stale", _("Standing over 24 h"), len(report.stale), "", performance.STALE_TARGET
        ),
        Figure("median_wait", _("Time to acknowledge, median"), _seconds(waits.median), "s"),
        Figure("p90_wait", _("Time to acknowledge, 9 of 10 within"), _seconds(waits.p90), "s"),
        Figure("waiting", _("Never acknowledged"), report.waiting, ""),
    ]  # fmt: skip


def _at_most(code: str, label: str, value: float | None, unit: str, target: float) -> Figure:
    limit = f"{target:g}{unit and ' '}{unit}"
    words = _("at most %(target)s") % {"target": limit} if target else _("none")
    return Figure(code, label, value, unit, words, None if value is None else value <= target)


def _asked(request: HttpRequest, now: datetime) -> tuple[PerformanceForm, Report]:
    form = PerformanceForm({"period": "24", "people": "1"} | request.GET.dict())
    end = floor(now, performance.WINDOW) + performance.WINDOW
    period = Period(end - timedelta(hours=form.hours), end)
    return form, performances.report(period=period, operators=form.operators, now=now)


def _bars(report: Report, scale: float) -> Iterator[Bar]:
    slices = report.rate.slices
    many = -(-len(slices) // BARS)
    width = TALLEST * many / len(slices)
    for place in range(-(-len(slices) // many)):
        some = slices[place * many : (place + 1) * many]
        worst = max(each.rate for each in some)
        yield Bar(
            start=some[0].start,
            end=some[-1].start + performance.WINDOW,
            count=sum(each.rate for each in some) * report.operators,
            worst=worst,
            x=place * width,
            width=width * 0.8,
            height=TALLEST * worst / scale,
        )


def _seconds(value: timedelta | None) -> float | None:
    return None if value is None else value.total_seconds()


def _met(figure: Figure) -> str:
    return {True: "yes", False: "no", None: ""}[figure.is_met]
