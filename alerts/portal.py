"""The page on which anybody sets how he is told."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import User
from alerts.choices import Channel
from alerts.forms import NoticesForm
from alerts.selectors import hearing
from alerts.services import preferring, reading
from segs_site.lib.access import Action, may


@login_required
def notices(request: HttpRequest) -> HttpResponse:
    """Show and keep how the person is told."""
    user = _person(request)
    row = hearing.settings_of(user)
    has_texts, is_staff = Channel.SMS in hearing.offered(), may(user, Action.WATCH_GRID)
    form = NoticesForm(request.POST or None, instance=row, has_texts=has_texts, is_staff=is_staff)
    if form.is_valid() and _keep(user, form):
        messages.success(request, _("Your settings are kept."))
        return redirect("notices")
    return render(request, "alerts/notices.html", {"form": form})


def _keep(user: User, form: NoticesForm) -> bool:
    kept = hearing.settings_of(user)
    given = form.cleaned_data
    names = [name for name in preferring.FIELDS if name not in given]
    chosen: dict[str, Any] = {name: getattr(kept, name) for name in names} | given
    regions = chosen.pop("regions", kept.regions.all())
    try:
        preferring.set_settings(user=user, regions=list(regions), **chosen)
    except preferring.NotOffered:
        form.add_error("mail_from", _("No text messages are sent here any more."))
    except preferring.NoPhone:
        form.add_error("phone", _("Text messages need a number."))
    except preferring.HalfQuiet:
        message = _("Quiet hours need a beginning and another time as their end.")
        form.add_error("quiet_until", message)
    return form.is_valid()


@login_required
@require_POST
def try_out(request: HttpRequest) -> HttpResponse:
    """Send the person a test by each of his channels."""
    try:
        reading.ask_for_test(user=_person(request), now=timezone.now())
    except reading.TooSoon:
        messages.error(request, _("A test was sent just now."))
    else:
        messages.success(request, _("A test comes within seconds."))
    return redirect("notices")


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
