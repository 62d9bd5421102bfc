"""Operator pages of the grid."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from segs_site.lib.access import Action, may
from segs_site.lib.manners import local_zone


@login_required
def overview(request: HttpRequest) -> HttpResponse:
    """Show the live grid; the browser reads its numbers from the API and the socket.

    Whoever may not watch it is led to what is his own; raises PermissionDenied where nothing is.
    """
    if not may(request.user, Action.WATCH_GRID):
        if may(request.user, Action.SEE_OWN):
            return redirect("portal-home")
        raise PermissionDenied
    context = {
        "zone": local_zone().key,
        "reading_interval_s": settings.SEGS_READING_INTERVAL_S,
    }
    return render(request, "grid/overview.html", context)
