"""What every door of the API does first and last: read the question, answer a page of rows."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from segs_site.lib import paging


def asked(
    kind: type[Serializer[Any]], request: Request, *, now: datetime | None = None
) -> dict[str, Any]:
    """Return what the address asks for; raises ValidationError."""
    return valid(kind(data=request.query_params, context={"now": now}))


def sent(kind: type[Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return what the body says; raises ValidationError."""
    return valid(kind(data=request.data))


def valid(serializer: Serializer[Any]) -> dict[str, Any]:
    """Return the validated data; raises ValidationError."""
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


def user_id(request: Request | HttpRequest) -> int:
    """Return the id of whoever asks; the door has made sure that he is signed in."""
    return int(request.user.pk or 0)


def page(
    request: Request,
    rows: QuerySet[Any, Any],
    *,
    order: paging.Order,
    query: dict[str, Any],
    shown_as: type[Serializer[Any]],
) -> Response:
    """Answer the page of rows that `query`, a valid `PageQuerySerializer`, asks for."""
    found = paging.cut(rows, order=order, cursor=query.get("cursor"), limit=query["limit"])
    return Response(found.document(request, list(shown_as(found.rows, many=True).data)))
