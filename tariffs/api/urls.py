"""Addresses below /api/tariffs and /api/admin/tariffs, with and without a slash at the end."""

from django.urls import re_path

from tariffs.api import forecast, overrides, views

urlpatterns = [
    re_path(r"^tariffs/current/?$", views.CurrentView.as_view(), name="api-tariffs-current"),
    re_path(
        r"^tariffs/regions/(?P<code>[^/\0]+)/?$",
        views.RegionView.as_view(),
        name="api-tariffs-region",
    ),
    re_path(r"^tariffs/history/?$", views.HistoryView.as_view(), name="api-tariffs-history"),
    re_path(r"^tariffs/estimate/?$", views.EstimateView.as_view(), name="api-tariffs-estimate"),
    re_path(r"^tariffs/forecast/?$", forecast.ForecastView.as_view(), name="api-tariffs-forecast"),
    re_path(r"^tariffs/plans/?$", views.PlansView.as_view(), name="api-tariffs-plans"),
    re_path(
        r"^admin/tariffs/analytics/?$",
        views.AnalyticsView.as_view(),
        name="api-tariffs-analytics",
    ),
    re_path(
        r"^admin/tariffs/override/?$", overrides.OverridesView.as_view(), name="api-overrides"
    ),
    re_path(
        r"^admin/tariffs/override/(?P<pk>\d{1,18})/?$",
        overrides.OverrideView.as_view(),
        name="api-override",
    ),
    re_path(
        r"^admin/tariffs/override/(?P<pk>\d{1,18})/approve/?$",
        overrides.ApproveView.as_view(),
        name="api-override-approve",
    ),
]
