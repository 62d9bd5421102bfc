"""Pages of registering, and of passwords that are forgotten.

A link of a mail is followed by programs too, which look into it before the person does: opening
it shows a button, and only the button does something.
"""

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.choices import LetterKind
from accounts.forms import AddressForm, NewPasswordForm, RegisterForm
from accounts.services import guarding, people, proofs
from accounts.views.signing_in import locked, too_many

LINK_PROBLEMS: Final = (proofs.Invalid, proofs.Expired, proofs.Used)


@sensitive_post_parameters("password")
def register(request: HttpRequest) -> HttpResponse:
    """Take a registration; the answer is the same for an address that is known."""
    now = timezone.now()
    form = RegisterForm(request.POST or None)
    page = {
        "title": _("Register"),
        "button": _("Register"),
        "words": _("We send you a mail to confirm your address."),
    }
    if not form.is_valid():
        return show(request, form, page)
    try:
        people.register(**form.cleaned_data, address=guarding.caller(request.META), now=now)
    except ValidationError as problem:
        form.add_error("password", problem)
        return show(request, form, page)
    except guarding.Locked as problem:
        form.add_error(None, too_many())
        return locked(show(request, form, page), problem, now=now)
    return _mail_comes(request)


def forgot_password(request: HttpRequest) -> HttpResponse:
    """Ask for the mail that lets one choose a new password."""
    page = {
        "title": _("Choose a new password"),
        "button": _("Send me a link"),
        "words": _("We send a link to your address."),
    }
    return _ask_for_mail(request, LetterKind.RESET, page)


def resend_verification(request: HttpRequest) -> HttpResponse:
    """Ask for the mail of a registration once more."""
    page = {
        "title": _("Confirm your address"),
        "button": _("Send the mail again"),
        "words": _("We send the mail of your registration once more."),
    }
    return _ask_for_mail(request, LetterKind.CONFIRM, page)


@never_cache
def verify_email(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm an address, by a button; a link that cannot work is told of at once."""
    now = timezone.now()
    page = {
        "title": _("Confirm your address"),
        "button": _("Confirm"),
        "words": _("One press, and your account is made."),
    }
    try:
        proofs.registration_id(token, now=now)
        if request.method != "POST":
            return show(request, forms.Form(), page)
        is_set = people.confirm(proof=token, now=now)
    except LINK_PROBLEMS as problem:
        return _link_problem(request, problem, again="resend-verification")
    words = (
        _("You can sign in now.")
        if is_set
        else _("This address was registered more than once. A mail lets you choose your password.")
    )
    return say(request, _("Your address is confirmed"), words)


@never_cache
@sensitive_post_parameters("password")
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password by the link of a mail."""
    now = timezone.now()
    form = NewPasswordForm(request.POST or None)
    page = {"title": _("Choose a new password"), "button": _("Set the password"), "words": ""}
    try:
        proofs.chooser(token, now=now)
        if not form.is_valid():
            return show(request, form, page)
        people.reset_password(proof=token, new=form.cleaned_data["password"], now=now)
    except LINK_PROBLEMS as problem:
        return _link_problem(request, problem, again="forgot-password")
    except ValidationError as problem:
        form.add_error("password", problem)
        return show(request, form, page)
    words = _("You can sign in with it. Whoever was signed in with the old one is signed out.")
    return say(request, _("Your password is set"), words)


def show(request: HttpRequest, form: forms.BaseForm, page: dict[str, Any]) -> HttpResponse:
    """Show a form with a title, a sentence and a button."""
    return render(request, "accounts/form.html", page | {"form": form})


def say(
    request: HttpRequest, title: str, words: str, *, status: int = 200, again: str = ""
) -> HttpResponse:
    """Say one thing, with a way on."""
    told = {"title": title, "words": words, "again": again}
    return render(request, "accounts/said.html", told, status=status)


def _ask_for_mail(request: HttpRequest, kind: LetterKind, page: dict[str, Any]) -> HttpResponse:
    now = timezone.now()
    form = AddressForm(request.POST or None)
    if not form.is_valid():
        return show(request, form, page)
    email, address = form.cleaned_data["email"], guarding.caller(request.META)
    try:
        people.ask_for_mail(kind=kind, email=email, address=address, now=now)
    except guarding.Locked as problem:
        form.add_error(None, too_many())
        return locked(show(request, form, page), problem, now=now)
    return _mail_comes(request)


def _mail_comes(request: HttpRequest) -> HttpResponse:
    words = _("If there is something to say to that address, a mail is on its way.")
    return say(request, _("Look into your mail"), words)


def _link_problem(request: HttpRequest, problem: Exception, *, again: str) -> HttpResponse:
    words = {
        proofs.Invalid: _("This link is not one of ours; was it cut short?"),
        proofs.Expired: _("The time of this link is over."),
        proofs.Used: _("This link was used already, or a newer one takes its place."),
    }[type(problem)]
    return say(request, _("This link does not work"), words, status=400, again=again)
