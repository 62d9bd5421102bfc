"""Pages of alerts."""

from django.urls import path

from alerts import portal
from alerts.views import acting, desk, performance

urlpatterns = [
    path("alerts/", desk.desk, name="alerts"),
    path("alerts/act/", acting.act, name="alerts-act"),
    path("alerts/count/", desk.count, name="alerts-count"),
    path("alerts/top/", desk.top, name="alerts-top"),
    path("alerts/notes/", acting.write_note, name="shift-note"),
    path("alerts/planned-work/", acting.plan_work, name="planned-work"),
    path("alerts/planned-work/<int:pk>/cancel/", acting.cancel_work, name="planned-work-cancel"),
    path("alerts/performance/", performance.page, name="alert-performance"),
    path("alerts/performance.csv", performance.figures_csv, name="alert-performance-csv"),
    path("account/notices/", portal.notices, name="notices"),
    path("account/notices/test/", portal.try_out, name="notices-test"),
    path("alerts/<int:pk>/", desk.alert, name="alert"),
    path("alerts/<int:pk>/children/", desk.children, name="alert-children"),
]
