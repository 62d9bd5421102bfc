"""Pages on which a person fetches what is held about him, and closes his login."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_POST

from accounts.choices import UserRole
from accounts.forms import PasswordForm
from accounts.models import ServiceAgreement, User
from accounts.services import closing, exporting, guarding, people
from accounts.views.joining import say
from accounts.views.profile import person
from accounts.views.signing_in import locked, too_many
from billing.models import Invoice
from billing.selectors import invoices, standing


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


@login_required
@never_cache
@sensitive_post_parameters("password")
def close(request: HttpRequest) -> HttpResponse:
    """Say what closing does, and close the login by its password."""
    user, now = person(request), timezone.now()
    form = PasswordForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _closing(request, user, form)
    try:
        closing.close(user=user, password=form.cleaned_data["password"], now=now)
    except people.WrongPassword:
        form.add_error("password", _("Your present password is another."))
        return _closing(request, user, form)
    except closing.NotACustomer:
        form.add_error(None, _("Ask an administrator: you work here."))
        return _closing(request, user, form)
    except guarding.Locked as problem:
        form.add_error(None, too_many())
        return locked(_closing(request, user, form), problem, now=now)
    logout(request)
    words = _("You are signed out. Nobody can sign in by this address any more.")
    return say(request, _("Your login is closed"), words)


def _closing(request: HttpRequest, user: User, form: PasswordForm) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "is_customer": user.role == UserRole.CUSTOMER,
        "running": _running(user),
        "owed": _owed(user),
        "years": settings.SEGS_KEPT_YEARS,
    }
    return render(request, "accounts/close.html", context)


def _running(user: User) -> list[ServiceAgreement]:
    """Return what goes on when the login is closed."""
    found = ServiceAgreement.objects.filter(
        account__customer__user=user, during__contains=timezone.now()
    )
    return list(found.select_related("service_point", "plan"))


def _owed(user: User) -> list[tuple[Any, str]]:
    """Return what is still to be paid, or to be paid back, by account and currency."""
    accounts = list(invoices.accounts_of(user_id=user.pk))
    issued = Invoice.objects.issued().filter(account__in=accounts).order_by()
    pairs = set(issued.values_list("account", "currency"))
    found = [
        (standing.balance(account=account, currency=currency), currency)
        for account in accounts
        for pk, currency in sorted(pairs)
        if pk == account.pk
    ]
    return [pair for pair in found if pair[0]]
