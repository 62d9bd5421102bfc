"""Every address of the site; each app owns its own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from segs_site.lib import health, problems

handler500 = "segs_site.lib.problems.server_error"

api: list[URLPattern | URLResolver] = [
    path("", include("accounts.api.urls")),
    path("", include("grid.api.urls")),
    path("", include("meters.api.urls")),
    path("", include("tariffs.api.urls")),
    path("", include("alerts.api.urls")),
    path("", include("billing.api.urls")),
    re_path(r"^schema/?$", SpectacularAPIView.as_view(), name="schema"),
    re_path(
        r"^docs/?$",
        SpectacularSwaggerSplitView.as_view(template_name="api/docs.html"),
        name="api-docs",
    ),
]

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include(api)),
    re_path(r"^api(?:/|$)", problems.not_found),
    re_path(r"^healthz?/?$", health.alive, name="health"),
    re_path(r"^readyz/?$", health.ready, name="ready"),
    re_path(r"^metrics/?$", health.metrics, name="metrics"),
    path("", include("grid.urls")),
    path("", include("meters.urls")),
    path("", include("accounts.urls")),
    path("", include("tariffs.urls")),
    path("", include("alerts.urls")),
    path("", include("billing.urls")),
]
