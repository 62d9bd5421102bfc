"""The desk: lists of alerts by tab, the journal, one alert, and the counts other pages show."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from rest_framework.exceptions import ValidationError

from alerts import lifecycle, performance
from alerts.conditions.kinds import On, Subject
from alerts.forms import JournalForm, ListForm, PlannedWorkForm, ShiftNoteForm, people
from alerts.models import Alert
from alerts.selectors import board, notes
from alerts.selectors import performance as performances
from grid.models import Feeder, Region, Transformer
from meters.models import Meter
from segs_site.lib import paging, showing
from segs_site.lib.access import Action, may
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period

JOURNAL = "journal"
TOP_ROWS, KIN_ROWS, MOST_CHILDREN = 6, 10, 2000
OPERATORS = 1  # who share the desk: the strictest reading, until somebody says otherwise
ORDER = paging.Order(("at", "id"), descending=True)


def shown(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return a page of the desk; it knows whether who looks may act."""
    may_act = may(request.user, Action.OPERATE_GRID)
    return showing.shown(request, template, {"may_act": may_act} | context, status=status)


@page_needs(Action.WATCH_GRID)
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """Show one tab of the desk; tab and filters stand in the address."""
    return shown(request, "alerts/desk.html", desk_context(request, now=timezone.now()))


@page_needs(Action.WATCH_GRID)
@require_GET
def alert(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one alert with what it explains and its life."""
    now = timezone.now()
    found = get_object_or_404(Alert.objects.select_related("parent", *board.SHOWN_WITH), pk=pk)
    context = {
        "alert": found,
        "row": board.with_children([found])[0],
        "now": now,
        "until": found.resolved_at or found.cleared_at or now,
        "children": board.children(found, limit=KIN_ROWS),
        "life": board.life(found),
        "facts": [(words.replace("_", " "), value) for words, value in found.facts.items()],
    }
    return shown(request, "alerts/alert.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def children(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the open alerts that one explains, a page at a time."""
    found = get_object_or_404(Alert, pk=pk)
    limit = min(max(_number(request, "shown"), board.ROWS), MOST_CHILDREN)
    rows = board.children(found, behind=_number(request, "behind"), limit=limit)
    last = rows.rows[-1].alert.pk if len(rows.rows) == limit else None
    context = {
        "alert": found,
        "children": rows,
        "now": timezone.now(),
        "next": f"{request.path}?behind={last}" if last else None,
    }
    return shown(request, "alerts/children.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def top(request: HttpRequest) -> HttpResponse:
    """Show the worst alerts that nobody has acknowledged."""
    now = timezone.now()
    context = {"now": now, "top": board.waiting(now=now, limit=TOP_ROWS)}
    return shown(request, "alerts/top.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def count(request: HttpRequest) -> JsonResponse:
    """Return how many alerts wait for a person, and how many of them are critical."""
    counts = board.counts(now=timezone.now())
    answer = JsonResponse({"waiting": counts.unacknowledged, "critical": counts.critical})
    patch_cache_control(answer, no_store=True)
    return answer


def desk_context(request: HttpRequest, *, now: datetime) -> dict[str, Any]:
    """Return what the desk shows of a tab."""
    asked = request.GET.get("tab", "")
    tab = asked if asked in {*board.Tab, JOURNAL} else board.Tab.ACTIVE
    form = (JournalForm if tab == JOURNAL else ListForm)(request.GET)
    wanted = form.wanted(me=int(request.user.pk or 0))
    listing = (
        _journal(request, form, wanted, now)
        if isinstance(form, JournalForm)
        else {"list": board.rows(board.Tab(tab), wanted, now=now)}
    )
    return listing | {
        "tab": tab,
        "form": form,
        "now": now,
        "place": _place(wanted.place),
        "without_place": _address(request, place=None),
        "is_filtered": _is_filtered(form),
        "counts": board.counts(now=now),
        "rate": _rate(now),
        "notes": notes.newest(),
        "note_form": ShiftNoteForm(auto_id="note_%s"),
        "work": notes.work(now=now),
        "work_form": PlannedWorkForm(auto_id="work_%s"),
        "owners": people(),
        "shelves": [(_minutes(each), _length(each)) for each in lifecycle.SHELVES],
    }


@dataclass(frozen=True, slots=True)
class Pace:
    """How many alarms an operator had lately, and what that is held to be."""

    value: float

    @property
    def shown(self) -> float:
        """What the bar shows, which ends at twice the worst that can be managed."""
        return min(self.value, 2 * performance.PEAK_TARGET)

    @property
    def is_above(self) -> bool:
        """Whether nobody can follow any more."""
        return self.value >= performance.FLOOD_STARTS

    @property
    def words(self) -> str:
        """The judgement."""
        if self.is_above:
            return _("a flood")
        return _("acceptable") if self.value <= performance.MEAN_TARGET else _("busy")


def _rate(now: datetime) -> Pace:
    lately = Period(now - performance.WINDOW, now)
    return Pace(len(performances.calls(lately)) / OPERATORS)


def _journal(
    request: HttpRequest, form: JournalForm, wanted: board.Wanted, now: datetime
) -> dict[str, Any]:
    step = form.cleaned_data.get("step") or ""
    found = board.journal(wanted, step=step, period=form.period(now=now))
    cursor = request.GET.get("cursor")
    try:
        page = paging.cut(found, order=ORDER, cursor=cursor, limit=board.ROWS)
    except ValidationError:  # of another list: begin with the newest
        page = paging.cut(found, order=ORDER, cursor=None, limit=board.ROWS)
    older = _address(request, cursor=page.next_cursor) if page.next_cursor else None
    return {"entries": page.rows, "older": older}


def _place(subject: Subject | None) -> dict[str, str] | None:
    if subject is None:
        return None
    tables: dict[On, Any] = {
        On.METER: Meter,
        On.TRANSFORMER: Transformer,
        On.FEEDER: Feeder,
        On.REGION: Region,
    }
    table = tables.get(subject.on)
    row = table.objects.filter(pk=subject.id).first() if table and subject.id < 2**31 else None
    return {"key": subject.key, "name": str(row or subject.key)}


def _is_filtered(form: ListForm) -> bool:
    return any(form.cleaned_data.values())


def _address(request: HttpRequest, **changed: str | None) -> str:
    query = request.GET.copy()
    for name, value in changed.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = value
    return f"?{query.urlencode()}"


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds()) // 60


def _length(length: timedelta) -> str:
    minutes = _minutes(length)
    if minutes < 60:
        return _("%(count)s min") % {"count": minutes}
    return _("%(count)s h") % {"count": minutes // 60}
