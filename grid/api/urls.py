"""Addresses below /api/admin of the grid, with and without a slash at the end."""

from django.urls import re_path

from grid.api import regions, views

urlpatterns = [
    re_path(r"^admin/grid/status/?$", views.GridStatusView.as_view(), name="api-grid-status"),
    re_path(r"^admin/grid/load/?$", views.LoadView.as_view(), name="api-grid-load"),
    re_path(r"^admin/grid/topology/?$", views.TopologyView.as_view(), name="api-grid-topology"),
    re_path(
        r"^admin/regions/stats/?$", regions.RegionStatsView.as_view(), name="api-region-stats"
    ),
    re_path(
        r"^admin/regions/(?P<code>[^/\0]+)/capacities/?$",
        regions.CapacitiesView.as_view(),
        name="api-region-capacities",
    ),
]
