"""The one table of rights, and the three ways a door asks it."""

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import RequestFactory
from django.views import View

from accounts.models import User
from segs_site.lib.access import (
    RIGHTS,
    Action,
    Needs,
    Role,
    check,
    may,
)
from segs_site.lib.doors import NeedsAction, page_needs


def person(role: Role, *, is_active: bool = True) -> User:
    return User(email=f"{role}@utility.example", role=role, is_active=is_active)


def asked(method: str, user: Any) -> Any:
    request = RequestFactory().generic(method, "/somewhere?page=2")
    request.user = user
    return request


OLGA, CARL, ADA = person(Role.OPERATOR), person(Role.CUSTOMER), person(Role.ADMIN)


class TestTheTable:
    def test_has_a_row_for_every_role(self) -> None:
        assert set(RIGHTS) == set(Role)

    def test_lets_an_administrator_do_everything(self) -> None:
        assert all(may(ADA, action) for action in Action)

    def test_lets_a_customer_see_his_own_and_nothing_else(self) -> None:
        assert [action for action in Action if may(CARL, action)] == [Action.SEE_OWN]

    def test_keeps_bills_from_operators_and_the_grid_from_clerks(self) -> None:
        assert not may(OLGA, Action.BILL)
        assert not may(person(Role.CLERK), Action.OPERATE_GRID)

    @pytest.mark.parametrize("action", [Action.ADMINISTER, Action.READ_AUDIT])
    def test_leaves_people_keys_and_the_trail_to_administrators(self, action: Action) -> None:
        assert [role for role in Role if may(person(role), action)] == [Role.ADMIN]

    @pytest.mark.parametrize(
        "nobody",
        [AnonymousUser(), None, person(Role.ADMIN, is_active=False)],
        ids=["anonymous", "none", "switched off"],
    )
    def test_lets_nobody_do_anything(self, nobody: Any) -> None:
        assert not any(may(nobody, action) for action in Action)

    def test_refuses_aloud_when_asked_to(self) -> None:
        with pytest.raises(PermissionDenied):
            check(CARL, Action.WATCH_GRID)


class TestNeeds:
    def test_asks_for_one_action(self) -> None:
        permission = Needs(Action.WATCH_GRID)()

        assert permission.has_permission(asked("GET", OLGA), None)
        assert not permission.has_permission(asked("GET", CARL), None)

    def test_may_ask_for_more_to_change_something(self) -> None:
        permission = Needs(Action.WATCH_GRID, to_change=Action.ADMINISTER)()

        assert permission.has_permission(asked("GET", OLGA), None)
        assert not permission.has_permission(asked("POST", OLGA), None)
        assert permission.has_permission(asked("POST", ADA), None)


@page_needs(Action.WATCH_GRID)
def grid_page(request: Any) -> HttpResponse:
    return HttpResponse("the grid")


class GridPage(NeedsAction, View):
    action = Action.WATCH_GRID

    def get(self, request: Any) -> HttpResponse:
        return HttpResponse("the grid")


@pytest.mark.parametrize("page", [grid_page, GridPage.as_view()], ids=["function", "class"])
class TestAPage:
    def test_opens_to_whoever_may(self, page: Any) -> None:
        assert page(asked("GET", OLGA)).content == b"the grid"

    def test_is_refused_to_whoever_may_not(self, page: Any) -> None:
        with pytest.raises(PermissionDenied):
            page(asked("GET", CARL))

    def test_sends_a_stranger_to_sign_in_and_back(self, page: Any) -> None:
        answer = page(asked("GET", AnonymousUser()))

        assert (answer.status_code, answer["Location"]) == (
            302,
            "/sign-in/?next=/somewhere%3Fpage%3D2",
        )
