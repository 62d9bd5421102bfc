"""Pages on which a person fetches what is held about him."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.services import exporting
from accounts.views.profile import person


@login_required
@require_GET
@never_cache
def data(request: HttpRequest) -> HttpResponse:
    """Show whether there is an archive of what is held, and how to get one."""
    user, now = person(request), timezone.now()
    is_there = exporting.ready(user=user, now=now) is not None
    words = {"newest": exporting.newest(user=user), "is_there": is_there}
    return render(request, "accounts/data.html", words)


@login_required
@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """Ask for an archive."""
    try:
        exporting.ask(user=person(request), now=timezone.now())
    except exporting.TooSoon:
        messages.error(request, _("You asked for one within a day."))
    else:
        messages.success(request, _("It is being made. Come back in a few minutes."))
    return redirect("own-data")


@login_required
@require_GET
@never_cache
def archive(request: HttpRequest) -> HttpResponse:
    """Send the archive, while it has not expired."""
    found = exporting.ready(user=person(request), now=timezone.now())
    if found is None or found.archive is None:
        raise Http404("There is no archive.")
    name = f"my-data-{found.made_at:%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(bytes(found.archive), content_type="application/zip", headers=headers)
