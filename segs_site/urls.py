"""Every address of the site; each app owns its own."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("", include("grid.urls")),
    path("", include("accounts.urls")),
]
