"""Forms of prices: an override, shown with what it would do before it is made; a policy."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import selectors as accounts
from segs_site.lib.periods import Period
from tariffs import bands, pricing
from tariffs.models import PriceOverride, PricingPolicy
from tariffs.selectors import overrides
from tariffs.services import overrides as services


@dataclass(frozen=True, slots=True)
class Preview:
    """What an override would do: the slots it prices, whom it touches, what it is worth."""

    first: datetime
    end: datetime
    customers: int
    worth: overrides.Worth
    needs_approval: bool

    def __str__(self) -> str:
        words = _(
            "It prices %(price)s %(currency)s a kWh (base %(base)s), touches %(customers)s"
            " customers; the last 30 days' %(energy)s kWh would have cost %(difference)s"
            " %(currency)s more. %(approval)s Send the form again to request it."
        )
        approval = (
            _("A second person has to approve it.")
            if self.needs_approval
            else _("It acts without a second person.")
        )
        return words % {
            "price": self.worth.price,
            "base": self.worth.base_price,
            "currency": self.worth.currency,
            "customers": self.customers,
            "energy": f"{self.worth.energy_kwh:.0f}",
            "difference": self.worth.difference,
            "approval": approval,
        }


class OverrideForm(forms.ModelForm):
    """Asks for region, window, price and reason; the first time it is sent it shows a preview.

    `now` is set by the door. What was shown is what is made: after a change it is shown anew.
    """

    now: datetime
    preview: Preview | None = None
    previewed = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = PriceOverride
        fields = ["region", "starts_at", "ends_at", "price", "multiplier", "reason"]
        labels = {
            "region": gettext_lazy("Region"),
            "starts_at": gettext_lazy("From"),
            "ends_at": gettext_lazy("Until"),
            "price": gettext_lazy("Price per kWh"),
            "multiplier": gettext_lazy("or multiple of the base price"),
            "reason": gettext_lazy("Reason"),
        }

    def clean(self) -> dict[str, Any]:
        """Refuse what cannot act; then ask for a second look."""
        data = super().clean() or {}
        if self.errors:
            return data
        self._check_fields(data)
        if not self.errors:
            self._look(self.order())
        return data

    def order(self) -> services.Order:
        """Return what is asked for."""
        data = self.cleaned_data
        override = pricing.Override(data["reason"], data["price"], data["multiplier"])
        return services.Order(data["region"], data["starts_at"], data["ends_at"], override)

    def _check_fields(self, data: dict[str, Any]) -> None:
        if data["ends_at"] <= data["starts_at"]:
            self.add_error("ends_at", _("The end must come after the start."))
        if (data["price"] is None) == (data["multiplier"] is None):
            self.add_error("price", _("Give either a price or a multiple of the base price."))

    def _look(self, order: services.Order) -> None:
        slots = overrides.slots(
            region_id=order.region.pk, start=order.starts_at, end=order.ends_at, now=self.now
        )
        if slots.policy is None:
            self.add_error("region", _("No pricing policy rules this region."))
        elif slots.first is None or slots.end is None:
            self.add_error("ends_at", _("No slot that is still undecided begins in this window."))
        elif self.cleaned_data["previewed"] != self._seal(order):
            self.preview = self._preview(order, slots.policy, Period(slots.first, slots.end))
            seal = {self.add_prefix("previewed"): self._seal(order)}
            self.data = dict(self.data.items()) | seal
            self.add_error(None, forms.ValidationError(str(self.preview), code="preview"))

    def _preview(self, order: services.Order, policy: PricingPolicy, period: Period) -> Preview:
        return Preview(
            first=period.start,
            end=period.end,
            customers=accounts.customers_in(region_id=order.region.pk, period=period),
            worth=overrides.worth(
                region=order.region, policy=policy, override=order.override, now=self.now
            ),
            needs_approval=services.needs_approval(policy=policy, override=order.override),
        )

    def _seal(self, order: services.Order) -> str:
        asked = (order.region.pk, order.starts_at, order.ends_at, order.override)
        return sha256(repr(asked).encode()).hexdigest()[:32]

    def _post_clean(self) -> None:
        """Leave the model alone: the service makes it, and the database judges it."""


def _moment() -> forms.DateTimeInput:
    return forms.DateTimeInput(
        attrs={"type": "datetime-local", "class": "form-control"}, format="%Y-%m-%dT%H:%M"
    )


class ConsoleOverrideForm(OverrideForm):
    """The override's form as the console shows it, times in the site's zone."""

    class Meta(OverrideForm.Meta):
        widgets = {
            "region": forms.Select(attrs={"class": "form-select"}),
            "starts_at": _moment(),
            "ends_at": _moment(),
            "price": forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
            "multiplier": forms.NumberInput(attrs={"class": "form-control", "step": "any"}),
            "reason": forms.TextInput(attrs={"class": "form-control"}),
        }


class BandsField(forms.CharField):
    """Bands typed one a line: from, to, multiplier; the last without its end."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 30})

    def prepare_value(self, value: Any) -> Any:
        """Return the lines of stored bands."""
        return value if value is None or isinstance(value, str) else bands.write(value)

    def clean(self, value: Any) -> list[list[str | None]]:
        """Return bands that price every load; raises ValidationError that names the bad one."""
        text = super().clean(value)
        try:
            written = bands.parse(text)
            bands.read(written)
        except bands.BadBands as fault:
            raise forms.ValidationError(str(fault)) from fault
        return written


class PolicyForm(forms.ModelForm):
    """A new version of a policy."""

    bands = BandsField(help_text="one a line: from % to % multiplier; the last: from % multiplier")

    class Meta:
        model = PricingPolicy
        fields = [
            "region",
            "effective_from",
            "currency",
            "base_price",
            "bands",
            "hysteresis_pct",
            "min_dwell_minutes",
            "min_change",
            "cap",
            "floor",
            "hold_minutes",
            "slot_minutes",
            "lead_s",
            "approval_above_pct",
        ]
