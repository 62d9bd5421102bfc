"""The list of meters, as an operator searches it."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from meters.choices import QuarantineState
from meters.forms import MetersForm
from meters.models import Meter
from meters.selectors import fleet, held
from segs_site.lib import paging
from segs_site.lib.access import Action, may
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

BY_SERIAL = paging.Order(("serial",))
ROWS = 50
MOST_COUNTED = 1000  # held readings: a number that is shown, and costs a moment at most


@page_needs(Action.WATCH_GRID)
@require_GET
def meters(request: HttpRequest) -> HttpResponse:
    """List the meters that are wanted; `serial` leads to the one that has it."""
    named = _pk_of(request.GET.get("serial", ""))
    if named is not None:
        return redirect("meter", named)
    now = timezone.now()
    form = MetersForm(request.GET)
    wanted = form.wanted(now=now)
    rows, more = page_of(request, fleet.meters(wanted, now=now), order=BY_SERIAL, limit=ROWS)
    context = {
        "form": form,
        "meters": [(row, fleet.state_of(row, now=now)) for row in rows],
        "more": more,
        "first": _first(request),
        "is_filtered": wanted != fleet.Wanted(),
        "csv": _csv(wanted),
        "now": now,
    }
    return shown(request, "meters/list.html", context | tabs(request))


def tabs(request: HttpRequest) -> dict[str, Any]:
    """Return what the tabs of the list and the quarantine need."""
    if not may(request.user, Action.OPERATE_GRID):
        return {"may_decide": False}
    waiting = held.quarantined(state=QuarantineState.OPEN)
    count = waiting.order_by()[: MOST_COUNTED + 1].count()
    return {
        "may_decide": True,
        "held": min(count, MOST_COUNTED),
        "held_more": count > MOST_COUNTED,
    }


def _first(request: HttpRequest) -> str | None:
    """Return the address of the first page; None on it."""
    query = request.GET.copy()
    return f"?{query.urlencode()}" if query.pop("cursor", None) else None


def _pk_of(serial: str) -> int | None:
    if not serial or "\0" in serial:
        return None
    return Meter.objects.filter(serial=serial).values_list("pk", flat=True).first()


def _csv(wanted: fleet.Wanted) -> str:
    """Return the address of the same meters as a download, which the API gives."""
    query = {
        "search": wanted.search,
        "region": wanted.region,
        "state": wanted.state,
        "seen_since": wanted.seen_since and wanted.seen_since.isoformat(),
        "seen_before": wanted.seen_before and wanted.seen_before.isoformat(),
    }
    given = urlencode({name: value for name, value in query.items() if value})
    return f"{reverse('api-meters-csv')}{'?' if given else ''}{given}"
