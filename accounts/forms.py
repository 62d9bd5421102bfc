"""Forms of people; fields carry what password managers go by."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.choices import UserRole
from accounts.models import Preferences, User
from segs_site.lib.manners import zones

LONGEST_PASSWORD: Final = 1024  # hashing longer ones would be work for nothing


def _email(**attrs: Any) -> forms.EmailField:
    widget = forms.EmailInput(attrs={"class": "form-control", "autocomplete": "username"} | attrs)
    return forms.EmailField(label=_("E-mail address"), max_length=254, widget=widget)


def _password(label: Any, autocomplete: str, **options: Any) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"class": "form-control", "autocomplete": autocomplete})
    return forms.CharField(
        label=label, strip=False, max_length=LONGEST_PASSWORD, widget=widget, **options
    )


def _new_password() -> forms.CharField:
    return _password(
        _("New password"), "new-password", help_text=_("At least 8 characters; longer is better.")
    )


def _text(
    label: Any, autocomplete: str, *, attrs: dict[str, Any] | None = None, **options: Any
) -> forms.CharField:
    own = {"class": "form-control", "autocomplete": autocomplete}
    widget = forms.TextInput(attrs=own | (attrs or {}))
    return forms.CharField(label=label, widget=widget, **options)


def _amount(label: Any, *, places: int, **options: Any) -> forms.DecimalField:
    least = options.pop("least", None)
    widget = forms.NumberInput(
        attrs={"class": "form-control", "inputmode": "decimal", "step": "any"}
    )
    return forms.DecimalField(
        label=label, max_digits=12, decimal_places=places, min_value=least, required=False,
        widget=widget, **options,
    )  # fmt: skip


class SignInForm(forms.Form):
    """E-mail address and password."""

    username = _email(autofocus=True)
    password = _password(_("Password"), "current-password")


class SecondStepForm(forms.Form):
    """A code, or what a passkey signed."""

    code = _text(
        _("Code of your app, or a recovery code"),
        "one-time-code",
        attrs={"autocapitalize": "none", "spellcheck": "false", "autofocus": True},
        max_length=40,
        required=False,
    )
    passkey = forms.JSONField(required=False, widget=forms.HiddenInput)


class RegisterForm(forms.Form):
    """Who wants to become a user."""

    email = _email(autofocus=True)
    first_name = _text(_("First name"), "given-name", max_length=150, required=False)
    last_name = _text(_("Last name"), "family-name", max_length=150, required=False)
    password = _new_password()


class AddressForm(forms.Form):
    """Where a mail is sent to."""

    email = _email(autofocus=True)


class NewPasswordForm(forms.Form):
    """A new password, by a link."""

    password = _new_password()


class ChangePasswordForm(forms.Form):
    """A new password, by the old one."""

    old_password = _password(_("Present password"), "current-password")
    password = _new_password()


class PasswordForm(forms.Form):
    """The password once more."""

    password = _password(_("Your password, once more"), "current-password", required=False)


class AppCodeForm(forms.Form):
    """A first code of an authenticator app."""

    code = _text(
        _("Code that the app shows"),
        "one-time-code",
        attrs={"autofocus": True, "inputmode": "numeric"},
        max_length=20,
    )


class PasskeyForm(forms.Form):
    """A passkey that the browser made."""

    name = _text(_("Name of this passkey"), "off", attrs={"autofocus": True}, max_length=60)
    passkey = forms.JSONField(widget=forms.HiddenInput)


class NameForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """How a person is called."""

    first_name = _text(_("First name"), "given-name", max_length=150, required=False)
    last_name = _text(_("Last name"), "family-name", max_length=150, required=False)

    class Meta:
        model = User
        fields = ["first_name", "last_name"]


class PreferencesForm(forms.ModelForm):  # type: ignore[type-arg]
    """How a person wants to be spoken to."""

    class Meta:
        model = Preferences
        fields = [
            "language", "time_zone", "notify_outages", "notify_bills", "notify_prices",
            "price_above", "price_below", "budget",
        ]  # fmt: skip
        labels = {
            "notify_outages": _("Tell me of outages"),
            "notify_bills": _("Tell me of new bills"),
            "notify_prices": _("Tell me of prices beyond my limits"),
        }

    price_above = _amount(_("Tell me when a kWh costs more than"), places=6)
    price_below = _amount(_("Tell me when a kWh costs less than"), places=6)
    budget = _amount(
        _("My budget of a billing period"),
        places=2,
        least=Decimal("0.01"),
        help_text=_("We tell you when it is reached, and before, when it is likely to be."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.user.role != UserRole.CUSTOMER:  # who takes no service has no limits
            for name in ("price_above", "price_below", "budget"):
                del self.fields[name]

    language = forms.ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        required=False,
        choices=[("", _("the site's")), *((name, name) for name in zones())],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
