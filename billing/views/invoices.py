"""Invoices: a list, one with everything it is made of, and the intervals of a line."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from billing.choices import DisputeState, InvoiceState
from billing.forms import (
    AnswerForm,
    DisputeForm,
    IntervalsForm,
    InvoicesForm,
    PaymentForm,
    ReasonForm,
)
from billing.models import AsBilled, Invoice, InvoiceLine
from billing.selectors import documents, standing
from billing.selectors import invoices as selectors
from segs_site.lib import money, paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.manners import site_zone
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("starts_on", "id"), descending=True)
ROWS = 50
NOT_LIVE = {InvoiceState.DRAFT, InvoiceState.VOID}


@page_needs(Action.BILL)
@require_GET
def invoices(request: HttpRequest) -> HttpResponse:
    """List invoices, newest period first."""
    form = InvoicesForm(request.GET)
    asked, found = form.asked(), everybodys().select_related("account__customer")
    if asked.get("account"):
        found = found.filter(account__number=asked["account"])
    if asked.get("state"):
        found = found.in_state(asked["state"])
    rows, older = page_of(request, found, order=NEWEST, limit=ROWS)
    context = {"form": form, "invoices": rows, "older": older, "is_filtered": any(asked.values())}
    return shown(request, "billing/invoices.html", context)


@page_needs(Action.BILL)
@require_GET
def invoice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one invoice: what it is made of, and what became of it."""
    found = get_object_or_404(everybodys(), pk=pk)
    return shown(request, "billing/invoice.html", invoice_context(found))


@page_needs(Action.BILL)
@require_GET
def line(request: HttpRequest, pk: int, place: int) -> HttpResponse:
    """Show the intervals of one day of a line, of its first without one."""
    lines = InvoiceLine.objects.select_related("invoice__account")
    found = get_object_or_404(lines, invoice=pk, place=place)
    days = list(AsBilled.objects.filter(line=found).order_by("day").values_list("day", flat=True))
    asked = IntervalsForm(request.GET).asked()
    if not days or (asked is not None and asked not in days):
        raise Http404("The line has no intervals of this day.")
    day = asked or days[0]
    context = {
        "invoice": found.invoice,
        "line": found,
        "days": days,
        "day": day,
        "intervals": selectors.intervals(found, day=day),
    }
    return shown(request, "billing/line.html", context)


def everybodys() -> Any:
    """Return every invoice with where it stands: clerks see them all."""
    return selectors.seen_by(user_id=0, sees_all=True)


def invoice_context(invoice: Invoice, **forms: Any) -> dict[str, Any]:
    """Return what the page of an invoice shows; `forms` stand in for the empty ones."""
    state, open_amount = standing.state_of(invoice), standing.open_amount(invoice)
    disputes = list(invoice.disputes.all())
    dispute = next((each for each in disputes if each.closed_at is None), None)
    return {
        "invoice": invoice,
        "state": state,
        "is_live": state not in NOT_LIVE,
        "paid": standing.paid(invoice),
        "fees": standing.fees(invoice),
        "reminders": invoice.reminders.order_by("id"),
        "open_amount": open_amount,
        "drawing": documents.drawing_of(invoice),
        "sections": _sections(invoice),
        "events": invoice.events.order_by("at", "id"),
        "payments": invoice.payments.all(),
        "note": getattr(invoice, "credit_note", None),
        "run": invoice.turns.order_by("-run_id").values_list("run_id", flat=True).first(),
        "disputes": disputes,
        "dispute": dispute,
        "can_review": dispute is not None and dispute.state == DisputeState.OPEN,
        "pay_form": PaymentForm(initial=_payment(invoice, open_amount), auto_id="pay_%s"),
        "void_form": ReasonForm(auto_id="void_%s"),
        "dispute_form": DisputeForm(auto_id="dispute_%s"),
        "answer_form": AnswerForm(auto_id="answer_%s"),
    } | forms


def _payment(invoice: Invoice, open_amount: Any) -> dict[str, Any]:
    today = timezone.now().astimezone(site_zone()).date()
    amount = money.rounded(open_amount, invoice.currency) if open_amount > 0 else None
    return {"amount": amount, "received_on": today}


def _sections(invoice: Invoice) -> list[dict[str, Any]]:
    """Return each section with its lines and how many days of intervals each has."""
    days: dict[int, int] = {}
    for row in AsBilled.objects.filter(line__invoice=invoice).values_list("line", flat=True):
        days[row] = days.get(row, 0) + 1
    lines = list(invoice.lines.select_related("corrects__invoice"))
    return [
        section | {"lines": [(row, days.get(row.pk, 0)) for row in lines if row.section == place]}
        for place, section in enumerate(invoice.sections)
    ]
