"""Operator pages of prices: what they are, how they arose, and what a person sets instead."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from grid.models import Region
from segs_site.lib.access import Action, check, may
from segs_site.lib.doors import page_needs
from segs_site.lib.manners import local_zone
from tariffs.forms import ConsoleOverrideForm
from tariffs.models import PriceOverride
from tariffs.selectors import overrides, policies
from tariffs.services import overrides as services
from tariffs.services.overrides import Person


@page_needs(Action.WATCH_GRID)
@require_http_methods(["GET", "POST"])
def prices(request: HttpRequest) -> HttpResponse:
    """Show prices, policies and overrides; take an override, after a preview of it."""
    now = timezone.now()
    form = ConsoleOverrideForm(request.POST or None)
    form.now = now
    if request.method == "POST":
        check(request.user, Action.SET_PRICES)
        if form.is_valid() and _request(request, form, now):
            return redirect("tariffs")
    return render(request, "tariffs/tariffs.html", _context(request, form, now))


@page_needs(Action.SET_PRICES)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve an override of somebody else."""
    return _act(request, pk, services.approve, _("The override is approved."))


@page_needs(Action.SET_PRICES)
@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End an override for the slots that are not decided yet."""
    return _act(request, pk, services.end, _("The override has ended."))


def _act(
    request: HttpRequest, pk: int, verb: Callable[..., PriceOverride], done: str
) -> HttpResponse:
    row = get_object_or_404(PriceOverride, pk=pk)
    try:
        verb(override=row, by=_person(request), now=timezone.now())
    except services.SamePerson:
        messages.error(request, _("Another person has to approve it, not who requested it."))
    except (services.NotWaiting, services.NotOpen):
        messages.error(request, _("Nothing was done: this override stands otherwise by now."))
    else:
        messages.success(request, done)
    return redirect("tariffs")


def _request(request: HttpRequest, form: ConsoleOverrideForm, now: datetime) -> bool:
    try:
        made = services.request(order=form.order(), by=_person(request), now=now)
    except services.Overlapping:
        form.add_error(None, _("Another override of this region overlaps this window."))
        return False
    words = (
        _("Requested: a second person has to approve it.")
        if made.needs_approval
        else _("The override acts from its first undecided slot.")
    )
    messages.success(request, words)
    return True


def _person(request: HttpRequest) -> Person:
    return Person(int(request.user.pk or 0), request.user.get_username())


def _context(request: HttpRequest, form: ConsoleOverrideForm, now: datetime) -> dict[str, Any]:
    known = policies.policies()
    regions = list(Region.objects.all())
    return {
        "zone": local_zone().key,
        "form": form,
        "may_set": may(request.user, Action.SET_PRICES),
        "regions": regions,
        "policies": [(region, known.at(now, region_id=region.pk)) for region in regions],
        "open": [_shown(request, row, now) for row in overrides.open_overrides(now=now)],
        "closed": [_shown(request, row, now) for row in overrides.recent_overrides(now=now)],
    }


def _shown(request: HttpRequest, row: PriceOverride, now: datetime) -> dict[str, Any]:
    state = row.state(now)
    waits = row.approved_at is None and row.ended_at is None
    return {
        "row": row,
        "state": state,
        "until": row.ends_at if now >= row.starts_at else row.starts_at,
        "may_approve": waits and row.requester_id != request.user.pk,
    }
