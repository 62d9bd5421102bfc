"""Who may do what: one table of role and action, asked by pages, API, exports and sockets.

`docs/access.md` is this table in words. A row of data is another question: what a customer may
see of it is decided where it is selected.
"""

from enum import StrEnum
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS, BasePermission

DEMO_DOMAIN = "demo.segs.example"
DEMO_KEY = "segs-demo-key"


class Role(StrEnum):
    """What a signed-in person is here for."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    CLERK = "clerk"
    ADMIN = "admin"


class Action(StrEnum):
    """What a door lets through."""

    SEE_OWN = "see_own"
    WATCH_GRID = "watch_grid"
    OPERATE_GRID = "operate_grid"
    SEE_CUSTOMERS = "see_customers"
    SET_PRICES = "set_prices"
    BILL = "bill"
    ADMINISTER = "administer"
    READ_AUDIT = "read_audit"


RIGHTS: dict[Role, frozenset[Action]] = {
    Role.CUSTOMER: frozenset({Action.SEE_OWN}),
    Role.OPERATOR: frozenset(
        {
            Action.SEE_OWN,
            Action.WATCH_GRID,
            Action.OPERATE_GRID,
            Action.SEE_CUSTOMERS,
            Action.SET_PRICES,
        }
    ),
    Role.CLERK: frozenset({Action.SEE_OWN, Action.WATCH_GRID, Action.SEE_CUSTOMERS, Action.BILL}),
    Role.ADMIN: frozenset(Action),
}


def is_known_to_everybody(email: str) -> bool:
    """Tell whether the address is one of the demo's, whose password stands in the documentation.

    Where DEBUG is off they open nothing, also in a database that a demo has filled.
    """
    return not settings.DEBUG and email.lower().endswith(f"@{DEMO_DOMAIN}")


def may(user: Any, action: Action) -> bool:
    """Tell whether `user` (anonymous included) may take `action`."""
    if not getattr(user, "is_active", False) or is_known_to_everybody(user.email):
        return False
    return action in RIGHTS[Role(user.role)]


def check(user: Any, action: Action) -> None:
    """Raise PermissionDenied unless `user` may take `action`."""
    if not may(user, action):
        raise PermissionDenied


class NeedsOf(BasePermission):
    """A permission of the API; `Needs` makes one for its actions."""

    action: ClassVar[Action]
    to_change: ClassVar[Action]

    def has_permission(self, request: HttpRequest, view: Any) -> bool:
        """Ask the table: for `to_change` when the method changes something."""
        is_reading = request.method in SAFE_METHODS
        return may(request.user, self.action if is_reading else self.to_change)


def Needs(  # noqa: N802 reads like the class it returns
    action: Action, *, to_change: Action | None = None
) -> type[BasePermission]:
    """Return a permission: `permission_classes = [Needs(Action.WATCH_GRID)]`.

    `to_change` is asked for by methods that change something; without it, `action` is.
    """
    actions = {"action": action, "to_change": to_change or action}
    return type(f"Needs_{action}", (NeedsOf,), actions)


MayWatchGrid = Needs(Action.WATCH_GRID)
