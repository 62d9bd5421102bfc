"""Who may do what: one table of role and action, asked by pages, API, exports and sockets.

`docs/access.md` is this table in words. A row of data is another question: what a customer may
see of it is decided where it is selected.
"""

from enum import StrEnum
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from rest_framework.permissions import SAFE_METHODS, BasePermission


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


def may(user: Any, action: Action) -> bool:
    """Tell whether `user` (anonymous included) may take `action`."""
    if not getattr(user, "is_active", False):
        return False
    return action in RIGHTS[Role(user.role)]


def check(user: Any, action: Action) -> None:
    """Raise PermissionDenied unless `user` may take `action`."""
    if not may(user, action):
        raise PermissionDenied


class Needs:
    """A permission of the API: `permission_classes = [Needs(Action.WATCH_GRID)]`.

    `to_change` is asked for by methods that change something; without it, `action` is.
    """

    def __init__(self, action: Action, *, to_change: Action | None = None) -> None:
        self._action = action
        self._to_change = to_change or action

    def __call__(self) -> BasePermission:
        """Return the permission that the framework asks; it makes one for each request."""
        return _Permission(self._action, self._to_change)


class _Permission(BasePermission):
    def __init__(self, action: Action, to_change: Action) -> None:
        self._action, self._to_change = action, to_change

    def has_permission(self, request: HttpRequest, view: Any) -> bool:
        is_reading = request.method in SAFE_METHODS
        return may(request.user, self._action if is_reading else self._to_change)


MayWatchGrid = Needs(Action.WATCH_GRID)
