"""Bank files: taken in or previewed, and the worklist of what does not match."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.choices import EntryState
from billing.forms import AssignForm, BankFileForm, EntriesForm, ReasonForm
from billing.models import BankEntry, BankFile, Payment
from billing.selectors import banking as questions
from billing.services import banking, matching, receiving
from meters.formats.base import Refused
from segs_site.lib import money, paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST = paging.Order(("booked_on", "id"), descending=True)
ROWS, FILES, FAULTS = 25, 10, 20


@page_needs(Action.BILL)
@require_http_methods(["GET", "POST"])
def bank(request: HttpRequest) -> HttpResponse:
    """Show what waits; take a file in, or say what would become of it."""
    form = BankFileForm(request.POST or None, request.FILES or None)
    preview = None
    if request.method == "POST" and form.is_valid():
        preview = _taken(request, form)
        if preview is None and not form.errors:
            return redirect("bank")
    state = EntriesForm(request.GET).asked()
    entries = questions.entries(state=state)
    rows, older = page_of(request, entries, order=NEWEST, limit=ROWS)
    waits = state == EntryState.WAITING
    context = {
        "form": form,
        "preview": preview,
        "state": state,
        "states": [(each, BankEntry.objects.filter(state=each).count()) for each in EntryState],
        "entries": [(row, questions.offered(row) if waits and not row.is_credit else [])
                    for row in rows],
        "older": older,
        "files": BankFile.objects.all()[:FILES],
    }  # fmt: skip
    return shown(request, "billing/bank.html", context, status=422 if form.errors else 200)


def _taken(request: HttpRequest, form: BankFileForm) -> banking.Preview | None:
    """Take the file in, or return its preview; what is wrong is said by the form."""
    file = form.cleaned_data["file"]
    told: dict[str, Any] = {
        "stream": file, "name": file.name, "format_name": form.cleaned_data["format"]
    }  # fmt: skip
    try:
        if "preview" in request.POST:
            return banking.preview(**told)
        made = banking.take_in(**told, by=request.user.get_username(), now=timezone.now())
    except banking.AlreadyTaken as known:
        words = _("Nothing to do: the same file was taken in before, as %(name)s.")
        form.add_error("file", words % {"name": known.file.name})
    except questions.UnknownFormat:
        form.add_error("format", _("It is not plain how the file is read: name its format."))
    except Refused as refused:
        for fault in refused.faults[:FAULTS]:
            form.add_error("file", f"{_('Line')} {fault.line}: {fault.reason}")
    else:
        words = ngettext(
            "%(name)s is in: %(count)s new entry, which a worker matches within seconds.",
            "%(name)s is in: %(count)s new entries, which a worker matches within seconds.",
            made.added,
        )
        messages.success(request, words % {"name": made.name, "count": made.added})
    return None


@page_needs(Action.BILL)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Book an entry for the invoice or account whose number is given."""
    form = AssignForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(form.errors["number"][0]))
        return redirect("bank")
    done = _("%(amount)s %(currency)s is booked.")
    return _decide(request, pk, matching.assign, done, **form.cleaned_data["number"])


@page_needs(Action.BILL)
@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Take back the payment that a return means."""
    payment = Payment.objects.filter(reference=request.POST.get("payment", "")).first()
    if payment is None:
        messages.error(request, _("No payment has this reference."))
        return redirect("bank")
    done = _("The payment of %(amount)s %(currency)s is taken back, what it paid is open again.")
    return _decide(request, pk, matching.take_back, done, payment=payment)


@page_needs(Action.BILL)
@require_POST
def ignore(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an entry be, with the reason."""
    return _with_reason(request, pk, matching.ignore, _("%(amount)s %(currency)s is let be."))


@page_needs(Action.BILL)
@require_POST
def undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Let an entry wait again."""
    done = _("%(amount)s %(currency)s waits again: what was booked of it is taken back.")
    return _with_reason(request, pk, matching.undo, done)


def _with_reason(
    request: HttpRequest, pk: int, act: Callable[..., BankEntry], done: str
) -> HttpResponse:
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Nothing was done: say why, in 500 characters at most."))
        return redirect("bank")
    return _decide(request, pk, act, done, reason=form.cleaned_data["reason"])


def _decide(
    request: HttpRequest, pk: int, act: Callable[..., BankEntry], done: str, **said: Any
) -> HttpResponse:
    entry = get_object_or_404(BankEntry, pk=pk)
    refusals = _refusals()
    try:
        act(entry=entry, by=request.user.get_username(), now=timezone.now(), **said)
    except tuple(refusals) as refusal:
        messages.error(request, refusals[type(refusal)])
    else:
        amount = money.rounded(entry.amount, entry.currency)
        messages.success(request, done % {"amount": amount, "currency": entry.currency})
    return redirect("bank")


def _refusals() -> dict[type[Exception], str]:
    """Return what the page says of each refusal, in the language of whoever asks."""
    return {
        matching.NotWaiting: _("Nothing was done: somebody has decided it before."),
        matching.NotDecided: _("Nothing was done: there is nothing to undo."),
        matching.OtherWay: _("Nothing was done: the money went the other way."),
        matching.TakenBack: _("Nothing was done: the bank took it back, undo that entry first."),
        matching.WrongCurrency: _("Nothing was done: it has another currency."),
        receiving.NotTheirs: _("Nothing was done: the invoice was made void."),
        receiving.BadAmount: _("Nothing was done: that is no amount of its currency."),
        receiving.Reversed: _("Nothing was done: the payment was taken back before."),
    }
