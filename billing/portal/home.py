"""The customer's first page: price, today, this month, the last bill, and what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import formats
from django.views.decorators.http import require_GET

from alerts.choices import Kind
from alerts.selectors import own as alerts
from billing.portal import ahead, charts, own, projected, spending
from billing.portal.ahead import Price
from billing.portal.own import Own
from billing.portal.showing import shown
from billing.portal.using import Used, used
from billing.selectors import differing, standing
from meters import intervals
from meters.intervals import Granularity
from meters.mapframes import SILENT_AFTER_INTERVALS
from meters.models import LatestReading
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period, local_day
from segs_site.lib.quantities import to_kwh

TOLD_FOR = timedelta(hours=12)  # that the supply is back


@dataclass(frozen=True, slots=True)
class Coming:
    """A price now, and when a kWh is cheaper."""

    price: Price
    cheaper: ahead.Hour | None
    tonight: ahead.Hour | None


@page_needs(Action.SEE_OWN)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Show what the asker's electricity costs, and what to know of it."""
    mine = own.of(request)
    troubles = _troubles(mine)
    context = {
        "own": mine,
        "troubles": troubles,
        "restored": _restored(mine, dark={each.service_point for each in troubles}),
        "coming": [_coming(price, mine) for price in ahead.of(mine)],
        "heard": _heard(mine),
        "last": _last(request),
        "projected": projected.of(mine),
    }
    return shown(request, "portal/home.html", context | _figures(mine))


def _figures(mine: Own) -> dict[str, Any]:
    """Return use and cost of today and of the month so far."""
    today, first = local_day(mine.today, mine.zone), mine.today.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    start, end = (local_day(day, mine.zone).start for day in (first, following))
    days = intervals.cut(Period(start, end), Granularity.DAY, mine.zone)
    hours = intervals.cut(today, Granularity.HOUR, mine.zone)
    by_day, by_hour = used(mine, days), used(mine, hours)
    cost_today, cost_month = spending.so_far(mine)
    return {
        "today": Used.sum_of(by_hour),
        "today_cost": cost_today,
        "today_chart": _spark(by_hour, "H:i", mine),
        "month": Used.sum_of(by_day),
        "month_cost": cost_month,
        "month_chart": _spark(by_day, "j F", mine),
    }


def _spark(parts: Sequence[Used], shape: str, mine: Own) -> charts.Chart | None:
    """Return a chart without words; None where nothing is known."""
    if all(part.energy_mwh is None for part in parts):
        return None
    return charts.draw([_value(part, shape, mine) for part in parts])


def _value(part: Used, shape: str, mine: Own) -> charts.Value:
    when = mine.local(part.period.start, shape)
    kwh, is_due = to_kwh(part.energy_mwh), part.expected > 0 or part.found > 0
    known = "" if kwh is None else f"{when}: {formats.number_format(kwh, 2)} kWh"
    return charts.Value(
        label="", title=known, value=kwh if is_due else 0.0, is_partial=not part.is_whole
    )


def _coming(price: Price, mine: Own) -> Coming:
    tonight = ahead.tonight(price.coming(mine.now), mine.now, mine.zone)
    best = ahead.cheapest(tonight, 1) if price.is_by_hour else []
    cheaper = ahead.next_cheaper(price, mine.now) if price.is_by_hour else None
    return Coming(price, cheaper, best[0] if best else None)


def _troubles(mine: Own) -> list[alerts.OwnAlert]:
    """Return what is wrong at the asker's addresses now."""
    found = alerts.of(mine.current).filter(cleared_at=None, resolved_at=None).order_by("-first_at")
    shown_to_him = alerts.shown(found, mine.current, now=mine.now)
    return [each for each in shown_to_him if not each.is_over]


def _restored(mine: Own, *, dark: set[str]) -> list[alerts.OwnAlert]:
    """Return the outages that ended a little while ago, where there is none again."""
    since = mine.now - TOLD_FOR
    ended = Q(cleared_at__gt=since) | Q(cleared_at=None, resolved_at__gt=since)
    lately = alerts.of(mine.current).filter(ended, kind=Kind.OUTAGE)
    over = alerts.shown(lately.order_by("-first_at"), mine.current, now=mine.now)
    newest = {each.service_point: each for each in reversed(over)}
    return [each for point, each in newest.items() if point not in dark]


def _heard(mine: Own) -> list[tuple[str, datetime | None, bool]]:
    """Return, of each meter that counts now, when it was heard last, and whether that is late."""
    meters = [m for supply in mine.current for m in supply.meters if m.stay.includes(mine.now)]
    newest = LatestReading.objects.in_bulk([meter.meter_id for meter in meters])
    found = []
    for meter in meters:
        latest = newest.get(meter.meter_id)
        seen = latest.ts if latest and meter.stay.includes(latest.ts) else None
        patience = timedelta(seconds=SILENT_AFTER_INTERVALS * meter.interval_s)
        is_late = latest is not None and mine.now - latest.received_at > patience
        found.append((meter.serial, seen, seen is None or is_late))
    return found


def _last(request: HttpRequest) -> dict[str, Any] | None:
    """Return the last bill with what is open of it, and why it differs."""
    bill = own.bills(request).filter(claim__released_at=None).first()
    if bill is None:
        return None
    return {"bill": bill, "open": standing.open_amount(bill), "why": differing.of_bill(bill)}
