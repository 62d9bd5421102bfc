"""Tables streamed as CSV, row by row, and harmless when a spreadsheet opens them."""

import csv
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse

ROWS_A_CHUNK = 500
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run as a formula


class _Line:
    """What a csv writer writes to: hands each line back."""

    def write(self, line: str) -> str:
        return line


def cell(value: Any) -> Any:
    """Return a value as it stands in a cell: unknown is empty, instants are UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, str) and value.startswith(FORMULA_SIGNS):
        return f"'{value}"
    return value


def lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the header, then chunks of lines."""
    writer = csv.writer(_Line())
    yield writer.writerow(header)
    remaining = iter(rows)
    while chunk := [writer.writerow(map(cell, row)) for row in islice(remaining, ROWS_A_CHUNK)]:
        yield "".join(chunk)


def answer(
    request: HttpRequest, *, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> StreamingHttpResponse:
    """Return a download; `rows` is read while it is sent, so its size costs no memory."""
    return stream(request, lines(header, rows), name=name, content_type="text/csv; charset=utf-8")


def stream(
    request: HttpRequest, text: Iterator[str], *, name: str, content_type: str
) -> StreamingHttpResponse:
    """Return a text of any kind as a download that is made while it is sent."""
    content = _asynchronous(text) if isinstance(request, ASGIRequest) else text
    return StreamingHttpResponse(
        content,
        content_type=content_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


async def _asynchronous(text: Iterator[str]) -> AsyncIterator[str]:
    # In the request's own thread, where the database cursor behind `text` was opened.
    while (chunk := await sync_to_async(_next)(text)) is not None:
        yield chunk


def _next(text: Iterator[str]) -> str | None:
    return next(text, None)


def file_name(text: str) -> str:
    """Return what of a text may stand in a file's name everywhere."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text) or "export"
