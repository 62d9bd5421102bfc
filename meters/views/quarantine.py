"""What waits in quarantine, and what is decided of it: one reading, or all that are chosen."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from meters import verdicts
from meters.choices import QuarantineState
from meters.forms import DecisionForm, QuarantineForm
from meters.models import QuarantinedReading
from meters.selectors import held as selectors
from meters.services import quarantine as service
from meters.services.turning import NotARollover
from meters.views.fleet import tabs
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST_FIRST = paging.Order(("received_at", "id"), descending=True)
ROWS = 50
MOST_TOLD = 5  # refusals said one by one
RAW_SHOWN = 4000  # characters of an item
Decide = Callable[..., QuarantinedReading]
DECISIONS: Mapping[str, Decide] = {
    "adopt": service.adopt,
    "confirm": service.confirm,
    "discard": service.discard,
}


@dataclass(frozen=True, slots=True)
class Held:
    """A held reading as it is listed: with what it says, where that can be read."""

    row: QuarantinedReading
    power_kw: float | None
    region: str
    register_kwh: float | None = None

    @property
    def can_be_adopted(self) -> bool:
        """Whether adopting it is worth a try: a second value of one moment never is."""
        return self.row.reason != verdicts.CONFLICT

    @property
    def may_have_rolled(self) -> bool:
        """Whether a person may confirm that its register rolled over."""
        return self.row.reason == verdicts.REGISTER_ROLLOVER

    @property
    def raw(self) -> str:
        """The item as it came, cut where it is beyond reading."""
        return self.row.raw[:RAW_SHOWN]


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def quarantine(request: HttpRequest) -> HttpResponse:
    """List what is held; take a decision of one or of many."""
    if request.method == "POST":
        _decide(request)
        return redirect(request.get_full_path())
    form = QuarantineForm(request.GET or {"state": QuarantineState.OPEN.value})
    asked = form.asked()
    found = selectors.quarantined(**asked)
    rows, more = page_of(request, found, order=NEWEST_FIRST, limit=ROWS)
    context = {
        "form": form,
        "rows": [_held(row) for row in rows],
        "more": more,
        "is_open": asked["state"] == QuarantineState.OPEN,
        "is_filtered": bool(asked["serial"] or asked["reason"]),
        "note_form": DecisionForm(),
        "now": timezone.now(),
    }
    return shown(request, "meters/quarantine.html", context | tabs(request))


def _held(row: QuarantinedReading) -> Held:
    try:
        said = json.loads(row.raw)
    except (ValueError, RecursionError):
        said = {}
    if not isinstance(said, dict):
        said = {}
    power, region = said.get("powerKw"), said.get("region")
    return Held(
        row,
        power_kw=_number(power),
        region=region if isinstance(region, str) else "",
        register_kwh=_number(said.get("registerKwh")),
    )


def _number(said: object) -> float | None:
    is_number = isinstance(said, int | float) and not isinstance(said, bool)
    return float(said) if is_number else None  # type: ignore[arg-type]


def _decide(request: HttpRequest) -> None:
    decision, _colon, one = request.POST.get("decision", "").partition(":")
    pks = _numbers([one] if one else request.POST.getlist("ids"))
    form = DecisionForm(request.POST)
    if decision not in DECISIONS or not form.is_valid():
        messages.error(request, _("Nothing was decided: write a note of 500 characters at most."))
    elif not pks:
        messages.error(request, _("Nothing was decided: choose readings first."))
    else:
        _decide_all(request, decision, pks, note=form.cleaned_data["note"])


def _decide_all(request: HttpRequest, decision: str, pks: Sequence[int], *, note: str) -> None:
    refused: list[str] = []
    for pk in pks:
        try:
            DECISIONS[decision](
                pk=pk, by=request.user.get_username(), note=note, now=timezone.now()
            )
        except QuarantinedReading.DoesNotExist:
            refused.append(_("It is not in the quarantine."))
        except (service.AlreadyDecided, service.NotAdoptable, NotARollover) as problem:
            refused.append(str(problem))
    if len(pks) > len(refused):
        messages.success(request, _said(decision, len(pks) - len(refused)))
    for words in list(dict.fromkeys(refused))[:MOST_TOLD]:
        count = refused.count(words)
        text = ngettext(
            "%(count)s reading stays as it was: %(why)s.",
            "%(count)s readings stay as they were: %(why)s.",
            count,
        )
        messages.error(request, text % {"count": count, "why": words.rstrip(".")})


def _said(decision: str, count: int) -> str:
    if decision == "adopt":
        words = ngettext(
            "%(count)s reading is adopted: workers count it within seconds.",
            "%(count)s readings are adopted: workers count them within seconds.",
            count,
        )
    elif decision == "confirm":
        words = ngettext(
            "%(count)s rollover is confirmed, with the readings that go on from it.",
            "%(count)s rollovers are confirmed, with the readings that go on from them.",
            count,
        )
    else:
        words = ngettext(
            "%(count)s reading is discarded: it stays to be looked at.",
            "%(count)s readings are discarded: they stay to be looked at.",
            count,
        )
    return words % {"count": count}


def _numbers(texts: Sequence[str]) -> list[int]:
    numbers = (int(text) for text in texts if text.isdecimal() and len(text) < 19)
    return list(dict.fromkeys(numbers))[:ROWS]
