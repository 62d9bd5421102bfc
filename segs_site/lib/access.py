"""Who may do what: one table of role and action, asked by pages, API, exports and sockets."""

from enum import StrEnum
from typing import Any

from django.http import HttpRequest
from rest_framework.permissions import BasePermission


class Role(StrEnum):
    """What a signed-in person is here for."""

    CUSTOMER = "customer"
    OPERATOR = "operator"
    CLERK = "clerk"
    ADMIN = "admin"


class Action(StrEnum):
    """What a door lets through."""

    WATCH_GRID = "watch_grid"
    OPERATE_GRID = "operate_grid"
    BILL = "bill"
    ADMINISTER = "administer"


RIGHTS: dict[Role, frozenset[Action]] = {
    Role.CUSTOMER: frozenset(),
    Role.OPERATOR: frozenset({Action.WATCH_GRID, Action.OPERATE_GRID}),
    Role.CLERK: frozenset({Action.WATCH_GRID, Action.BILL}),
    Role.ADMIN: frozenset(Action),
}


def may(user: Any, action: Action) -> bool:
    """Tell whether `user` (anonymous included) may take `action`."""
    if not getattr(user, "is_active", False):
        return False
    return action in RIGHTS[Role(user.role)]


class MayWatchGrid(BasePermission):
    """Lets operators, clerks and administrators read the state of the grid."""

    def has_permission(self, request: HttpRequest, view: Any) -> bool:
        """See `may`."""
        return may(request.user, Action.WATCH_GRID)
