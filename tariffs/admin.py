"""Plans, policies, prices and overrides in Django's admin.

A policy that has decided a price, and every price, can be read there and not changed: the
database refuses it. A new version is added instead.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from segs_site.lib.access import Action, may
from tariffs.choices import OverrideState
from tariffs.forms import OverrideForm, PolicyForm
from tariffs.models import PriceOverride, PricingPolicy, RatePlan, RegionPrice
from tariffs.services import overrides, policies
from tariffs.services.overrides import Person


@admin.register(RatePlan)
class RatePlanAdmin(admin.ModelAdmin):
    """Plans that agreements can name."""

    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]


class AddedOnly:
    """Rows that are added and read, never changed or deleted."""

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what was decided stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse: what was decided stays."""
        return False


@admin.register(PricingPolicy)
class PricingPolicyAdmin(AddedOnly, admin.ModelAdmin):
    """Policies by region and version; times are by the clock of whoever types them."""

    form = PolicyForm
    list_display = ["__str__", "effective_from", "base_price", "currency", "slot_minutes"]
    list_filter = ["region"]
    list_select_related = ["region"]
    search_fields = ["region__code", "created_by"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Take the new version into force from its moment on."""
        policies.adopt(policy=obj, by=request.user.get_username(), now=timezone.now())


@admin.register(RegionPrice)
class RegionPriceAdmin(AddedOnly, admin.ModelAdmin):
    """Decided prices and how they arose."""

    list_display = ["region", "starts_at", "price", "triggered_by", "load_pct", "reason", "flag"]
    list_filter = ["region", "triggered_by", "flag"]
    list_select_related = ["region"]
    search_fields = ["region__code", "reason"]
    date_hierarchy = "starts_at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: an override sets a price."""
        return False


@admin.register(PriceOverride)
class PriceOverrideAdmin(AddedOnly, admin.ModelAdmin):
    """Prices that people set: added after a preview, then approved and ended by actions."""

    form = OverrideForm
    list_display = [
        "region",
        "starts_at",
        "ends_at",
        "price",
        "multiplier",
        "reason",
        "state",
        "requested_by",
        "approved_by",
        "ended_by",
    ]
    list_filter = ["region", "needs_approval", "requested_by"]
    list_select_related = ["region"]
    search_fields = ["region__code", "reason", "requested_by", "approved_by"]
    actions = ["approve", "end"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Ask for the right to set prices."""
        return may(request.user, Action.SET_PRICES)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form of this request, which knows its moment."""
        made: Any = super().get_form(request, obj, change, **kwargs)
        made.now = timezone.now()
        return made

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Request the override."""
        made = overrides.request(order=form.order(), by=_person(request), now=form.now)
        obj.__dict__.update(made.__dict__)

    @admin.display(description="state")
    def state(self, row: PriceOverride) -> str:
        """Say where the override stands now."""
        return str(OverrideState(row.state(timezone.now())).label)

    @admin.action(description="Approve the selected overrides")
    def approve(self, request: HttpRequest, queryset: QuerySet[PriceOverride]) -> None:
        """Approve overrides of somebody else."""
        self._act(request, queryset, overrides.approve, "approved")

    @admin.action(description="End the selected overrides now")
    def end(self, request: HttpRequest, queryset: QuerySet[PriceOverride]) -> None:
        """End overrides for the slots that are not decided yet."""
        self._act(request, queryset, overrides.end, "ended")

    def _act(
        self,
        request: HttpRequest,
        queryset: QuerySet[PriceOverride],
        verb: Callable[..., PriceOverride],
        done: str,
    ) -> None:
        now = timezone.now()
        for row in queryset:
            words, level = _outcome(request, row, verb, done, now)
            self.message_user(request, f"{row}: {words}", level)


def _outcome(
    request: HttpRequest,
    row: PriceOverride,
    verb: Callable[..., PriceOverride],
    done: str,
    now: datetime,
) -> tuple[str, int]:
    try:
        verb(override=row, by=_person(request), now=now)
    except overrides.SamePerson:
        return "another person has to approve it, not who requested it.", messages.ERROR
    except (overrides.NotWaiting, overrides.NotOpen):
        return "nothing was done, it stands otherwise by now.", messages.WARNING
    return f"{done}.", messages.SUCCESS


def _person(request: HttpRequest) -> Person:
    return Person(int(request.user.pk or 0), request.user.get_username())
