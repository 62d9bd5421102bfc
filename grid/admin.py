"""The network in Django's admin: topology and capacities."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from grid.models import Feeder, Region, RegionCapacity, Substation, Transformer


class RegionCapacityInline(admin.TabularInline):
    """What a region could carry since when: a new row, never a changed old one."""

    model = RegionCapacity
    extra = 0
    min_num = 1  # without one no load has a share, and no price follows it

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Return forms of which at least one is filled in."""
        return super().get_formset(request, obj, validate_min=True, **kwargs)


@admin.register(Region)
class RegionAdmin(admin.ModelAdmin):
    """Regions with their capacities."""

    list_display = ["code", "name"]
    search_fields = ["code", "name"]
    inlines = [RegionCapacityInline]


@admin.register(Substation)
class SubstationAdmin(admin.ModelAdmin):
    """Where regions are fed."""

    list_display = ["code", "name", "region"]
    list_filter = ["region"]
    list_select_related = ["region"]
    search_fields = ["code", "name"]


@admin.register(Feeder)
class FeederAdmin(admin.ModelAdmin):
    """Lines out of substations."""

    list_display = ["code", "substation", "rating_kw"]
    list_filter = ["substation__region"]
    list_select_related = ["substation"]
    search_fields = ["code"]
    autocomplete_fields = ["substation"]


@admin.register(Transformer)
class TransformerAdmin(admin.ModelAdmin):
    """Where service points hang."""

    list_display = ["code", "feeder", "rating_kva"]
    list_filter = ["feeder__substation__region"]
    list_select_related = ["feeder"]
    search_fields = ["code"]
    autocomplete_fields = ["feeder"]
