"""Bill runs: asked for, watched, and held against the run before."""

from datetime import date, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.choices import RunState, TurnState
from billing.forms import QueueForm, RunForm
from billing.models import BillRun
from billing.selectors import doubts
from billing.selectors import runs as selectors
from billing.services import cancelling, running
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.manners import site_zone
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("id",), descending=True)
BY_ACCOUNT = paging.Order(("turn__account__number", "id"))
BY_NUMBER = paging.Order(("account__number", "id"))
RUNS, TROUBLES, TURNS = 25, 50, 50  # rows a page


@page_needs(Action.BILL)
@require_http_methods(["GET", "POST"])
def runs(request: HttpRequest) -> HttpResponse:
    """List the runs; take the wish for one."""
    now = timezone.now()
    form = RunForm(request.POST or None, initial={"day": _month_before(), "is_dry": True})
    if request.method == "POST" and form.is_valid():
        made = running.request(**form.cleaned_data, by=request.user.get_username(), now=now)
        messages.success(request, _("Asked for: workers take it up within seconds."))
        return redirect("bill-run", made.pk)
    listed = BillRun.objects.select_related("region", "account")
    rows, older = page_of(request, listed, order=NEWEST, limit=RUNS)
    sums = selectors.sums(rows)
    context = {
        "form": form,
        "runs": [(row, sums[row.pk]) for row in rows],
        "older": older,
        "is_first": "cursor" not in request.GET,
    }
    return shown(request, "billing/runs.html", context, status=422 if form.errors else 200)


@page_needs(Action.BILL)
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how a run stands; a script asks again while turns are left."""
    found = get_object_or_404(BillRun.objects.select_related("region", "account"), pk=pk)
    return shown(request, "billing/run.html", run_context(request, found))


def run_context(request: HttpRequest, run: BillRun) -> dict[str, Any]:
    """Return what the page of a run shows."""
    asked = QueueForm(request.GET).asked()
    stands, before = selectors.progress(run), selectors.before(run)
    return (
        _troubles(request, run, asked)
        | _turns(request, run, asked)
        | {
            "run": run,
            "asked": asked,
            "stands": stands,
            "states": [(state, stands.turns.get(state, 0)) for state in TurnState],
            "done_pct": 100 * (stands.accounts - stands.left) / (stands.accounts or 1),
            "is_busy": run.state in {RunState.REQUESTED, RunState.RUNNING},
            "currency": selectors.currency(run),
            "before": before,
            "before_stands": before and selectors.progress(before),
            "before_currency": before and selectors.currency(before),
            "ready": selectors.approvable(run).count(),
            "can_cancel": run.state != RunState.CANCELLED
            and not any(stands.turns.get(state) for state in cancelling.LET_OUT),
            "again": stands.turns.get(TurnState.HELD, 0) + stands.turns.get(TurnState.PARKED, 0),
        }
    )


def _troubles(request: HttpRequest, run: BillRun, asked: dict[str, Any]) -> dict[str, Any]:
    counts = selectors.open_troubles(run)
    found = selectors.queue(run, is_resolved=bool(asked.get("resolved")))
    if asked.get("trouble"):
        found = found.filter(trouble=asked["trouble"])
    rows, more = page_of(request, found, order=BY_ACCOUNT, limit=TROUBLES, name="queue")
    return {
        "queue": [(row, row.trouble not in doubts.CANNOT_WAIVE) for row in rows],
        "queue_more": more,
        "counts": sorted(counts.items()),
        "queued": sum(counts.values()),
        "parked": selectors.faults(run)[:TROUBLES],
    }


def _turns(request: HttpRequest, run: BillRun, asked: dict[str, Any]) -> dict[str, Any]:
    found = run.turns.select_related("account__customer", "invoice")
    if asked.get("state"):
        found = found.filter(state=asked["state"])
    rows, more = page_of(request, found, order=BY_NUMBER, limit=TURNS, name="accounts")
    return {"turns": rows, "turns_more": more}


def _month_before() -> date:
    today = timezone.now().astimezone(site_zone()).date()
    return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
