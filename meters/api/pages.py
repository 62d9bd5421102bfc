"""Histories of one meter, as pages and as downloads."""

from collections.abc import Sequence
from typing import Any

from django.http.response import HttpResponseBase
from rest_framework.request import Request

from meters.api import rows
from meters.selectors import histories
from meters.selectors.energy import Span
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
    request: Request, spans: Sequence[Span], query: dict[str, Any], *, name: str
) -> HttpResponseBase:
    """Return the rows within spans as a download that is read while it is sent."""
    resolution = Resolution(query["resolution"])
    found = histories.history(spans=spans, resolution=resolution).order_by(*BY_TIME.fields)
    return csvs.answer(
        request._request,
        name=f"{csvs.file_name(name)}-{resolution.value}.csv",
        header=rows.header_of(resolution),
        rows=rows.history_cells(found.iterator(chunk_size=ROWS_AT_ONCE), resolution),
    )
