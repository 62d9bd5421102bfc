"""Pages on which the signed-in set what is theirs."""

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from accounts.forms import ChangePasswordForm, NameForm, PreferencesForm
from accounts.models import User
from accounts.services import factors, guarding, people, preferences
from accounts.views.joining import show
from accounts.views.signing_in import locked, too_many


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show and keep name and preferences."""
    user = person(request)
    name = NameForm(request.POST or None, instance=user)
    chosen = PreferencesForm(request.POST or None, instance=preferences.of(user))
    if name.is_valid() and chosen.is_valid():
        preferences.set_name(user=user, **name.cleaned_data)
        preferences.set_preferences(user=user, **chosen.cleaned_data)
        messages.success(request, _("Your settings are kept."))
        return redirect("profile")
    words = {"forms": [name, chosen], "held": factors.held(user)}
    return render(request, "accounts/profile.html", words)


@login_required
@require_POST
def present(request: HttpRequest) -> HttpResponse:
    """Hear that somebody is at the page; the request itself moves the session's end."""
    return HttpResponse(status=204)


@login_required
@sensitive_post_parameters("old_password", "password")
def change_password(request: HttpRequest) -> HttpResponse:
    """Set a new password by the old one; this session goes on, every other ends."""
    now = timezone.now()
    user = person(request)
    form = ChangePasswordForm(request.POST or None)
    page = {
        "title": _("Change your password"),
        "button": _("Change it"),
        "words": _("Everybody who is signed in with the old one is signed out, but you here."),
    }
    if not form.is_valid():
        return show(request, form, page)
    old, new = form.cleaned_data["old_password"], form.cleaned_data["password"]
    try:
        people.change_password(user=user, old=old, new=new, now=now)
    except people.WrongPassword:
        form.add_error("old_password", _("Your present password is another."))
        return show(request, form, page)
    except ValidationError as problem:
        form.add_error("password", problem)
        return show(request, form, page)
    except guarding.Locked as problem:
        form.add_error(None, too_many())
        return locked(show(request, form, page), problem, now=now)
    update_session_auth_hash(request, user)
    messages.success(request, _("Your password is changed."))
    return redirect("profile")


def person(request: HttpRequest) -> User:
    """Return who is signed in."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
