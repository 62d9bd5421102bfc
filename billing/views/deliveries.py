"""Bills on their way: mails that did not arrive, what waits for paper, and print batches."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.models import Delivery, PrintBatch
from billing.services import delivering, printing
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("id",), descending=True)
ROWS, BATCHES = 25, 10


@page_needs(Action.BILL)
@require_GET
def deliveries(request: HttpRequest) -> HttpResponse:
    """Show what needs somebody, what waits, and the newest batches."""
    troubled = Delivery.objects.troubled().select_related("invoice__account__customer")
    rows, older = page_of(request, troubled, order=NEWEST, limit=ROWS)
    context = {
        "troubled": rows,
        "older": older,
        "to_mail": Delivery.objects.to_mail().count(),
        "to_print": Delivery.objects.to_print().count(),
        "batches": PrintBatch.objects.defer("pdf")[:BATCHES],
    }
    return shown(request, "billing/deliveries.html", context)


@page_needs(Action.BILL)
@require_POST
def see(request: HttpRequest, pk: int) -> HttpResponse:
    """Take note of a mail that did not arrive."""
    found = get_object_or_404(Delivery, pk=pk)
    try:
        delivering.see(delivery=found, by=request.user.get_username(), now=timezone.now())
    except delivering.NotTroubled:
        messages.error(request, _("Nothing was done: somebody has seen to it before."))
    else:
        words = _("Seen to: the next bill is mailed to %(address)s again.")
        messages.success(request, words % {"address": found.address})
    return redirect("deliveries")


@page_needs(Action.BILL)
@require_POST
def batch(request: HttpRequest) -> HttpResponse:
    """Ask for a print batch."""
    try:
        printing.want(by=request.user.get_username(), now=timezone.now())
    except printing.NothingToPrint:
        messages.error(request, _("Nothing was done: no bill waits for paper."))
    except printing.WantedAlready:
        messages.error(request, _("Nothing was done: a batch is being made."))
    else:
        messages.success(request, _("Asked for: a worker makes the batch within seconds."))
    return redirect("deliveries")
