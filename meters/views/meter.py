"""One meter: what it is and says now, its day, its readings, its alerts; each part by itself."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from alerts.conditions.kinds import On, Subject
from alerts.models import Alert
from meters.choices import Reporting
from meters.forms import DayForm
from meters.models import Meter, MeterInstallation
from meters.selectors import days, fleet, histories, registers
from meters.selectors.energy import Span
from meters.selectors.histories import Resolution
from segs_site.lib import paging
from segs_site.lib.access import Action, may
from segs_site.lib.doors import page_needs
from segs_site.lib.manners import local_zone
from segs_site.lib.periods import local_day
from segs_site.lib.showing import page_of, shown
from tariffs.selectors import prices

NEWEST = paging.Order(("at",), descending=True)
NEWEST_ALERT = paging.Order(("raised_at", "id"), descending=True)
READINGS, ALERTS, PLACES = 100, 20, 20
STALE_AFTER_INTERVALS = 2


@page_needs(Action.WATCH_GRID)
@require_GET
def meter(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a meter: what it is, where it hangs and what it said last; scripts read the rest."""
    now = timezone.now()
    found = _meter(pk)
    context = {
        "day": _day(request, now),
        "places": MeterInstallation.objects.filter(meter=found)
        .select_related("service_point__region")
        .order_by("-during")[:PLACES],
        "journal": Subject(On.METER, pk).key,
        "exchanges": registers.exchanges(meter_id=pk),
        "turns": registers.turns(meter_id=pk),
        "may_exchange": may(request.user, Action.OPERATE_GRID),
    }
    return shown(request, "meters/meter.html", _now(found, now) | context)


@page_needs(Action.WATCH_GRID)
@require_GET
def day(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a local day in quarter-hours, beside what is typical of it."""
    now = timezone.now()
    found = _meter(pk)
    asked = _day(request, now)
    context = {
        "meter": found,
        "today": now.astimezone(local_zone()).date(),
        "day": days.of_meter(meter=found, day=asked, zone=local_zone(), now=now),
        "weeks": days.WEEKS_LOOKED_AT,
        "least_days": days.LEAST_DAYS,
        "is_weekend": asked.weekday() >= days.SATURDAY,
    }
    return shown(request, "meters/day.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def readings(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the readings of a local day as they came, newest first, a page at a time."""
    now = timezone.now()
    found = _meter(pk)
    asked = _day(request, now)
    spans = [Span(0, found.pk, local_day(asked, local_zone()))]
    rows, more = page_of(
        request,
        histories.history(spans=spans, resolution=Resolution.RAW),
        order=NEWEST,
        limit=READINGS,
    )
    context = {
        "meter": found,
        "day": asked,
        "readings": rows,
        "more": more,
        "is_first": "cursor" not in request.GET,
        "kept_days": settings.SEGS_RAW_RETENTION_DAYS,
    }
    return shown(request, "meters/readings.html", context)


@page_needs(Action.WATCH_GRID)
@require_GET
def alerts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was wrong with a meter, newest first, a page at a time."""
    found = _meter(pk)
    told = Alert.objects.filter(meter=found).select_related("parent")
    rows, more = page_of(request, told, order=NEWEST_ALERT, limit=ALERTS)
    context = {
        "meter": found,
        "alerts": rows,
        "more": more,
        "is_first": "cursor" not in request.GET,
        "now": timezone.now(),
    }
    return shown(request, "meters/alerts.html", context)


def _meter(pk: int) -> Meter:
    return get_object_or_404(Meter.objects.select_related("gateway"), pk=pk)


def _day(request: HttpRequest, now: datetime) -> Any:
    today = now.astimezone(local_zone()).date()
    return DayForm(request.GET).asked(today=today)


def _now(found: Meter, now: datetime) -> dict[str, Any]:
    row = fleet.meter(pk=found.pk, now=now)
    state = fleet.state_of(row, now=now)
    stale_after = timedelta(seconds=found.reading_interval_s * STALE_AFTER_INTERVALS)
    heard_at = row["last_received_at"]
    region = row["region"]
    return {
        "meter": found,
        "row": row,
        "state": state,
        "is_unheard": state is Reporting.UNHEARD,
        "is_stale": heard_at is not None and heard_at < now - stale_after,
        "price": prices.current(now=now).get(region) if region else None,
        "now": now,
    }
