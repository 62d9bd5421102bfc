"""Forms of meters: which are listed, which day is shown, what is decided."""

from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from grid.models import Region
from meters.choices import FindingState, Quarantine, QuarantineState, Reporting, RuleKind
from meters.selectors import fleet, formats
from meters.services.exchange import Dials, Order

TEXT, CHOICE = {"class": "form-control", "autocomplete": "off"}, {"class": "form-select"}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SEEN = {
    "1h": (_("in the last hour"), HOUR),
    "1d": (_("in the last day"), DAY),
}
UNSEEN = {
    "no-1h": (_("not for an hour"), HOUR),
    "no-1d": (_("not for a day"), DAY),
    "no-7d": (_("not for a week"), 7 * DAY),
}
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)


class MetersForm(forms.Form):
    """Which meters are listed. What means nothing is left out."""

    search = forms.CharField(
        required=False,
        max_length=80,
        label=_("Serial, service point, transformer or feeder"),
        widget=forms.TextInput(attrs=TEXT | {"type": "search", "spellcheck": "false"}),
    )
    region = forms.ModelChoiceField(
        Region.objects.all(),
        required=False,
        to_field_name="code",
        label=_("Region"),
        empty_label=_("every region"),
        widget=forms.Select(attrs=CHOICE),
    )
    state = forms.ChoiceField(
        required=False,
        label=_("State"),
        choices=[("", _("every state")), *((state.value, _(state.word)) for state in Reporting)],
        widget=forms.Select(attrs=CHOICE),
    )
    seen = forms.ChoiceField(
        required=False,
        label=_("Last seen"),
        choices=[
            ("", _("at any time")),
            *((code, words) for code, (words, _length) in (SEEN | UNSEEN).items()),
        ],
        widget=forms.Select(attrs=CHOICE),
    )

    def wanted(self, *, now: datetime) -> fleet.Wanted:
        """Return which meters are looked for."""
        self.is_valid()
        given = self.cleaned_data
        region, seen = given.get("region"), given.get("seen", "")
        return fleet.Wanted(
            search=given.get("search", "").strip(),
            region=region.code if region else "",
            state=given.get("state", ""),
            seen_since=now - SEEN[seen][1] if seen in SEEN else None,
            seen_before=now - UNSEEN[seen][1] if seen in UNSEEN else None,
        )


