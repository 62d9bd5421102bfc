"""The clerk's list of reminders."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from billing.models import Reminder
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("id",), descending=True)
ROWS = 50


@page_needs(Action.BILL)
@require_GET
def reminders(request: HttpRequest) -> HttpResponse:
    """List reminders, newest first."""
    found = Reminder.objects.select_related("invoice__account__customer")
    rows, older = page_of(request, found, order=NEWEST, limit=ROWS)
    return shown(request, "billing/reminders.html", {"reminders": rows, "older": older})
