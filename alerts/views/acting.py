"""What operators do with alerts, and what they write down; every change is a service's."""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from alerts.forms import ActForm, ListForm, PlannedWorkForm, ShiftNoteForm
from alerts.models import PlannedWork
from alerts.selectors import board
from alerts.services import acting, handover, planning, shelving
from alerts.views.desk import desk_context, shown
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.periods import Period

Verb = Callable[..., Collection[int]]


@page_needs(Action.OPERATE_GRID)
@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one thing to many alerts; a script is answered with what was done."""
    now = timezone.now()
    form = ActForm(request.POST)
    if not form.is_valid():
        return _refused(request, [str(each) for some in form.errors.values() for each in some])
    ids = _ids(request, form, now)
    try:
        done = _verb(form.cleaned_data, now)(ids=ids, by=request.user.get_username(), now=now)
    except acting.NotAnOperator:
        return _refused(request, [_("Alerts are given to those who may work on them.")])
    return _answered(request, form.cleaned_data["verb"], len(done), len(ids) - len(done))


@page_needs(Action.OPERATE_GRID)
@require_POST
def write_note(request: HttpRequest) -> HttpResponse:
    """Keep a note for the next shift."""
    now = timezone.now()
    form = ShiftNoteForm(request.POST, auto_id="note_%s")
    if not form.is_valid():
        return _again(request, now, note_form=form)
    handover.write(text=form.cleaned_data["text"], by=request.user.get_username(), now=now)
    messages.success(request, _("The note is kept for the next shift."))
    return redirect("alerts")


@page_needs(Action.OPERATE_GRID)
@require_POST
def plan_work(request: HttpRequest) -> HttpResponse:
    """Keep planned work, which explains alerts of its place and time."""
    now = timezone.now()
    form = PlannedWorkForm(request.POST, auto_id="work_%s")
    if not form.is_valid() or not _plan(request, form, now):
        return _again(request, now, work_form=form)
    messages.success(request, _("The work is planned: what it makes dark is no alarm."))
    return redirect("alerts")


@page_needs(Action.OPERATE_GRID)
@require_POST
def cancel_work(request: HttpRequest, pk: int) -> HttpResponse:
    """Call planned work off, or end it early."""
    work = get_object_or_404(PlannedWork, pk=pk)
    try:
        planning.cancel(work=work, by=request.user.get_username(), now=timezone.now())
    except planning.NotOpen:
        messages.error(request, _("Nothing was done: this work is over, or was called off."))
    else:
        messages.success(request, _("The work is over: what is still dark stands by itself."))
    return redirect("alerts")


def _verb(data: dict[str, Any], now: datetime) -> Verb:
    note, verb = data["note"], data["verb"]
    if verb == "shelve":
        until = now + timedelta(minutes=data["minutes"])
        return partial(shelving.shelve_all, until=until, reason=note)
    if verb == "note":
        return partial(acting.note_all, text=note)
    if verb == "assign":
        return partial(acting.assign_all, to=data["owner"], note=note)
    verbs: dict[str, Verb] = {
        "acknowledge": acting.acknowledge_all,
        "unshelve": shelving.unshelve_all,
        "resolve": acting.resolve_all,
    }
    return partial(verbs[verb], note=note)


def _ids(request: HttpRequest, form: ActForm, now: datetime) -> list[int]:
    """Return the alerts named, or all of the list that was looked at."""
    if not form.cleaned_data["everything"]:
        return list(form.cleaned_data["ids"])
    asked = QueryDict(request.POST.get("list", ""))
    tab = asked.get("tab", board.Tab.ACTIVE)
    wanted = ListForm(asked).wanted(me=int(request.user.pk or 0))
    if tab not in {*board.Tab}:
        return []
    return list(board.listed(board.Tab(tab), wanted, now=now).values_list("pk", flat=True))


def _plan(request: HttpRequest, form: PlannedWorkForm, now: datetime) -> bool:
    data = form.cleaned_data
    order = planning.Order(
        during=Period(data["starts_at"], data["ends_at"]),
        reason=data["reason"],
        region=data["region"],
        feeder=data["feeder"],
        transformer=data["transformer"],
    )
    try:
        planning.plan(order=order, by=request.user.get_username(), now=now)
    except planning.NothingLeft:
        form.add_error("ends_at", _("This work would be over before it is planned."))
    return not form.errors


def _again(request: HttpRequest, now: datetime, **forms: Any) -> HttpResponse:
    context = desk_context(request, now=now) | forms
    return shown(request, "alerts/desk.html", context, status=422)


def _refused(request: HttpRequest, words: list[str]) -> HttpResponse:
    if request.accepts("text/html"):
        for each in words:
            messages.error(request, each)
        return redirect("alerts")
    return JsonResponse({"detail": " ".join(words)}, status=422)


def _answered(request: HttpRequest, verb: str, done: int, left: int) -> HttpResponse:
    words = _done_words(verb, done)
    if left:
        words += " " + ngettext(
            "%(count)s stood otherwise by now.", "%(count)s stood otherwise by now.", left
        ) % {"count": left}
    if request.accepts("text/html"):
        messages.success(request, words)
        return redirect("alerts")
    return JsonResponse({"done": done, "left": left, "message": words})


def _done_words(verb: str, count: int) -> str:
    sentences = {
        "acknowledge": ngettext(
            "%(count)s alert acknowledged.", "%(count)s alerts acknowledged.", count
        ),
        "shelve": ngettext("%(count)s alert shelved.", "%(count)s alerts shelved.", count),
        "unshelve": ngettext(
            "%(count)s alert taken from the shelf.",
            "%(count)s alerts taken from the shelf.",
            count,
        ),
        "assign": ngettext("%(count)s alert assigned.", "%(count)s alerts assigned.", count),
        "note": ngettext("Noted at %(count)s alert.", "Noted at %(count)s alerts.", count),
        "resolve": ngettext("%(count)s alert resolved.", "%(count)s alerts resolved.", count),
    }
    return sentences[verb] % {"count": count}
