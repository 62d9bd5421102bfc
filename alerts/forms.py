"""Forms of the desk: what to look for, what to do, planned work, the note of a shift."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.choices import UserRole
from accounts.models import User
from alerts import lifecycle
from alerts.choices import Kind, Severity, Step
from alerts.conditions.kinds import Subject
from alerts.models import NoticeSettings
from alerts.selectors.board import NOBODY, Wanted
from grid.models import Feeder, Region, Transformer
from segs_site.lib.periods import Period

TEXT = {"class": "form-control"}
CHOICE = {"class": "form-select"}
MINUTES = tuple(int(each.total_seconds()) // 60 for each in lifecycle.SHELVES)
MOST_IDS = 10_000
ANY_KIND = ("", gettext_lazy("every kind"))


def people() -> Any:
    """Return whoever may own an alert."""
    return User.objects.filter(
        is_active=True, role__in=(UserRole.OPERATOR, UserRole.ADMIN)
    ).order_by("email")


class ListForm(forms.Form):
    """What to look for: the filters of a list, which stand in its address.

    A value that means nothing is left out: an old address still opens.
    """

    q = forms.CharField(
        required=False,
        max_length=100,
        label=gettext_lazy("Text"),
        widget=forms.SearchInput(attrs=TEXT | {"placeholder": gettext_lazy("Search")}),
    )
    severity = forms.TypedChoiceField(
        required=False,
        coerce=lambda value: Severity(int(value)),
        empty_value=None,
        label=gettext_lazy("Severity"),
        choices=[
            ("", gettext_lazy("every severity")),
            (2, gettext_lazy("medium and worse")),
            (3, gettext_lazy("high and worse")),
            (4, gettext_lazy("critical alone")),
        ],
        widget=forms.Select(attrs=CHOICE),
    )
    kind = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Kind"),
        choices=[ANY_KIND, *Kind.choices],
        widget=forms.Select(attrs=CHOICE),
    )
    region = forms.ModelChoiceField(
        Region.objects.all(),
        required=False,
        to_field_name="code",
        label=gettext_lazy("Region"),
        empty_label=gettext_lazy("every region"),
        widget=forms.Select(attrs=CHOICE),
    )
    owner = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Owner"),
        choices=[
            ("", gettext_lazy("every owner")),
            ("me", gettext_lazy("me")),
            (NOBODY, gettext_lazy("nobody")),
        ],
        widget=forms.Select(attrs=CHOICE),
    )
    waiting = forms.BooleanField(required=False, label=gettext_lazy("Unacknowledged alone"))
    place = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_place(self) -> Subject | None:
        """Return the subject; raises ValidationError for what is none."""
        try:
            return Subject.read(self.cleaned_data["place"])
        except ValueError:
            return None

    def wanted(self, *, me: int) -> Wanted:
        """Return what is looked for."""
        self.is_valid()
        data = self.cleaned_data
        region: Region | None = data.get("region")
        owner: str = data.get("owner") or ""
        return Wanted(
            severity=data.get("severity"),
            kind=data.get("kind") or "",
            region=region.code if region else "",
            place=data.get("place"),
            owner=str(me) if owner == "me" else owner,
            waiting=bool(data.get("waiting")),
            text=data.get("q") or "",
        )


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs=TEXT | {"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class JournalForm(ListForm):
    """The filters of the journal, which alone asks for a time."""

    step = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Step"),
        choices=[("", gettext_lazy("every step")), *Step.choices],
        widget=forms.Select(attrs=CHOICE),
    )
    start = forms.DateTimeField(required=False, label=gettext_lazy("From"), widget=_moment())
    end = forms.DateTimeField(required=False, label=gettext_lazy("Until"), widget=_moment())

    def period(self, *, now: datetime) -> Period | None:
        """Return the time that is looked at; None for all of it."""
        start, end = self.cleaned_data.get("start"), self.cleaned_data.get("end") or now
        return Period(start, end) if start and start < end else None


class ActForm(forms.Form):
    """One thing done to many alerts: those named, or every one of the list looked at."""

    verb = forms.ChoiceField(
        choices=[
            (v, v) for v in ("acknowledge", "shelve", "unshelve", "assign", "note", "resolve")
        ]
    )
    ids = forms.CharField(required=False)
    everything = forms.BooleanField(required=False)
    note = forms.CharField(required=False, max_length=500)
    minutes = forms.TypedChoiceField(
        required=False, coerce=int, choices=[(each, str(each)) for each in MINUTES]
    )
    owner = forms.ModelChoiceField(people(), required=False)

    def clean_ids(self) -> list[int]:
        """Return the keys; raises ValidationError for what is none."""
        words = [word for word in self.cleaned_data["ids"].split(",") if word]
        if len(words) > MOST_IDS or not all(word.isdecimal() for word in words):
            raise forms.ValidationError(_("These are no alerts."))
        return [int(word) for word in words if int(word) < 2**63]

    def clean(self) -> dict[str, Any]:
        """Ask for what the verb needs."""
        data = super().clean() or {}
        if not data.get("ids") and not data.get("everything"):
            self.add_error(None, _("Choose an alert first."))
        if data.get("verb") == "note" and not data.get("note"):
            self.add_error("note", _("Write the note."))
        if data.get("verb") == "shelve":
            self._check_shelf(data)
        return data

    def _check_shelf(self, data: dict[str, Any]) -> None:
        if not data.get("note"):
            self.add_error("note", _("Say why: who takes over the desk will ask."))
        if not data.get("minutes"):
            self.add_error("minutes", _("Say for how long."))


class PerformanceForm(forms.Form):
    """Which time is looked at, and how many operators shared the desk in it."""

    period = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Time"),
        choices=[
            ("24", gettext_lazy("24 hours")),
            ("168", gettext_lazy("7 days")),
            ("720", gettext_lazy("30 days")),
        ],
        widget=forms.Select(attrs=CHOICE),
    )
    people = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=20,
        label=gettext_lazy("Operators at the desk"),
        widget=forms.NumberInput(attrs=TEXT),
    )

    @property
    def hours(self) -> int:
        """Return how many hours are looked at."""
        return int(self._asked().get("period") or 24)

    @property
    def operators(self) -> int:
        """Return how many operators there were."""
        return self._asked().get("people") or 1

    def _asked(self) -> dict[str, Any]:
        self.is_valid()
        return self.cleaned_data


class ShiftNoteForm(forms.Form):
    """What one shift tells the next."""

    text = forms.CharField(
        max_length=4000,
        label=gettext_lazy("For the next shift"),
        widget=forms.Textarea(attrs=TEXT | {"rows": 3}),
    )


class PlannedWorkForm(forms.Form):
    """Work that will make meters dark: where, from when until when, why."""

    region = forms.ModelChoiceField(
        Region.objects.all(), required=False, label=gettext_lazy("Region"),
        widget=forms.Select(attrs=CHOICE),
    )  # fmt: skip
    feeder = forms.ModelChoiceField(
        Feeder.objects.all(), required=False, label=gettext_lazy("or feeder"),
        widget=forms.Select(attrs=CHOICE),
    )  # fmt: skip
    transformer = forms.ModelChoiceField(
        Transformer.objects.all(), required=False, to_field_name="code",
        label=gettext_lazy("or transformer"), widget=forms.TextInput(attrs=TEXT),
    )  # fmt: skip
    starts_at = forms.DateTimeField(label=gettext_lazy("From"), widget=_moment())
    ends_at = forms.DateTimeField(label=gettext_lazy("Until"), widget=_moment())
    reason = forms.CharField(
        max_length=500, label=gettext_lazy("Reason"), widget=forms.TextInput(attrs=TEXT)
    )

    def clean(self) -> dict[str, Any]:
        """Refuse what has no place, or several, or no length."""
        data = super().clean() or {}
        if self.errors:
            return data
        if sum(bool(data[each]) for each in ("region", "feeder", "transformer")) != 1:
            self.add_error("region", _("Choose one place: a region, a feeder or a transformer."))
        if data["ends_at"] <= data["starts_at"]:
            self.add_error("ends_at", _("The end must come after the start."))
        return data


class NoticesForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic when it runs
    """How a person is told."""

    class Meta:
        model = NoticeSettings
        fields = [
            "in_app_from", "mail_from", "sms_from", "phone", "regions", "quiet_from",
            "quiet_until", "critical_passes", "is_on_duty",
        ]  # fmt: skip
        labels = {
            "in_app_from": gettext_lazy("In the console, from"),
            "mail_from": gettext_lazy("By e-mail, from"),
            "sms_from": gettext_lazy("By text message, from"),
            "phone": gettext_lazy("Telephone, such as +3225551234"),
            "regions": gettext_lazy("Regions (none: all of them)"),
            "quiet_from": gettext_lazy("Quiet from"),
            "quiet_until": gettext_lazy("Quiet until"),
            "critical_passes": gettext_lazy("Critical alerts pass the quiet hours"),
            "is_on_duty": gettext_lazy("On duty: tell me of every escalation"),
        }
        help_texts = {"regions": "", "is_on_duty": "", "critical_passes": ""}
        widgets = {
            "in_app_from": forms.Select(attrs=CHOICE),
            "mail_from": forms.Select(attrs=CHOICE),
            "sms_from": forms.Select(attrs=CHOICE),
            "phone": forms.TextInput(attrs=TEXT | {"type": "tel", "autocomplete": "tel"}),
            "regions": forms.SelectMultiple(attrs=CHOICE),
            "quiet_from": forms.TimeInput(attrs=TEXT | {"type": "time"}, format="%H:%M"),
            "quiet_until": forms.TimeInput(attrs=TEXT | {"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, has_texts: bool, is_staff: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        if not has_texts:
            del self.fields["sms_from"], self.fields["phone"]
        if not is_staff:
            del self.fields["regions"], self.fields["critical_passes"], self.fields["is_on_duty"]

    def _get_validation_exclusions(self) -> set[str]:
        """Leave what fields mean together to the service, which says it in words."""
        return {field.name for field in NoticeSettings._meta.get_fields()}
