"""The page on which a person closes his login."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.choices import UserRole
from accounts.forms import PasswordForm
from accounts.models import ServiceAgreement, User
from accounts.services import closing, guarding, people
from accounts.views.joining import say
from accounts.views.profile import person
from accounts.views.signing_in import locked, too_many
from billing.models import Invoice
from billing.selectors import invoices, standing


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
