"""The page on which a second factor is set up, changed and removed.

Open to the signed-in, who say their password once more for each change, and to whoever the
sign-in sent here because his role needs a second factor: his session holds a proof.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import AppCodeForm, PasskeyForm, PasswordForm
from accounts.models import User
from accounts.services import factors, guarding, one_time_codes, passkeys, people, proofs
from accounts.services import second_factor as services
from accounts.views.signing_in import ENROL, enter, locked, too_many


class Problem(Exception):
    """What the person is told; the page is shown again."""


@never_cache
@sensitive_post_parameters("password")
def second_factor(request: HttpRequest) -> HttpResponse:
    """Show what is on, and do what one of its buttons says."""
    now = timezone.now()
    try:
        user = _person(request, now=now)
    except (proofs.Invalid, proofs.Expired, proofs.Used):
        request.session.pop(ENROL, None)
        return redirect("login")
    if request.method != "POST":
        return _page(request, user)
    act = ACTIONS.get(request.POST.get("action", "").partition(" ")[0], _unknown)
    try:
        return act(request, user, now)
    except (Problem, *_WORDS) as problem:
        return _page(request, user, problem=_told(problem))
    except guarding.Locked as problem:
        return locked(_page(request, user, problem=too_many()), problem, now=now)


def _person(request: HttpRequest, *, now: datetime) -> User:
    if isinstance(request.user, User):
        return request.user
    return factors.enrolling(request.session.get(ENROL, {}).get("proof", ""), now=now)


def _again(request: HttpRequest, user: User, now: datetime) -> None:
    """Ask for the password once more, unless the sign-in has just done it."""
    if request.user.is_authenticated:
        people.confirm_password(user=user, password=request.POST.get("password", ""), now=now)


def _begin_app(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    _again(request, user, now)
    return _show_app(request, one_time_codes.begin(user=user))


def _confirm_app(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    form = AppCodeForm(request.POST)
    if not form.is_valid():
        raise services.WrongProof
    codes = services.confirm_app(user=user, code=form.cleaned_data["code"], now=now)
    return _done(request, user, codes)


def _remove_app(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    _again(request, user, now)
    services.remove_app(user=user)
    return redirect("second-factor")


def _begin_passkey(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    _again(request, user, now)
    options = passkeys.ask_for_new(user=user, now=now)
    words = {"form": PasskeyForm(), "options": options}
    return render(request, "accounts/new_passkey.html", words)


def _add_passkey(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    form = PasskeyForm(request.POST)
    if not form.is_valid():
        raise services.WrongProof
    given = form.cleaned_data
    codes = services.add_passkey(user=user, name=given["name"], answer=given["passkey"], now=now)
    return _done(request, user, codes)


def _remove_passkey(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    _again(request, user, now)
    named = request.POST["action"].partition(" ")[2]
    services.remove_passkey(user=user, passkey_id=int(named) if named.isdecimal() else 0)
    return redirect("second-factor")


def _renew_codes(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    _again(request, user, now)
    return _done(request, user, services.renew_recovery_codes(user=user))


def _unknown(request: HttpRequest, user: User, now: datetime) -> HttpResponse:
    raise Problem(_("This page cannot do that."))


ACTIONS: Final[dict[str, Callable[[HttpRequest, User, datetime], HttpResponse]]] = {
    "begin-app": _begin_app,
    "confirm-app": _confirm_app,
    "remove-app": _remove_app,
    "begin-passkey": _begin_passkey,
    "add-passkey": _add_passkey,
    "remove-passkey": _remove_passkey,
    "renew-codes": _renew_codes,
}
_WORDS: Final = (
    people.WrongPassword,
    services.WrongProof,
    services.StillRequired,
    one_time_codes.NotBegun,
    passkeys.TooMany,
)


def _told(problem: Exception) -> str:
    words = {
        people.WrongPassword: _("Your password is another."),
        services.WrongProof: _("This code or passkey is not right, or was used. Begin again."),
        services.StillRequired: _("It is your last second factor, and your role needs one."),
        one_time_codes.NotBegun: _("Codes of an app are on already; remove them first."),
        passkeys.TooMany: _("These are as many passkeys as we keep; remove one first."),
    }
    return words.get(type(problem)) or str(problem)


def _page(request: HttpRequest, user: User, *, problem: str = "") -> HttpResponse:
    words: dict[str, Any] = {
        "held": factors.held(user),
        "password": PasswordForm() if request.user.is_authenticated else None,
        "problem": problem,
        "is_required": factors.is_required(user),
    }
    status = 400 if problem else 200
    return render(request, "accounts/second_factor.html", words, status=status)


def _show_app(request: HttpRequest, uri: str) -> HttpResponse:
    words = {
        "form": AppCodeForm(),
        "secret": parse_qs(urlsplit(uri).query)["secret"][0],
        "picture": segno.make(uri).svg_data_uri(scale=5, light="white"),
    }
    return render(request, "accounts/new_app.html", words)


def _done(request: HttpRequest, user: User, codes: list[str]) -> HttpResponse:
    """Let in whoever came to enrol; show new recovery codes this once."""
    onward = request.session.get(ENROL, {}).get("next", "")
    way = enter(request, user, onward) if not request.user.is_authenticated else None
    if codes:
        page = {"codes": codes, "onward": way.headers["Location"] if way else ""}
        return render(request, "accounts/recovery_codes.html", page)
    return way or redirect("second-factor")
