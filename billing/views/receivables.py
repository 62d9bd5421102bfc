"""Who owes how much since when, at the end of any day; and the ledger as a file."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET
from rest_framework.exceptions import ValidationError

from billing.forms import DayForm
from billing.selectors import receivables as selectors
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.manners import site_zone
from segs_site.lib.showing import shown

ROWS = 50


@page_needs(Action.BILL)
@require_GET
def receivables(request: HttpRequest) -> HttpResponse:
    """Show the sums and the accounts."""
    today = timezone.now().astimezone(site_zone()).date()
    day = DayForm(request.GET).asked() or today
    cursor = request.GET.get("cursor")
    try:
        rows, following = selectors.page(on=day, limit=ROWS, cursor=cursor)
    except ValidationError:  # a cursor of another list begins with the first row
        rows, following = selectors.page(on=day, limit=ROWS)
    month = today.replace(day=1)
    context = {
        "form": DayForm(initial={"day": day}),
        "day": day,
        "rows": rows,
        "following": following,
        "totals": selectors.totals(on=day),
        "ledger_start": (month - timedelta(days=1)).replace(day=1),
        "ledger_end": month,
    }
    return shown(request, "billing/receivables.html", context)
