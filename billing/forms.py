"""Forms of the clerk: a run, what to look for, money that came in, reasons and answers."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import CustomerAccount
from billing.choices import CorrectionState, EntryState, InvoiceState, Trouble, TurnState
from billing.models import Invoice
from billing.selectors import banking
from grid.models import Region

TEXT, CHOICE = {"class": "form-control"}, {"class": "form-select"}
YEARS = range(2000, 2101)  # that bills know


class MonthField(forms.DateField):
    """A month as `2026-10`: its first day."""

    widget = forms.DateInput(attrs=TEXT | {"type": "month"}, format="%Y-%m")
    input_formats = ("%Y-%m",)
    default_error_messages = {"invalid": gettext_lazy("Write a month such as 2026-10.")}

    def clean(self, value: Any) -> Any:
        """Return the day; raises ValidationError for years that bills do not know."""
        return _known_year(super().clean(value))


class DayField(forms.DateField):
    """A local day of the years that bills know."""

    widget = forms.DateInput(attrs=TEXT | {"type": "date"}, format="%Y-%m-%d")

    def clean(self, value: Any) -> Any:
        """Return the day; raises ValidationError for years that bills do not know."""
        return _known_year(super().clean(value))


class AccountField(forms.CharField):
    """An account by its number."""

    def clean(self, value: Any) -> Any:
        """Return the account, None for none asked; raises ValidationError for an unknown one."""
        number = super().clean(value)
        if not number:
            return None
        account = CustomerAccount.objects.filter(number=number).first()
        if account is None:
            raise forms.ValidationError(_("No account has this number."))
        return account


class RunForm(forms.Form):
    """What is billed: everybody, a region or one account, for the periods a month begins in."""

    day = MonthField(label=gettext_lazy("Month"))
    region = forms.ModelChoiceField(
        Region.objects.all(),
        required=False,
        label=gettext_lazy("Region"),
        empty_label=gettext_lazy("every region"),
        widget=forms.Select(attrs=CHOICE),
    )
    account = AccountField(
        required=False,
        max_length=40,
        label=gettext_lazy("Account, by its number"),
        widget=forms.TextInput(attrs=TEXT | {"autocomplete": "off"}),
    )
    is_dry = forms.BooleanField(
        required=False,
        label=gettext_lazy("Dry run: reckon and show, write nothing"),
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a region and an account at once: it would be read as either."""
        given = super().clean() or self.cleaned_data
        if given.get("region") and given.get("account"):
            self.add_error("account", _("Name a region or an account, not both."))
        return given


class QueueForm(forms.Form):
    """Which troubles of a run are listed, and whose turns. What means nothing is left out."""

    trouble = forms.ChoiceField(required=False, choices=Trouble.choices)
    resolved = forms.BooleanField(required=False)
    state = forms.ChoiceField(required=False, choices=TurnState.choices)

    def asked(self) -> dict[str, Any]:
        """Return what is looked for."""
        self.is_valid()
        return self.cleaned_data


class OfAccountForm(forms.Form):
    """Of which account something is listed. What means nothing is left out."""

    account = forms.CharField(
        required=False,
        max_length=40,
        label=gettext_lazy("Account"),
        widget=forms.TextInput(attrs=TEXT | {"autocomplete": "off"}),
    )

    def asked(self) -> dict[str, Any]:
        """Return what is looked for; nothing where nothing was asked."""
        self.is_valid()
        return self.cleaned_data if self.is_bound else {}


class InvoicesForm(OfAccountForm):
    """Which invoices are listed."""

    state = forms.ChoiceField(
        required=False,
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("every state")), *InvoiceState.choices],
        widget=forms.Select(attrs=CHOICE),
    )


class CorrectionsForm(OfAccountForm):
    """Which corrections are listed."""

    state = forms.ChoiceField(
        required=False,
        label=gettext_lazy("State"),
        choices=[("", gettext_lazy("every state")), *CorrectionState.choices],
        widget=forms.Select(attrs=CHOICE),
    )


