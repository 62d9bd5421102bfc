"""Addresses below /api/admin/grid, with and without a slash at the end."""

from django.urls import re_path

from grid.api import views

urlpatterns = [
    re_path(r"^admin/grid/status/?$", views.GridStatusView.as_view(), name="api-grid-status"),
    re_path(r"^admin/grid/load/?$", views.LoadView.as_view(), name="api-grid-load"),
    re_path(r"^admin/grid/topology/?$", views.TopologyView.as_view(), name="api-grid-topology"),
]