class QuarantineForm(forms.Form):
    """Which held readings are listed. What means nothing is left out."""

    meter = forms.CharField(
        required=False,
        max_length=64,
        label=_("Serial"),
        widget=forms.TextInput(attrs=TEXT | {"type": "search", "spellcheck": "false"}),
    )
    reason = forms.ChoiceField(
        required=False,
        label=_("Reason"),
        choices=[("", _("every reason")), *Quarantine.choices],
        widget=forms.Select(attrs=CHOICE),
    )
    state = forms.ChoiceField(
        required=False,
        label=_("State"),
        choices=QuarantineState.choices,
        widget=forms.Select(attrs=CHOICE),
    )

    def asked(self) -> dict[str, Any]:
        """Return what is looked for; what is open unless another state is asked for."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "serial": given.get("meter", "").strip(),
            "reason": given.get("reason", ""),
            "state": given.get("state") or QuarantineState.OPEN.value,
        }


class DecisionForm(forms.Form):
    """Why it is decided so."""

    note = forms.CharField(
        required=False,
        max_length=500,
        label=_("Note"),
        widget=forms.TextInput(attrs=TEXT),
    )


class ValidationForm(forms.Form):
    """Which findings are listed. What means nothing is left out."""

    meter = forms.CharField(
        required=False,
        max_length=64,
        label=_("Serial"),
        widget=forms.TextInput(attrs=TEXT | {"type": "search", "spellcheck": "false"}),
    )
    rule = forms.ChoiceField(
        required=False,
        label=_("Rule"),
        choices=[("", _("every rule")), *RuleKind.choices],
        widget=forms.Select(attrs=CHOICE),
    )
    state = forms.ChoiceField(
        required=False,
        label=_("State"),
        choices=FindingState.choices,
        initial=FindingState.OPEN.value,
        widget=forms.Select(attrs=CHOICE),
    )

    def __init__(self, data: Any) -> None:
        super().__init__({"state": FindingState.OPEN.value} | data.dict())

    @property
    def is_open(self) -> bool:
        """Whether it is what waits for a decision that is listed."""
        return bool(self.asked()["states"] == [FindingState.OPEN.value])

    def asked(self) -> dict[str, Any]:
        """Return what is looked for; what is open unless another state is asked for."""
        self.is_valid()
        given = self.cleaned_data
        return {
            "serial": given.get("meter", "").strip(),
            "rule": given.get("rule", ""),
            "states": [given.get("state") or FindingState.OPEN.value],
        }


class SettlingForm(forms.Form):
    """Why it is decided so."""

    reason = forms.CharField(
        max_length=500, label=_("Reason"), widget=forms.TextInput(attrs=TEXT | {"required": True})
    )


class EnergiesForm(SettlingForm):
    """Why it is decided so; and the energies, where they are entered."""

    MOST = 3_000
    needs_energies = False

    kwh = forms.CharField(
        required=False,
        max_length=60_000,
        label=_("Energies in kWh"),
        help_text=_(
            "One number is the sum of all; else one number a quarter-hour, in order, each on its "
            "own line. With a decimal point; negative where energy was fed in."
        ),
        widget=forms.Textarea(attrs=TEXT | {"rows": 4, "spellcheck": "false"}),
    )

    def clean_kwh(self) -> Decimal | list[Decimal]:
        """Return the sum, or what was entered one by one; nothing where nothing is needed."""
        if not self.needs_energies:
            return []
        words = self.cleaned_data["kwh"].split()
        if not 0 < len(words) <= self.MOST:
            raise forms.ValidationError(_("Enter a number, or one a quarter-hour."))
        values = [_energy(word) for word in words]
        return values[0] if len(values) == 1 else values


def _energy(word: str) -> Decimal:
    try:
        value = Decimal(word.replace("\N{MINUS SIGN}", "-"))
    except InvalidOperation:
        message = _("“%(word)s” is no number: write it as 1.25.")
        raise forms.ValidationError(message, params={"word": word[:20]}) from None
    if not value.is_finite() or abs(value) >= Decimal(10) ** 9 or value != round(value, 6):
        message = _("“%(word)s” has more digits than energies have: six behind the point.")
        raise forms.ValidationError(message, params={"word": word[:20]})
    return value


def _kwh(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        required=False, min_value=0, max_digits=15, decimal_places=6, label=label,
        widget=forms.NumberInput(attrs=TEXT | {"step": "any"}),
    )  # fmt: skip


class ExchangeForm(forms.Form):
    """Which meter takes another's place, when, and where the registers of both stood."""

    serial = forms.CharField(
        max_length=64,
        label=_("Serial of the new meter"),
        widget=forms.TextInput(attrs=TEXT | {"spellcheck": "false"}),
    )
    at = forms.DateTimeField(
        label=_("Exchanged at"),
        widget=forms.DateTimeInput(
            attrs=TEXT | {"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S"
        ),
    )
    final_kwh = _kwh(_("Old meter's register, kWh; empty if nobody could read it"))
    final_export_kwh = _kwh(_("Old meter's register of what was fed in, kWh"))
    first_kwh = _kwh(_("New meter's register, kWh; it need not be 0"))
    first_export_kwh = _kwh(_("New meter's register of what was fed in, kWh"))
    multiplier = forms.DecimalField(
        required=False,
        min_value=Decimal("0.000001"),
        max_digits=12,
        decimal_places=6,
        label=_("Ratio of its transformers; empty if it stays as it is"),
        widget=forms.NumberInput(attrs=TEXT | {"step": "any"}),
    )
    register_digits = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=9,
        label=_("Whole digits of the new register; empty if as before"),
        widget=forms.NumberInput(attrs=TEXT),
    )
    register_decimals = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=6,
        label=_("Digits behind its point; empty if as before"),
        widget=forms.NumberInput(attrs=TEXT),
    )
    reason = forms.CharField(
        required=False, max_length=200, label=_("Reason"), widget=forms.TextInput(attrs=TEXT)
    )

    def order(self) -> Order:
        """Return the exchange of a valid form."""
        said = self.cleaned_data
        same = ("serial", "at", "multiplier", "register_digits", "register_decimals", "reason")
        return Order(
            final=Dials(said["final_kwh"], said["final_export_kwh"]),
            first=Dials(said["first_kwh"], said["first_export_kwh"]),
            **{name: said[name] for name in same},
        )


class DayForm(forms.Form):
    """Which local day is shown."""

    day = forms.DateField(required=False)

    def asked(self, *, today: date) -> date:
        """Return the day; today for none, for one to come and for what is no day."""
        self.is_valid()
        day: date | None = self.cleaned_data.get("day")
        return min(day, today) if day and FIRST_DAY <= day < LAST_DAY else today


def _formats() -> list[tuple[str, str]]:
    known = formats.formats()
    return [(name, known[name].label) for name in sorted(known)]


def _formats_or_found_out() -> list[tuple[str, Any]]:
    return [("", _("found out from its beginning")), *_formats()]


class UploadForm(forms.Form):
    """A meter file, and how it is written."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        max_length=None,
        widget=forms.FileInput(attrs={"class": "form-control"}),
    )
    format = forms.ChoiceField(
        required=False,
        label=_("Format or import profile"),
        choices=_formats_or_found_out,
        widget=forms.Select(attrs=CHOICE),
    )


class FormatForm(forms.Form):
    """How a file is written."""

    format = forms.ChoiceField(
        label=_("Format or import profile"),
        choices=_formats,
        widget=forms.Select(attrs=CHOICE),
    )


class UndoForm(forms.Form):
    """Why a file is taken back."""

    reason = forms.CharField(
        max_length=500, label=_("Reason"), widget=forms.TextInput(attrs=TEXT | {"id": "reason"})
    )
