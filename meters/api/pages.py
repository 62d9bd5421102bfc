"""Histories of one meter, as pages and as downloads."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from meters.api import rows
from meters.selectors import histories
from meters.selectors.energy import Span
from meters.selectors.exports import Part
from meters.selectors.histories import Resolution
from segs_site.lib import csvs, paging

BY_TIME = paging.Order(("at",))
ROWS_AT_ONCE = 2000


def page_of_history(
    request: Request, spans: Sequence[Span], query: dict[str, Any]
) -> dict[str, Any]:
    """Return a page of the rows within spans; raises ValidationError for a strange cursor."""
    resolution = Resolution(query["resolution"])
    found = histories.history(spans=spans, resolution=resolution)
    page = paging.cut(found, order=BY_TIME, cursor=query.get("cursor"), limit=query["limit"])
    return page.document(request, list(rows.history(page.rows, resolution)))


def csv_of_history(
    request: Request, parts: Sequence[Part], query: dict[str, Any], *, name: str
) -> HttpResponseBase:
    """Return the rows of one meter as a download that is read while it is sent."""
    resolution = Resolution(query["resolution"])
    return csvs.answer(
        request._request,
        name=f"{csvs.file_name(name)}-{resolution.value}.csv",
        header=(*rows.header_of(resolution), *rows.whose_header(resolution)),
        rows=_cells(parts, resolution),
    )


def _cells(parts: Sequence[Part], resolution: Resolution) -> Iterator[Sequence[Any]]:
    for part in parts:
        span = Span(0, part.meter_id, part.period)
        found = histories.history(spans=[span], resolution=resolution)
        ordered = found.order_by(*BY_TIME.fields).iterator(chunk_size=ROWS_AT_ONCE)
        whose = rows.whose(part, resolution)
        yield from ((*cells, *whose) for cells in rows.history_cells(ordered, resolution))
