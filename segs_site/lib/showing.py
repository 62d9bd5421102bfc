"""How a page is sent: whole, or as the fragment a script asks for; and a list of it, by pages."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control, patch_vary_headers
from rest_framework.exceptions import ValidationError

from segs_site.lib import paging
from segs_site.lib.manners import local_zone


def shown(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return a page, or what a script that asks with `X-Fragment` puts into one."""
    is_fragment = "X-Fragment" in request.headers
    both = {
        "layout": "console/fragment.html" if is_fragment else "base.html",
        "zone": local_zone().key,
    }
    answer = render(request, template, both | context, status=status)
    patch_vary_headers(answer, ["X-Fragment"])
    patch_cache_control(answer, no_store=True)
    return answer


def page_of(
    request: HttpRequest, rows: Any, *, order: paging.Order, limit: int, name: str = "cursor"
) -> tuple[list[Any], str | None]:
    """Return the rows behind the cursor in the address, and the address of those after them.

    A cursor of another list begins with the first row.
    """
    try:
        page = paging.cut(rows, order=order, cursor=request.GET.get(name), limit=limit)
    except ValidationError:
        page = paging.cut(rows, order=order, cursor=None, limit=limit)
    if page.next_cursor is None:
        return page.rows, None
    query = request.GET.copy()
    query[name] = page.next_cursor
    return page.rows, f"?{query.urlencode()}"
