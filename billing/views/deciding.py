"""What the clerk decides of a run: let be, try again, let go out."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from billing.forms import ReasonForm
from billing.models import BillException, BillRun
from billing.services import approving, cancelling
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs


@page_needs(Action.BILL)
@require_POST
def approve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let what is ready be issued."""
    run = get_object_or_404(BillRun, pk=pk)
    try:
        count = approving.approve(run=run, by=request.user.get_username())
    except approving.NothingToApprove:
        words = _(
            "Nothing was approved: no account is ready, or all of them were approved before."
        )
        messages.error(request, words)
    else:
        words = ngettext(
            "%(count)s account is approved: its invoice is being issued.",
            "%(count)s accounts are approved: their invoices are being issued.",
            count,
        )
        messages.success(request, words % {"count": count})
    return redirect("bill-run", run.pk)


@page_needs(Action.BILL)
@require_POST
def retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Reckon held and parked accounts anew."""
    run = get_object_or_404(BillRun, pk=pk)
    count = approving.retry(run=run)
    words = ngettext(
        "%(count)s account is reckoned anew from what is known by now.",
        "%(count)s accounts are reckoned anew from what is known by now.",
        count,
    )
    messages.success(request, words % {"count": count})
    return redirect("bill-run", run.pk)


@page_needs(Action.BILL)
@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Call a run off, and delete its drafts."""
    run = get_object_or_404(BillRun, pk=pk)
    try:
        count = cancelling.cancel(run=run, by=request.user.get_username(), now=timezone.now())
    except cancelling.NotCancellable:
        words = _("It was not cancelled: some of it is approved or issued, or it was before.")
        messages.error(request, words)
    else:
        words = ngettext(
            "The run is cancelled, and %(count)s draft is deleted.",
            "The run is cancelled, and %(count)s drafts are deleted.",
            count,
        )
        messages.success(request, words % {"count": count})
    return redirect("bill-run", run.pk)


@page_needs(Action.BILL)
@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an exception be, with the reason."""
    found = get_object_or_404(BillException.objects.select_related("turn__account"), pk=pk)
    account = found.turn.account.number
    form = ReasonForm(request.POST)
    if not form.is_valid():
        words = _("%(account)s was not resolved: say in 500 characters at most why it may go out.")
        messages.error(request, words % {"account": account})
    else:
        _resolve(request, found, form.cleaned_data["reason"])
    return redirect("bill-run", found.turn.run_id)


def _resolve(request: HttpRequest, found: BillException, reason: str) -> None:
    account = found.turn.account.number
    try:
        approving.resolve(
            exception=found, note=reason, by=request.user.get_username(), now=timezone.now()
        )
    except approving.StillHeld:
        words = _("%(account)s cannot be let be: mend the cause, then reckon it anew.")
        messages.error(request, words % {"account": account})
    else:
        messages.success(request, _("%(account)s is resolved.") % {"account": account})