class IntervalsForm(forms.Form):
    """Which day of a line."""

    day = DayField(required=False)

    def asked(self) -> date | None:
        """Return the day; None for none, and for what is no day."""
        return self.cleaned_data["day"] if self.is_valid() else None


class ReasonForm(forms.Form):
    """Why; nothing is done without."""

    reason = forms.CharField(
        max_length=500, label=gettext_lazy("Reason"), widget=forms.TextInput(attrs=TEXT)
    )


class DisputeForm(ReasonForm):
    """What is objected to."""

    reason = forms.CharField(
        max_length=1000,
        label=gettext_lazy("What is objected to"),
        widget=forms.Textarea(attrs=TEXT | {"rows": 2}),
    )


class AnswerForm(forms.Form):
    """What came of a dispute."""

    is_upheld = forms.TypedChoiceField(
        label=gettext_lazy("Outcome"),
        coerce=lambda value: value == "yes",
        empty_value=None,
        choices=[
            ("", gettext_lazy("choose")),
            ("yes", gettext_lazy("the customer is right")),
            ("no", gettext_lazy("the bill stands")),
        ],
        widget=forms.Select(attrs=CHOICE),
    )
    answer = forms.CharField(
        max_length=1000,
        label=gettext_lazy("Answer"),
        widget=forms.Textarea(attrs=TEXT | {"rows": 2}),
    )


class PaymentForm(forms.Form):
    """Money that came in for an invoice."""

    amount = forms.DecimalField(
        max_digits=30,
        decimal_places=3,
        label=gettext_lazy("Amount"),
        widget=forms.NumberInput(attrs=TEXT | {"step": "any", "inputmode": "decimal"}),
    )
    received_on = DayField(label=gettext_lazy("Received on"))
    reference = forms.CharField(
        max_length=100,
        label=gettext_lazy("Reference"),
        widget=forms.TextInput(attrs=TEXT | {"autocomplete": "off"}),
    )


class BankFileForm(forms.Form):
    """A bank's file, and how it is read."""

    file = forms.FileField(
        label=gettext_lazy("File of the bank"),
        widget=forms.ClearableFileInput(attrs=TEXT | {"accept": ".xml,.csv,.txt"}),
    )
    format = forms.ChoiceField(
        required=False, label=gettext_lazy("Format"), widget=forms.Select(attrs=CHOICE)
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        formats = [(name, name) for name in banking.formats()]
        field = self.fields["format"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("find it out")), *formats]


class EntriesForm(forms.Form):
    """Which entries of bank files are listed; those that wait without a word."""

    state = forms.ChoiceField(required=False, choices=EntryState.choices)

    def asked(self) -> str:
        """Return the state."""
        return (self.is_valid() and self.cleaned_data["state"]) or EntryState.WAITING


class AssignForm(forms.Form):
    """Whose money it is, by the number of an invoice or an account."""

    number = forms.CharField(max_length=40)

    def clean_number(self) -> dict[str, Any]:
        """Return the invoice or the account; raises ValidationError for what is neither."""
        number = self.cleaned_data["number"]
        invoice = Invoice.objects.issued().filter(number=number.upper()).first()
        if invoice is not None:
            return {"invoice": invoice}
        account = CustomerAccount.objects.filter(number=number).first()
        if account is None:
            raise forms.ValidationError(_("No invoice and no account has this number."))
        return {"account": account}


class DayForm(forms.Form):
    """As of the end of which day."""

    day = DayField(required=False, label=gettext_lazy("At the end of"))

    def asked(self) -> date | None:
        """Return the day; None for none, and for what is no day."""
        return self.cleaned_data["day"] if self.is_valid() else None


def _known_year(day: date | None) -> date | None:
    if day is not None and day.year not in YEARS:
        raise forms.ValidationError(_("Only the years 2000 to 2100 are known here."))
    return day
