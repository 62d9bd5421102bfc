"""What becomes of an invoice: paid, made void, disputed and answered."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from billing.forms import AnswerForm, DisputeForm, PaymentForm, ReasonForm
from billing.models import Dispute, Invoice
from billing.services import disputing, issuing, receiving
from billing.views.invoices import everybodys, invoice_context
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import shown


@page_needs(Action.BILL)
@require_POST
def pay(request: HttpRequest, pk: int) -> HttpResponse:
    """Book a payment; its reference counts once."""
    found = get_object_or_404(everybodys(), pk=pk)
    form = PaymentForm(request.POST, auto_id="pay_%s")
    if not form.is_valid() or not _book(request, found, form):
        return _again(request, found, pay_form=form)
    messages.success(request, _("The payment is booked; sent again it would count once."))
    return redirect("invoice", found.pk)


@page_needs(Action.BILL)
@require_POST
def void(request: HttpRequest, pk: int) -> HttpResponse:
    """Take an invoice back by a credit note."""
    found = get_object_or_404(everybodys(), pk=pk)
    form = ReasonForm(request.POST, auto_id="void_%s")
    if not form.is_valid():
        return _again(request, found, void_form=form)
    reason, by = form.cleaned_data["reason"], request.user.get_username()
    try:
        note = issuing.void(invoice=found, reason=reason, by=by, now=timezone.now())
    except issuing.NotLive:
        messages.error(request, _("Nothing was done: it is a draft, or was made void before."))
    else:
        words = _("Void: %(number)s credits all of it, and its period can be billed again.")
        messages.success(request, words % {"number": note.number})
    return redirect("invoice", found.pk)


@page_needs(Action.BILL)
@require_POST
def dispute(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a dispute."""
    found = get_object_or_404(everybodys(), pk=pk)
    form = DisputeForm(request.POST, auto_id="dispute_%s")
    if not form.is_valid():
        return _again(request, found, dispute_form=form)
    reason, by = form.cleaned_data["reason"], request.user.get_username()
    try:
        disputing.open_dispute(invoice=found, reason=reason, by=by, now=timezone.now())
    except disputing.NotDisputable:
        words = _("Nothing was done: it is a draft or void, or a dispute of it is open.")
        messages.error(request, words)
    else:
        messages.success(request, _("The dispute is open: nobody is reminded until it is closed."))
    return redirect("invoice", found.pk)


@page_needs(Action.BILL)
@require_POST
def review(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a dispute up."""
    found = get_object_or_404(Dispute, pk=pk)
    try:
        disputing.review(dispute=found)
    except disputing.NotOpen:
        messages.error(request, _("Nothing was done: somebody took it up, or it is closed."))
    else:
        messages.success(request, _("The dispute is under review."))
    return redirect("invoice", found.invoice_id)


@page_needs(Action.BILL)
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a dispute."""
    found = get_object_or_404(Dispute.objects.select_related("invoice"), pk=pk)
    form = AnswerForm(request.POST, auto_id="answer_%s")
    if not form.is_valid():
        return _again(request, everybodys().get(pk=found.invoice_id), answer_form=form)
    by, now = request.user.get_username(), timezone.now()
    try:
        disputing.close(dispute=found, **form.cleaned_data, by=by, now=now)
    except disputing.NotOpen:
        messages.error(request, _("Nothing was done: the dispute is closed."))
    else:
        messages.success(request, _("The dispute is closed with your answer."))
    return redirect("invoice", found.invoice_id)


def _book(request: HttpRequest, invoice: Invoice, form: PaymentForm) -> bool:
    try:
        receiving.receive(
            **form.cleaned_data,
            account=invoice.account,
            invoice=invoice,
            currency=invoice.currency,
            by=request.user.get_username(),
            now=timezone.now(),
        )
    except receiving.BookedBefore:
        form.add_error("reference", _("Another payment has this reference."))
    except receiving.BadAmount:
        words = _("That is no amount of %(currency)s: positive, and no finer than it is paid.")
        form.add_error("amount", words % {"currency": invoice.currency})
    except receiving.NotTheirs:
        form.add_error(None, _("A draft, or an invoice that was made void, takes no payment."))
    return not form.errors


def _again(request: HttpRequest, invoice: Invoice, **forms: Any) -> HttpResponse:
    context = invoice_context(invoice, **forms)
    return shown(request, "billing/invoice.html", context, status=422)
