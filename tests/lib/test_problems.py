import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from rest_framework import exceptions, serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import ErrorDetail
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework_simplejwt.exceptions import InvalidToken

from segs_site.lib import problems

REFUSALS = [
    pytest.param(Http404(), 404, "not_found", id="no such row"),
    pytest.param(PermissionDenied(), 403, "permission_denied", id="Django's refusal"),
    pytest.param(exceptions.NotAuthenticated(), 401, "not_authenticated", id="nobody"),
    pytest.param(exceptions.PermissionDenied(), 403, "permission_denied", id="not for this role"),
    pytest.param(exceptions.Throttled(wait=3), 429, "throttled", id="too often"),
    pytest.param(exceptions.ParseError(), 400, "parse_error", id="no JSON"),
    pytest.param(exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed", id="wrong verb"),
    pytest.param(
        InvalidToken({"messages": [{"token_type": "access"}]}),
        401,
        "token_not_valid",
        id="a token that ended",
    ),
    pytest.param(
        exceptions.APIException([ErrorDetail("odd", "odd")]), 500, "error", id="a list of errors"
    ),
]


def raised(error: Exception) -> Response:
    """Answer a request to a REST view that raises `error`, rendered."""

    @api_view(["GET"])
    @permission_classes([AllowAny])
    def view(request: Request) -> Response:
        raise error

    response = view(APIRequestFactory().get("/api/thing"))
    response.render()
    return response


def body(response: HttpResponse) -> dict[str, Any]:
    return json.loads(response.content)


class TestHandleException:
    @pytest.mark.parametrize(("error", "status", "code"), REFUSALS)
    def test_answers_with_status_and_code(self, error: Exception, status: int, code: str) -> None:
        response = raised(error)

        assert response.status_code == status
        assert body(response)["status"] == status
        assert body(response)["code"] == code

    @pytest.mark.parametrize(("error", "status", "code"), REFUSALS)
    def test_answers_with_every_member_of_a_problem(
        self, error: Exception, status: int, code: str
    ) -> None:
        response = raised(error)

        assert response["Content-Type"].split(";")[0] == "application/problem+json"
        assert {"type", "title", "status", "code", "detail"} <= set(body(response))
        assert isinstance(body(response)["detail"], str)
        assert body(response)["detail"]

    def test_names_the_fields_that_are_wrong(self) -> None:
        error = serializers.ValidationError({"until": ["This field is required."]})

        answer = body(raised(error))

        assert answer["code"] == "invalid"
        assert answer["errors"] == {"until": ["This field is required."]}

    def test_says_when_to_come_again(self) -> None:
        assert raised(exceptions.Throttled(wait=3))["Retry-After"] == "3"

    def test_lets_a_fault_of_ours_surface(self) -> None:
        assert problems.handle_exception(RuntimeError("ours"), {}) is None

    def test_keeps_the_words_of_the_view(self) -> None:
        assert body(raised(Http404("There is no such region.")))["detail"] == (
            "There is no such region."
        )


class TestOutsideOfRestViews:
    def test_an_unknown_path_is_a_problem_too(self) -> None:
        response = problems.not_found(RequestFactory().get("/api/nothing"))

        assert response.status_code == 404
        assert body(response)["code"] == "not_found"
        assert body(response)["detail"] == "There is nothing at /api/nothing."

    def test_a_fault_below_the_api_is_a_problem_that_says_nothing_of_its_cause(self) -> None:
        response = problems.server_error(RequestFactory().get("/api/regions"))

        assert response.status_code == 500
        assert body(response)["code"] == "server_error"

    def test_a_fault_of_a_page_is_a_page(self) -> None:
        response = problems.server_error(RequestFactory().get("/"))

        assert response.status_code == 500
        assert response["Content-Type"].startswith("text/html")


class TestDocument:
    def test_takes_members_of_its_own(self) -> None:
        made = problems.document(status=409, code="shelved", detail="It is shelved.", until="x")

        assert made == {
            "type": "about:blank",
            "title": "Conflict",
            "status": 409,
            "code": "shelved",
            "detail": "It is shelved.",
            "until": "x",
        }
