"""What late data change in issued invoices: listed, looked into, decided."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.choices import CorrectionState
from billing.forms import CorrectionsForm, IntervalsForm, ReasonForm
from billing.models import Correction
from billing.selectors import invoices
from billing.selectors import late as selectors
from billing.services import correcting
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("id",), descending=True)
ROWS = 50


@page_needs(Action.BILL)
@require_GET
def corrections(request: HttpRequest) -> HttpResponse:
    """List corrections, those that wait unless another state is asked for."""
    form = CorrectionsForm(request.GET or None, initial={"state": CorrectionState.WAITING})
    asked = form.asked()
    state = asked.get("state", CorrectionState.WAITING)
    found = selectors.listed(state=state, account=asked.get("account", ""))
    rows, older = page_of(request, found, order=NEWEST, limit=ROWS)
    carried = selectors.billed_on(rows)
    context = {
        "form": form,
        "rows": [(row, carried.get(row.pk)) for row in rows],
        "older": older,
        "is_worklist": state == CorrectionState.WAITING,
    }
    return shown(request, "billing/corrections.html", context)


@page_needs(Action.BILL)
@require_GET
def correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one correction with every line that it changes."""
    return shown(request, "billing/correction.html", _context(_found(pk)))


@page_needs(Action.BILL)
@require_GET
def correction_line(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """Show by how much the intervals of one day changed, of the first such day without one."""
    found = _found(pk)
    each = next((one for one in selectors.lines(found) if one.line.place == place), None)
    asked = IntervalsForm(request.GET).asked()
    if each is None or not each.days or (asked is not None and asked not in each.days):
        raise Http404("The line has no intervals of this day.")
    day = asked or each.days[0]
    context = {
        "correction": found,
        "invoice": found.invoice,
        "line": each.line,
        "days": each.days,
        "day": day,
        "intervals": invoices.changed_intervals(each.line, day=day),
    }
    return shown(request, "billing/line.html", context)


@page_needs(Action.BILL)
@require_POST
def approve_correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Put a correction on the account's next bill."""
    found, by = _found(pk), request.user.get_username()
    try:
        correcting.approve(correction=found, by=by, now=timezone.now())
    except correcting.Decided:
        messages.error(request, _("Nothing was done: it was decided before."))
    else:
        messages.success(request, _("Approved: its lines go on the account's next bill."))
    return redirect("bill-correction", found.pk)


@page_needs(Action.BILL)
@require_POST
def reject_correction(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a difference be, with the reason."""
    found, by = _found(pk), request.user.get_username()
    form = ReasonForm(request.POST, auto_id="reject_%s")
    if not form.is_valid():
        context = _context(found, reject_form=form)
        return shown(request, "billing/correction.html", context, status=422)
    reason = form.cleaned_data["reason"]
    try:
        correcting.reject(correction=found, reason=reason, by=by, now=timezone.now())
    except correcting.Decided:
        messages.error(request, _("Nothing was done: it was decided before."))
    else:
        messages.success(request, _("Rejected: nothing of it is billed."))
    return redirect("bill-correction", found.pk)


def _found(pk: int) -> Correction:
    found: Correction = get_object_or_404(selectors.listed(), pk=pk)
    return found


def _context(found: Correction, **forms: Any) -> dict[str, Any]:
    return {
        "correction": found,
        "invoice": found.invoice,
        "lines": selectors.lines(found),
        "carried": selectors.billed_on([found]).get(found.pk),
        "is_waiting": found.state == CorrectionState.WAITING,
        "reject_form": ReasonForm(auto_id="reject_%s"),
    } | forms
