"""The page Imports: meter files are sent, looked at, taken in, and taken back."""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from meters.choices import UploadState
from meters.forms import FormatForm, UndoForm, UploadForm
from meters.models import Upload
from meters.selectors import uploads
from meters.services import taking_in, uploading
from meters.views.fleet import tabs
from segs_site.lib import paging
from segs_site.lib.access import Action
from segs_site.lib.doors import page_needs
from segs_site.lib.showing import page_of, shown

NEWEST_FIRST = paging.Order(("id",), descending=True)
ROWS = 50
REFUSALS: Mapping[type[Exception], Any] = {
    uploading.UnknownFormat: gettext_lazy("No format and no import profile has that name."),
    uploading.NotOpen: gettext_lazy("Nothing was done: the file is past that."),
    uploading.NoReason: gettext_lazy("Nothing was done: say why the file is taken back."),
}


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """List what was sent; take one more file."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        sent = _receive(request, form)
        if sent is not None:
            return redirect("import", sent.pk)
    rows, more = page_of(request, uploads.uploads(), order=NEWEST_FIRST, limit=ROWS)
    context = {"form": form, "rows": [(row, UploadState(row.state)) for row in rows], "more": more}
    status = 200 if request.method == "GET" else 400
    return shown(request, "meters/imports.html", context | tabs(request), status=status)


def _receive(request: HttpRequest, form: UploadForm) -> Upload | None:
    file = form.cleaned_data["file"]
    try:
        sent = uploading.receive(
            stream=file,
            name=file.name,
            format_name=form.cleaned_data["format"],
            by=request.user.get_username(),
            now=timezone.now(),
        )
    except (uploading.Unreadable, uploading.UnknownFormat) as refusal:
        form.add_error("file", str(refusal) or REFUSALS[uploading.UnknownFormat])
        return None
    taking_in.work_small(upload_id=sent.pk, now=timezone.now())
    return sent


@page_needs(Action.OPERATE_GRID)
@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what was found in a file; do what is decided."""
    row = Upload.objects.select_related("file").filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        _decide(request, row)
        return redirect("import", pk)
    state = UploadState(row.state)
    context = {
        "row": row,
        "state": state,
        "report": row.report,
        "is_busy": state in UploadState.busy(),
        "is_open": state in UploadState.open(),
        "can_apply": state is UploadState.READY,
        "can_undo": state is UploadState.APPLIED,
        "progress": uploads.progress(row),
        "format_form": FormatForm(initial={"format": row.format}),
        "undo_form": UndoForm(),
    }
    return shown(request, "meters/import.html", context | tabs(request))


def _decide(request: HttpRequest, row: Upload) -> None:
    decision = DECISIONS.get(request.POST.get("decision", ""))
    if decision is None:
        messages.error(request, _("Nothing was decided."))
        return
    try:
        decision(request, row)
    except tuple(REFUSALS) as refusal:
        messages.error(request, REFUSALS[type(refusal)])
        return
    taking_in.work_small(upload_id=row.pk, now=timezone.now())
    row.refresh_from_db()
    if row.problem and row.state == UploadState.APPLIED:
        messages.error(request, row.problem)
    elif row.state in DONE:
        messages.success(request, DONE[UploadState(row.state)])


def _apply(request: HttpRequest, row: Upload) -> None:
    uploading.apply(upload_id=row.pk, by=request.user.get_username(), now=timezone.now())


def _undo(request: HttpRequest, row: Upload) -> None:
    form = UndoForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    by = request.user.get_username()
    uploading.undo(upload_id=row.pk, by=by, reason=reason, now=timezone.now())


def _choose(request: HttpRequest, row: Upload) -> None:
    uploading.choose(upload_id=row.pk, format_name=request.POST.get("format", ""))


def _discard(_request: HttpRequest, row: Upload) -> None:
    uploading.discard(upload_id=row.pk)


DECISIONS: Mapping[str, Callable[[HttpRequest, Upload], None]] = {
    "apply": _apply,
    "undo": _undo,
    "choose": _choose,
    "discard": _discard,
}
DONE = {
    UploadState.APPLIED: gettext_lazy("The file is taken in."),
    UploadState.UNDONE: gettext_lazy("The file is taken back: reads are as they were before it."),
    UploadState.DISCARDED: gettext_lazy("The file is discarded; its bytes are gone."),
}
