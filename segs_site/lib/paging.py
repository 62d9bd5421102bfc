"""Pages of a list that is read while it grows: each page starts behind a key, not at a number.

A cursor holds the key of the last row that was shown. Rows that come or go before it move
nothing, so no row is shown twice and none is left out. It is opaque to clients, and not secret.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from django.core.exceptions import ValidationError as BadValue
from django.db.models import Model, Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

LIMIT, MAX_LIMIT = 100, 1000
M = TypeVar("M", bound=Model)


class PageQuerySerializer(serializers.Serializer[Any]):
    """Which page of a list."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="as `next` of the page before gave it"
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=LIMIT, help_text="rows a page"
    )


@dataclass(frozen=True, slots=True)
class Order:
    """By which keys a list goes: names of fields or annotations, never null, together unique."""

    keys: tuple[str, ...]
    descending: bool = False

    @property
    def fields(self) -> list[str]:
        """What `order_by` takes."""
        return [f"-{key}" for key in self.keys] if self.descending else list(self.keys)

    @property
    def name(self) -> str:
        """What a cursor says it was made for."""
        return ",".join(self.fields)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, and the cursor of the next; None on the last."""

    rows: list[Any]
    next_cursor: str | None

    def document(self, request: Request, rows: Sequence[Any]) -> dict[str, Any]:
        """Return what is answered: `next` is an address, None on the last page."""
        return {"next": _address(request, self.next_cursor), "results": rows}


def cut(rows: QuerySet[M, Any], *, order: Order, cursor: str | None, limit: int) -> Page:
    """Return the page behind a cursor; raises ValidationError for a cursor of another list.

    `rows` may yield models or, by `values()`, mappings.
    """
    ordered = rows.order_by(*order.fields)
    if cursor:
        ordered = _filtered(ordered, _behind(order, _opened(cursor, order)))
    found = list(ordered[: limit + 1])
    more = len(found) > limit
    return Page(found[:limit], _closed(found[limit - 1], order) if more else None)


def _filtered(rows: QuerySet[M, Any], behind: Q) -> QuerySet[M, Any]:
    try:
        return rows.filter(behind)
    except (ValueError, TypeError, OverflowError, BadValue) as problem:  # of another type
        raise bad_cursor() from problem


def _behind(order: Order, values: Sequence[Any]) -> Q:
    """Return (a, b) > (x, y) as PostgreSQL uses an index for it: a >= x and (a > x or b > y)."""
    way = "lt" if order.descending else "gt"
    first = f"{order.keys[0]}__{way}"
    if len(order.keys) == 1:
        return Q(**{first: values[0]})
    rest = _behind(Order(order.keys[1:], order.descending), values[1:])
    return Q(**{f"{first}e": values[0]}) & (Q(**{first: values[0]}) | rest)


def _closed(row: Any, order: Order) -> str:
    values = [row[key] if isinstance(row, Mapping) else _value(row, key) for key in order.keys]
    return seal([order.name, *values])


def _value(row: Any, key: str) -> Any:
    for name in key.split("__"):
        row = getattr(row, name)
    return row


def _opened(cursor: str, order: Order) -> list[Any]:
    name, *values = unseal(cursor)
    if name != order.name or len(values) != len(order.keys):
        raise bad_cursor()
    return values


def seal(values: Sequence[Any]) -> str:
    """Return a cursor that holds texts, numbers, instants and days."""
    marked = [_marked(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps(marked).encode()).decode().rstrip("=")


def unseal(cursor: str) -> list[Any]:
    """Return what `seal` was given; raises ValidationError for anything else."""
    try:
        packed = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        return [_unmarked(value) for value in _list(json.loads(packed))]
    except (ValueError, TypeError, KeyError, RecursionError) as problem:
        raise bad_cursor() from problem


def _marked(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    return {"day": value.isoformat()} if isinstance(value, date) else value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise TypeError
    return value


def _unmarked(value: Any) -> Any:
    if isinstance(value, dict) and "day" in value:
        return date.fromisoformat(value["day"])
    if isinstance(value, dict):
        moment = datetime.fromisoformat(value["at"])
        if moment.tzinfo is None:
            raise ValueError
        return moment
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    if (
        not is_plain
        or "\0" in str(value).encode().decode()
        or (isinstance(value, int) and abs(value) >= 2**63)
    ):
        raise TypeError
    return value


def bad_cursor() -> ValidationError:
    """Return the refusal of a cursor that is none of this list."""
    return ValidationError({"cursor": ["This cursor is not of this list."]})


def _address(request: Request, cursor: str | None) -> str | None:
    if cursor is None:
        return None
    query = request._request.GET.copy()
    query["cursor"] = cursor
    return f"{request._request.build_absolute_uri(request._request.path)}?{query.urlencode()}"
