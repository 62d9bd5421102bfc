"""Addresses below /api/alerts, /api/users/me and /api/admin, with and without a slash."""

from django.urls import re_path

from alerts.api import notices

urlpatterns = [
    re_path(r"^users/me/notices/?$", notices.NoticesView.as_view(), name="api-notices"),
    re_path(
        r"^users/me/notices/read/?$", notices.ReadNoticesView.as_view(), name="api-notices-read"
    ),
    re_path(
        r"^users/me/notifications/?$",
        notices.NoticeSettingsView.as_view(),
        name="api-notice-settings",
    ),
    re_path(
        r"^users/me/notifications/test/?$",
        notices.TestNoticeView.as_view(),
        name="api-notice-test",
    ),
]
