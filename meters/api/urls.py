"""Addresses below /api of meters, with and without a slash at the end."""

from django.urls import URLPattern, re_path
from rest_framework.views import APIView

from meters.api import (
    consumption,
    exchange,
    exports,
    fleet,
    head_ends,
    imports,
    own,
    path,
    quarantine,
    registers,
    validation,
)


def _door(address: str, view: type[APIView], name: str) -> URLPattern:
    return re_path(rf"^{address}/?$", view.as_view(), name=name)


PK = r"(?P<pk>[0-9]{1,9})"
BIG_PK = r"(?P<pk>[0-9]{1,18})"

urlpatterns = [
    _door(f"users/{BIG_PK}/consumption", consumption.ConsumptionView, "api-consumption"),
    _door(f"users/{BIG_PK}/consumption/summary", consumption.SummaryView, "api-summary"),
    _door("telemetry/my-meters", own.MyMetersView, "api-my-meters"),
    _door("telemetry/history", own.OwnHistoryView, "api-history"),
    _door("telemetry/stats", own.StatsView, "api-stats"),
    _door("telemetry/daily", own.DailyView, "api-daily"),
    _door("telemetry/monthly", own.MonthlyView, "api-monthly"),
    _door(r"telemetry/export\.csv", exports.ExportCsvView, "api-export-csv"),
    _door(r"telemetry/export\.xml", exports.ExportXmlView, "api-export-xml"),
    _door("telemetry/requests", head_ends.RequestsView, "api-head-end-requests"),
    _door(f"telemetry/requests/{BIG_PK}/answer", head_ends.AnswerView, "api-head-end-answer"),
    _door("admin/meters", fleet.MeterListView, "api-meters"),
    _door(r"admin/meters\.csv", fleet.MeterExportView, "api-meters-csv"),
    _door(f"admin/meters/{PK}", fleet.MeterView, "api-meter"),
    _door(f"admin/meters/{PK}/history", fleet.MeterHistoryView, "api-meter-history"),
    _door(f"admin/meters/{PK}/exchange", exchange.ExchangeView, "api-meter-exchange"),
    _door(f"admin/meters/{PK}/registers", registers.RegistersView, "api-meter-registers"),
    _door(f"admin/meters/{PK}/revisions", registers.RevisionsView, "api-meter-revisions"),
    _door("admin/top-consumers", fleet.TopConsumersView, "api-top-consumers"),
    _door("admin/quarantine", quarantine.QuarantineListView, "api-quarantine"),
    _door("admin/quarantine/bulk", quarantine.BulkView, "api-quarantine-bulk"),
    _door(f"admin/quarantine/{BIG_PK}/adopt", quarantine.AdoptView, "api-quarantine-adopt"),
    _door(f"admin/quarantine/{BIG_PK}/confirm", quarantine.ConfirmView, "api-quarantine-confirm"),
    _door(f"admin/quarantine/{BIG_PK}/discard", quarantine.DiscardView, "api-quarantine-discard"),
    _door("admin/validation", validation.FindingListView, "api-validation"),
    _door(f"admin/validation/{BIG_PK}", validation.FindingView, "api-finding"),
    _door(f"admin/validation/{BIG_PK}/accept", validation.AcceptView, "api-finding-accept"),
    _door(f"admin/validation/{BIG_PK}/edit", validation.EditView, "api-finding-edit"),
    _door(f"admin/validation/{BIG_PK}/estimate", validation.EstimateView, "api-finding-estimate"),
    _door("admin/imports", imports.ImportListView, "api-imports"),
    _door(f"admin/imports/{BIG_PK}", imports.ImportOneView, "api-import"),
    _door(f"admin/imports/{BIG_PK}/format", imports.ImportFormatView, "api-import-format"),
    _door(f"admin/imports/{BIG_PK}/apply", imports.ImportApplyView, "api-import-apply"),
    _door(f"admin/imports/{BIG_PK}/undo", imports.ImportUndoView, "api-import-undo"),
    _door("admin/dead-letters", path.DeadLetterListView, "api-dead-letters"),
    _door(f"admin/dead-letters/{BIG_PK}/replay", path.ReplayView, "api-dead-letter-replay"),
    _door("admin/metrics", path.MetricsView, "api-metrics"),
]
