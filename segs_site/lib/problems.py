"""Errors of the API as problem documents (RFC 9457) with a stable `code`."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from segs_site.lib import trace

CONTENT_TYPE = "application/problem+json"


def document(*, status: int, code: str, detail: str, **members: Any) -> dict[str, Any]:
    """Return the members of a problem document; `request_id` finds it in the logs."""
    asked = trace.request_id()
    return (
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "code": code,
            "detail": detail,
        }
        | ({"request_id": asked} if asked else {})
        | members
    )


def handle_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """Answer what a REST view raised; None lets a fault of ours surface as one."""
    refusal = _as_refusal(error)
    response = exception_handler(refusal, context)
    if response is None:
        return None
    if isinstance(refusal, exceptions.ValidationError):
        body = document(
            status=response.status_code,
            code="invalid",
            detail="Some fields are missing or wrong.",
            errors=response.data,
        )
    else:
        body = document(
            status=response.status_code, code=_code_of(refusal), detail=_detail_of(refusal)
        )
    response.data = body
    response.content_type = CONTENT_TYPE
    return response


def _as_refusal(error: Exception) -> Exception:
    """Return Django's own two refusals as the framework's, which have words and codes."""
    if isinstance(error, Http404):
        return exceptions.NotFound(str(error) or None)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied(str(error) or None)
    return error


def _code_of(error: Exception) -> str:
    codes = error.get_codes() if isinstance(error, exceptions.APIException) else None
    if isinstance(codes, dict):
        codes = codes.get("code", "error")
    return codes if isinstance(codes, str) else "error"


def _detail_of(error: Exception) -> str:
    detail = getattr(error, "detail", None)
    if isinstance(detail, dict):
        detail = detail.get("detail", detail)
    return str(detail or error)


def answer(*, status: int, code: str, detail: str) -> JsonResponse:
    """Return a problem outside of a REST view."""
    body = document(status=status, code=code, detail=detail)
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)


@csrf_exempt  # else a POST to nowhere is refused by a page
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer an API path that does not exist."""
    return answer(status=404, code="not_found", detail=f"There is nothing at {request.path}.")


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer a fault of ours: a problem document below /api/, else the page."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    return answer(status=500, code="server_error", detail="The fault is ours and was logged.")
