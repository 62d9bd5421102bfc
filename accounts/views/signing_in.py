"""Pages of signing in, in one step or two, and out."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.forms import SecondStepForm, SignInForm
from accounts.models import User
from accounts.services import factors, guarding, passkeys, proofs, second_factor, sign_in
from accounts.services.sign_in import Next

STEP = "sign_in_step"  # what the session holds between the password and the second factor
ENROL = "sign_in_enrol"


@method_decorator(sensitive_post_parameters("password"), name="dispatch")
class SignIn(LoginView):
    """Signs a person in by e-mail address; who is signed in already goes on."""

    template_name = "accounts/sign_in.html"
    redirect_authenticated_user = True

    def get_form_class(self) -> Any:
        """Return a form that only reads: the service judges."""
        return SignInForm

    def get_form_kwargs(self) -> dict[str, Any]:
        """Leave out the request, which Django's own form wants."""
        return {key: it for key, it in super().get_form_kwargs().items() if key != "request"}

    def form_valid(self, form: Any) -> HttpResponse:
        """Let in, lead to the next step, or say why not."""
        now = timezone.now()
        try:
            admission = sign_in.by_password(
                email=form.cleaned_data["username"],
                password=form.cleaned_data["password"],
                address=guarding.caller(self.request.META),
                now=now,
            )
        except sign_in.WrongCredentials:
            words = _("This address and password do not belong together.")
            return self._refuse(form, f"{words} {_('The password is case-sensitive.')}")
        except guarding.Locked as problem:
            return locked(self._refuse(form, too_many()), problem, now=now)
        return _go_on(self.request, admission, self.get_success_url(), now=now)

    def _refuse(self, form: forms.Form, words: str) -> HttpResponse:
        form.add_error(None, words)
        return self.form_invalid(form)  # type: ignore[arg-type]


class SignOut(LogoutView):
    """Ends the session; by POST only, so that no link can do it."""


@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of whoever gave the right password a moment ago."""
    now = timezone.now()
    held = request.session.get(STEP, {})
    try:
        user = proofs.user(proofs.Purpose.SECOND_STEP, held.get("proof", ""), now=now)
    except (proofs.Invalid, proofs.Expired, proofs.Used):
        request.session.pop(STEP, None)
        return redirect("login")
    form = SecondStepForm(request.POST or None)
    try:
        if form.is_valid():
            _prove(user, form.cleaned_data, now=now)
            return enter(request, user, held["next"])
    except second_factor.WrongProof:
        form.add_error(None, _("This code or passkey is not right, or was used."))
    except guarding.Locked as problem:
        form.add_error(None, too_many())
        return locked(_ask(request, user, form, now=now), problem, now=now)
    return _ask(request, user, form, now=now)


def enter(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """Sign in and go on; only to an address of ours."""
    request.session.pop(STEP, None)
    request.session.pop(ENROL, None)
    login(request, user)
    is_ours = url_has_allowed_host_and_scheme(
        onward, {request.get_host()}, require_https=request.is_secure()
    )
    return redirect(onward if is_ours else "overview")


def too_many() -> str:
    """Return what a locked door says; the same for an address that nobody has."""
    return _("Too many attempts. Wait a quarter of an hour, or choose a new password by mail.")


def locked(page: HttpResponse, problem: guarding.Locked, *, now: datetime) -> HttpResponse:
    """Return the page as the answer of a locked door."""
    page.status_code = 429
    page["Retry-After"] = str(max(1, round((problem.until - now).total_seconds())))
    return page


def _go_on(
    request: HttpRequest, admission: sign_in.Admission, onward: str, *, now: datetime
) -> HttpResponse:
    user = admission.user
    if admission.next == Next.ENTER:
        return enter(request, user, onward)
    request.session.cycle_key()
    if admission.next == Next.SECOND_STEP:
        proof = proofs.of_user(proofs.Purpose.SECOND_STEP, user, now=now)
        request.session[STEP] = {"proof": proof, "next": onward}
        return redirect("second-step")
    proof = proofs.of_user(proofs.Purpose.ENROL, user, now=now)
    request.session[ENROL] = {"proof": proof, "next": onward}
    return redirect("second-factor")


def _prove(user: User, given: dict[str, Any], *, now: datetime) -> None:
    if given["passkey"]:
        second_factor.prove_by_passkey(user=user, answer=given["passkey"], now=now)
    else:
        second_factor.prove_by_code(user=user, code=given["code"], now=now)


def _ask(request: HttpRequest, user: User, form: SecondStepForm, *, now: datetime) -> HttpResponse:
    held = factors.held(user)
    options = passkeys.ask_for_proof(user=user, now=now) if held.passkeys else None
    return render(request, "accounts/second_step.html", {"form": form, "options": options})
