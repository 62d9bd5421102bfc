"""How pages and Django's admin ask the table of rights."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar

from django.contrib.admin import AdminSite
from django.contrib.auth.mixins import AccessMixin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from segs_site.lib.access import Action, check, may

Page = Callable[..., HttpResponseBase]


def page_needs(action: Action) -> Callable[[Page], Page]:
    """Guard a page: who is not signed in goes and does so, who may not gets 403."""

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            check(request.user, action)
            return page(request, *args, **kwargs)

        return guarded

    return guard


class NeedsAction(AccessMixin):
    """Guards a page that is a class, which names the action: stands first among its bases."""

    action: ClassVar[Action]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send whoever is not signed in to do so; raise PermissionDenied for who may not."""
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        check(request.user, self.action)
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


class Desk(AdminSite):
    """Django's admin: opened by the role alone, whatever flags and groups a user has."""

    site_header = site_title = "SEGS administration"
    index_title = "Everything that can be entered"
    NOT_SHOWN = frozenset({"auth"})  # rights follow the role, not groups

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Take up a model, unless its app is not shown."""
        is_one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if is_one else list(model_or_iterable)
        shown = [model for model in models if model._meta.app_label not in self.NOT_SHOWN]
        super().register(shown, *args, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Tell whether the visitor administers."""
        return may(request.user, Action.ADMINISTER)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Sign in where everybody does: a second way in would be one past its locks."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", request.get_full_path()))
