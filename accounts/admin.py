"""People, customers and keys in Django's admin."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import services
from accounts.models import ApiKey, Customer, CustomerAccount, ServiceAgreement, User


class UserCreationForm(AdminUserCreationForm):
    """Asks for the address instead of a name."""

    class Meta:
        model = User
        fields = ["email", "role"]


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """People by e-mail address."""

    add_form = UserCreationForm
    list_display = ["email", "role", "first_name", "last_name", "is_active", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "role"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "role", "usable_password", "password1", "password2"]})
    ]
    readonly_fields = ["last_login", "date_joined"]


class AccountInline(admin.TabularInline):
    """What is billed together."""

    model = CustomerAccount
    extra = 0


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """Customers with their accounts."""

    list_display = ["code", "name", "user"]
    list_select_related = ["user"]
    search_fields = ["code", "name", "user__email"]
    autocomplete_fields = ["user"]
    inlines = [AccountInline]
    show_full_result_count = False


class AgreementInline(admin.TabularInline):
    """Where the account takes service, and when."""

    model = ServiceAgreement
    extra = 0
    autocomplete_fields = ["service_point", "plan"]


@admin.register(CustomerAccount)
class CustomerAccountAdmin(admin.ModelAdmin):
    """Accounts with their agreements."""

    list_display = ["number", "customer"]
    list_select_related = ["customer"]
    search_fields = ["number", "customer__name", "customer__code"]
    autocomplete_fields = ["customer"]
    inlines = [AgreementInline]
    show_full_result_count = False


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys of head-ends; one is issued by command, for its text is shown once."""

    list_display = ["name", "prefix", "scope", "created_at", "expires_at", "revoked_at"]
    list_filter = ["scope"]
    search_fields = ["name", "prefix"]
    readonly_fields = ["prefix", "sha256", "scope", "created_at", "revoked_at"]
    actions = ["revoke"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: the form could not show the key once and forget it."""
        return False

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the keys now."""
        for key in queryset:
            services.revoke_key(key=key, now=timezone.now())
