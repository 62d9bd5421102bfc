"""Rate plans in Django's admin."""

from django.contrib import admin

from tariffs.models import RatePlan


@admin.register(RatePlan)
class RatePlanAdmin(admin.ModelAdmin):
    """Plans that agreements can name."""

    list_display = ["code", "name", "currency"]
    search_fields = ["code", "name"]
