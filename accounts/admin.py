"""People, customers, keys and the audit trail in Django's admin."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from accounts import selectors
from accounts.choices import LetterKind
from accounts.models import ApiKey, Customer, CustomerAccount, ServiceAgreement, User
from accounts.services import keys, mail, users
from segs_site.lib.models import AuditEntry


class UserCreationForm(AdminUserCreationForm):
    """Asks for the address instead of a name."""

    class Meta:
        model = User
        fields = ["email", "role"]


class UserForm(UserChangeForm):
    """Refuses to take the last administrator away."""

    def clean(self) -> dict[str, Any]:
        """Ask the service that the API asks."""
        given = super().clean() or self.cleaned_data
        try:
            users.keep_an_admin(
                user=self.instance, role=given.get("role"), is_active=given.get("is_active")
            )
        except users.LastAdmin as problem:
            message = _("Nobody would be left who administers: make somebody else one first.")
            raise ValidationError(message) from problem
        return given


@admin.register(User)
class UserAdmin(StockUserAdmin):
    """People by e-mail address; the role alone says what somebody may do."""

    form = UserForm
    add_form = UserCreationForm
    list_display = [
        "email",
        "role",
        "first_name",
        "last_name",
        "is_active",
        "second_factor",
        "last_login",
    ]
    list_filter = ["role", "is_active"]
    search_fields = ["email", "first_name", "last_name"]
    ordering = ["email"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["email", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "role", "is_active"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["email", "role", "usable_password", "password1", "password2"]})
    ]
    readonly_fields = ["last_login", "date_joined"]
    actions = ["reset_second_factor"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return everybody with whether a sign-in asks for more than the password."""
        return selectors.users().order_by(*self.ordering)

    @admin.display(description="second factor", boolean=True)
    def second_factor(self, user: User) -> bool:
        """Tell whether there is one."""
        return bool(user.__dict__["has_second_factor"])

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Keep the user; who is new and has no password gets the mail to choose one."""
        super().save_model(request, obj, form, change)
        if not change and not obj.has_usable_password():
            mail.ask(kind=LetterKind.INVITED, address=obj.email, now=timezone.now())

    @admin.action(
        description=_lazy("Take away the lost second factor of the selected people"),
        permissions=["view"],
    )
    def reset_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Take them away, and say of each whether it was."""
        for user in queryset:
            self._reset(request, user)

    def _reset(self, request: HttpRequest, user: User) -> None:
        by = request.user.get_username()
        named = {"email": user.email}
        try:
            users.reset_second_factor(user=user, by=by, now=timezone.now())
        except users.NothingHeld:
            self.message_user(request, _("%(email)s has none.") % named, messages.WARNING)
        except users.OneselfInstead:
            said = _("Your own you remove on the page of your account.")
            self.message_user(request, said, messages.ERROR)
        else:
            said = _("%(email)s has no second factor any more; a mail says so.") % named
            self.message_user(request, said, messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Refuse: what somebody did stays his; who leaves is switched off."""
        return False


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


class NewKeyForm(forms.ModelForm):
    """Asks whose the key is, and until when."""

    class Meta:
        model = ApiKey
        fields = ["name", "expires_at"]

    def clean_expires_at(self) -> datetime | None:
        """Refuse a moment that is past."""
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError(_("This moment is past."))
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(admin.ModelAdmin):
    """Keys of head-ends: handed out, shown once, revoked, never changed."""

    form = NewKeyForm
    list_display = [
        "name", "prefix", "scope", "state", "created_at", "expires_at", "revoked_at",
        "last_used_at",
    ]  # fmt: skip
    list_filter = ["scope"]
    search_fields = ["name", "prefix"]
    fields = ["name", "expires_at"]
    actions = ["revoke"]

    @admin.display(description="state")
    def state(self, key: ApiKey) -> str:
        """Say whether it opens anything now."""
        return key.state(now=timezone.now()).label

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Refuse: who needs another key gets another one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        """Refuse: a revoked key is still known, so that its holder is told."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: bool) -> None:
        """Hand the key out; its text is kept for the answer alone."""
        row, secret = keys.hand_out(name=obj.name, expires_at=obj.expires_at, now=timezone.now())
        obj.pk, obj.prefix = row.pk, row.prefix
        obj.__dict__["secret"] = secret

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key, this once."""
        context = self.admin_site.each_context(request) | {
            "title": "New key", "key": obj, "secret": obj.__dict__.pop("secret"),
        }  # fmt: skip
        answer = TemplateResponse(request, "accounts/key_issued.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.action(description="Revoke the selected keys", permissions=["view"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        """End the keys now."""
        for key in queryset:
            keys.revoke_key(key=key, now=timezone.now())


@admin.register(AuditEntry)
class AuditEntryAdmin(admin.ModelAdmin):
    """The audit trail, which even the database lets nobody change."""

    list_display = [
        "at", "actor", "verb", "subject_type", "subject_name", "origin", "address",
    ]  # fmt: skip
    list_filter = ["verb", "subject_type"]
    search_fields = ["actor", "subject_name", "=request_id", "=subject_id"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: changes write it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Refuse: what happened, happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEntry | None = None) -> bool:
        """Refuse: nothing is forgotten."""
        return False
