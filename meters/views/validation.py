"""The worklist of validation: what rules found, raw beside final, and what is decided of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from meters.forms import EnergiesForm, SettlingForm, ValidationForm
from meters.models import Finding
from meters.selectors import findings as selectors
from meters.selectors.findings import Beside
from meters.services import editing
from meters.services.editing import Decision
from meters.views.fleet import tabs
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import QUARTER, Period
from segs_site.lib.showing import page_of, shown

NEWEST_FIRST = paging.Order(("found_at", "id"), descending=True)
ROWS = 50
QUARTERS_A_PAGE = 96
DECISIONS: Mapping[str, Callable[..., Finding]] = {
    "accept": editing.accept,
    "estimate": editing.estimate,
}
WORDS: Mapping[type[BaseException], Any] = {
    Finding.DoesNotExist: gettext_lazy("It is not in the worklist."),
    editing.AlreadySettled: gettext_lazy("It is decided, or late data healed it."),
    editing.NothingThere: gettext_lazy("No value stands there that could be accepted."),
    editing.NotEstimable: gettext_lazy(
        "Neither neighbours nor history nor registers say what it was."
    ),
    editing.Misentered: gettext_lazy("The energies do not fit."),
}


@dataclass(frozen=True, slots=True)
class Quarter:
    """A quarter-hour of a finding; `beside` is None where nothing stands."""

    start: datetime
    beside: Beside | None


@dataclass(frozen=True, slots=True)
class Sums:
    """What the quarter-hours of a finding hold together; None where none of them says it."""

    expected: int
    standing: int
    raw_mwh: int | None
    final_mwh: int | None


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def validation(request: HttpRequest) -> HttpResponse:
    """List what rules found; take a decision of one finding or of many."""
    if request.method == "POST":
        _decide(request)
        return redirect(request.get_full_path())
    form = ValidationForm(request.GET)
    asked = form.asked()
    rows, more = page_of(request, selectors.findings(**asked), order=NEWEST_FIRST, limit=ROWS)
    context = {
        "form": form,
        "rows": rows,
        "more": more,
        "can_be_decided": any(row.can_be_decided for row in rows),
        "is_filtered": bool(asked["serial"] or asked["rule"]),
        "is_open": form.is_open,
        "settling": SettlingForm(),
    }
    return shown(request, "meters/validation.html", context | tabs(request))


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def finding(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a finding's quarter-hours, raw beside final; take a decision of it."""
    row = get_object_or_404(Finding.objects.select_related("meter"), pk=pk)
    form = EnergiesForm(request.POST or None)
    if request.method == "POST":
        if _settle(request, row, form):
            return redirect("finding", pk)
        row.refresh_from_db()
    quarters = _quarters(row)
    first = _place(request.GET.get("from", ""), len(quarters))
    context = {
        "row": row,
        "form": form,
        "quarters": quarters[first : first + QUARTERS_A_PAGE],
        "sums": _sums(quarters),
        "is_shifted": _offset(row.start) != _offset(row.end),
        "earlier": max(0, first - QUARTERS_A_PAGE) if first else None,
        "later": _later(first, len(quarters)),
    }
    return shown(request, "meters/finding.html", context | tabs(request))


def _offset(moment: datetime) -> timedelta | None:
    return timezone.localtime(moment).utcoffset()


def _quarters(row: Finding) -> list[Quarter]:
    there = {each.start: each for each in selectors.beside(row)}
    starts = [one.start for one in Period(row.start, row.end).windows(QUARTER)]
    return [Quarter(start, there.get(start)) for start in starts]


def _sums(quarters: Sequence[Quarter]) -> Sums:
    standing = [each.beside for each in quarters if each.beside is not None]
    return Sums(
        len(quarters),
        len(standing),
        raw_mwh=_sum(each.raw_mwh for each in standing),
        final_mwh=_sum(each.final_mwh for each in standing),
    )


def _sum(energies: Iterable[int | None]) -> int | None:
    known = [energy for energy in energies if energy is not None]
    return sum(known) if known else None


def _place(text: str, count: int) -> int:
    """Return which quarter-hour the page begins with; the first for what is none of them."""
    place = int(text) if text.isdecimal() and len(text) < 9 else 0
    return place if place < count else 0


def _later(first: int, count: int) -> int | None:
    return first + QUARTERS_A_PAGE if first + QUARTERS_A_PAGE < count else None


def _settle(request: HttpRequest, row: Finding, form: EnergiesForm) -> bool:
    """Decide one finding as its page asks; tell whether that came about."""
    decision = request.POST.get("decision", "")
    form.needs_energies = decision == "enter"
    if not form.is_valid():
        return False
    said = form.cleaned_data
    told = _told(request, said["reason"])
    try:
        if decision == "enter":
            editing.edit(pk=row.pk, kwh=said["kwh"], decision=told)
        elif decision in DECISIONS:
            DECISIONS[decision](pk=row.pk, decision=told)
        else:
            form.add_error(None, _("Nothing was decided."))
            return False
    except tuple(WORDS) as refusal:
        form.add_error("kwh" if isinstance(refusal, editing.Misentered) else None, _why(refusal))
        return False
    messages.success(request, _said(decision, 1))
    return True


def _decide(request: HttpRequest) -> None:
    decision, _colon, one = request.POST.get("decision", "").partition(":")
    pks = _numbers([one] if one else request.POST.getlist("ids"))
    form = SettlingForm(request.POST)
    if decision not in DECISIONS or not form.is_valid():
        messages.error(
            request, _("Nothing was decided: write a reason of 500 characters at most.")
        )
    elif not pks:
        messages.error(request, _("Nothing was decided: choose findings first."))
    else:
        _decide_all(request, decision, pks, reason=form.cleaned_data["reason"])


def _decide_all(request: HttpRequest, decision: str, pks: Sequence[int], *, reason: str) -> None:
    refused: list[str] = []
    for pk in pks:
        try:
            DECISIONS[decision](pk=pk, decision=_told(request, reason))
        except tuple(WORDS) as refusal:
            refused.append(_why(refusal))
    if len(pks) > len(refused):
        messages.success(request, _said(decision, len(pks) - len(refused)))
    for words in dict.fromkeys(refused):
        count = refused.count(words)
        text = ngettext(
            "%(count)s finding stays as it was: %(why)s",
            "%(count)s findings stay as they were: %(why)s",
            count,
        )
        messages.error(request, text % {"count": count, "why": words})


def _told(request: HttpRequest, reason: str) -> Decision:
    return Decision(by=request.user.get_username(), reason=reason, now=timezone.now())


def _why(refusal: BaseException) -> str:
    """Return why it was refused; what was entered wrongly says more of itself."""
    words = str(WORDS[type(refusal)])
    if isinstance(refusal, editing.Misentered) and str(refusal):
        return f"{words} {str(refusal).capitalize()}."
    return words


def _said(decision: str, count: int) -> str:
    if decision == "accept":
        words = ngettext(
            "%(count)s finding is accepted: what stands there counts.",
            "%(count)s findings are accepted: what stands there counts.",
            count,
        )
    elif decision == "estimate":
        words = ngettext(
            "%(count)s finding is estimated; what the meter gave stays beside.",
            "%(count)s findings are estimated; what the meters gave stays beside.",
            count,
        )
    else:
        words = _("What you entered counts now; what the meter gave stays beside.")
    return words % {"count": count}


def _numbers(texts: Sequence[str]) -> list[int]:
    numbers = (int(text) for text in texts if text.isdecimal() and len(text) < 19)
    return list(dict.fromkeys(numbers))[:ROWS]
