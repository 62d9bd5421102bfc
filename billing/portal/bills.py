"""Bills: every one with its balance, and one to its intervals, which can be objected to."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.choices import InvoiceState
from billing.forms import DisputeForm, IntervalsForm
from billing.models import AsBilled, Invoice, InvoiceLine
from billing.portal import own
from billing.portal.showing import shown
from billing.selectors import differing, invoices, standing
from billing.services import disputing
from segs_site.lib import money
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs

ROWS = 60  # five years of months


@page_needs(Action.SEE_OWN)
@require_GET
def bills(request: HttpRequest) -> HttpResponse:
    """List one's bills, newest first, and what is owed."""
    mine = own.of(request)
    rows = list(own.bills(request)[:ROWS])
    pairs = {(bill.account_id, bill.currency) for bill in rows}
    balances = [
        (account, currency, standing.balance(account=account, currency=currency))
        for account in mine.accounts
        for pk, currency in sorted(pairs)
        if pk == account.pk
    ]
    context = {"bills": rows, "balances": balances, "is_many": len(mine.accounts) > 1}
    return shown(request, "portal/bills.html", context | {"is_cut": len(rows) == ROWS})


@page_needs(Action.SEE_OWN)
@require_GET
def bill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bill: why it is what it is, and every line."""
    return shown(request, "portal/bill.html", _context(_found(request, pk), DisputeForm()))


@page_needs(Action.SEE_OWN)
@require_GET
def line(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """Show what one line was made of on one day, its first without one asked for."""
    lines = InvoiceLine.objects.select_related("invoice", "corrects__invoice")
    found = get_object_or_404(lines, invoice=_found(request, pk), place=place)
    days = list(AsBilled.objects.filter(line=found).order_by("day").values_list("day", flat=True))
    asked = IntervalsForm(request.GET).asked()
    if not days or (asked is not None and asked not in days):
        raise Http404("The line has no intervals of this day.")
    day = asked or days[0]
    rows = invoices.intervals(found, day=day)
    context = {
        "bill": found.invoice,
        "line": found,
        "days": days,
        "day": day,
        "intervals": rows,
        "energy_kwh": sum((each.energy_kwh for each in rows), money.total(())),
        "amount": money.total(each.amount for each in rows),
    }
    return shown(request, "portal/line.html", context)


@page_needs(Action.SEE_OWN)
@require_POST
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Object to a bill of one's own."""
    found, form = _found(request, pk), DisputeForm(request.POST)
    if not form.is_valid():
        return shown(request, "portal/bill.html", _context(found, form), status=422)
    by = request.user.get_username()
    try:
        disputing.open_dispute(
            invoice=found, reason=form.cleaned_data["reason"], by=by, now=timezone.now()
        )
    except disputing.NotDisputable:
        messages.error(request, _("Nothing was done: it was taken back, or you objected before."))
    else:
        words = _("We have your objection. Nobody reminds you of this bill until we answered.")
        messages.success(request, words)
    return redirect("portal-bill", found.pk)


def _found(request: HttpRequest, pk: int) -> Invoice:
    """Return a bill of the asker's; raises Http404 for every other."""
    return get_object_or_404(own.bills(request), pk=pk)


def _context(bill: Invoice, form: DisputeForm) -> dict[str, Any]:
    lines = list(bill.lines.select_related("corrects__invoice"))
    opens = set(AsBilled.objects.filter(line__invoice=bill).values_list("line", flat=True))
    objections = list(bill.disputes.all())
    state = standing.state_of(bill)
    return {
        "bill": bill,
        "state": state,
        "open_amount": standing.open_amount(bill),
        "payments": bill.payments.all(),
        "note": getattr(bill, "credit_note", None),
        "why": differing.of_bill(bill),
        "sections": [
            section
            | {
                "where": section.get("address") or section.get("point", ""),
                "lines": [(row, row.pk in opens) for row in lines if row.section == place],
            }
            for place, section in enumerate(bill.sections)
        ],
        "objections": objections,
        "may_object": state != InvoiceState.VOID and all(each.closed_at for each in objections),
        "form": form,
    }
