"""Addresses below /api/alerts, /api/users/me and /api/admin, with and without a slash."""

from django.urls import URLPattern, re_path
from rest_framework.views import APIView

from alerts.api import acting, desk, notices, own, written

PK = r"(?P<pk>\d{1,18})"


def at(pattern: str, view: type[APIView], name: str) -> URLPattern:
    """Return an address that is the same with and without a slash."""
    return re_path(rf"^{pattern}/?$", view.as_view(), name=f"api-{name}")


urlpatterns = [
    at("alerts/mine", own.MineView, "alerts-mine"),
    at(f"alerts/mine/{PK}", own.MyAlertView, "my-alert"),
    at("admin/alerts", desk.AlertListView, "alerts"),
    at("admin/alerts/stats", desk.StatsView, "alerts-stats"),
    at("admin/alerts/bulk", acting.BulkView, "alerts-bulk"),
    at("admin/alerts/journal", desk.JournalView, "alerts-journal"),
    at("admin/alerts/planned-work", written.PlannedWorkListView, "planned-work-list"),
    at(f"admin/alerts/planned-work/{PK}", written.PlannedWorkView, "planned-work"),
    at("admin/alerts/shift-notes", written.ShiftNotesView, "shift-notes"),
    at("admin/alerts/rules", written.RulesView, "alert-rules"),
    at(f"admin/alerts/rules/{PK}", written.RuleView, "alert-rule"),
    at(f"admin/alerts/{PK}", desk.AlertView, "alert"),
    at(f"admin/alerts/{PK}/journal", desk.AlertJournalView, "alert-journal"),
    at(f"admin/alerts/{PK}/acknowledge", acting.AcknowledgeView, "alert-acknowledge"),
    at(f"admin/alerts/{PK}/resolve", acting.ResolveView, "alert-resolve"),
    at(f"admin/alerts/{PK}/shelve", acting.ShelveView, "alert-shelve"),
    at(f"admin/alerts/{PK}/unshelve", acting.UnshelveView, "alert-unshelve"),
    at(f"admin/alerts/{PK}/assign", acting.AssignView, "alert-assign"),
    at(f"admin/alerts/{PK}/note", acting.NoteView, "alert-note"),
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
