"""How every page of the portal is sent: by the clock of the site, and kept by nobody."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from segs_site.lib.manners import site_zone


def shown(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    """Return a page; its days and hours are the site's, by which bills go, and it says so."""
    zone = site_zone()
    with timezone.override(zone):
        answer = render(request, template, {"zone": zone.key} | context, status=status)
    patch_cache_control(answer, no_store=True)
    return answer
