"""The Celery application: `celery -A workers worker`, `celery -A workers beat`.

Queues keep one kind of work from starving another. Beat only says "look": each task does
everything that is due by the database, so a tick too many or too few does no harm.
"""

import os
from typing import Any

from celery import Celery, Task
from celery.signals import worker_process_shutdown
from prometheus_client import Counter, Histogram, multiprocess

from segs_site.lib import trace

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "segs_site.settings")

QUEUES = ("prices", "windows", "alerts", "billing", "imports", "mail")


TASK_S = Histogram(
    "segs_task_seconds",
    "Time a task took, by its name",
    ["task"],
    buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
FAILURES = Counter("segs_task_failures", "Tasks that ended with an error, by name", ["task"])


class NamedTask(Task):
    """Says to the audit trail which task changes something, and to Prometheus how it went."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run the task."""
        name = self.name.rpartition(".")[2]
        counted = FAILURES.labels(name).count_exceptions()
        with trace.acting(origin=f"task {self.name}"), TASK_S.labels(name).time(), counted:
            return super().__call__(*args, **options)


app = Celery("workers", task_cls=NamedTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["workers"])


@worker_process_shutdown.connect
def forget_process(pid: int, **_: object) -> None:
    """Take a child that ended out of what is counted together; its counts stay."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]


app.conf.beat_schedule = {
    "close-windows": {
        "task": "workers.tasks.close_windows",
        "schedule": 1.0,
        "options": {"queue": "windows", "expires": 5},
    },
    "validate-intervals": {
        "task": "workers.tasks.validate_intervals",
        "schedule": 15.0,
        "options": {"queue": "billing", "expires": 15},
    },
    "decide-prices": {
        "task": "workers.tasks.decide_prices",
        "schedule": 1.0,
        "options": {"queue": "prices", "expires": 5},
    },
    "sweep-meters": {
        "task": "workers.tasks.sweep_meters",
        "schedule": 2.0,
        "options": {"queue": "alerts", "expires": 4},
    },
    "judge-windows": {
        "task": "workers.tasks.judge_windows",
        "schedule": 1.0,
        "options": {"queue": "alerts", "expires": 5},
    },
    "keep-desk": {
        "task": "workers.tasks.keep_desk",
        "schedule": 1.0,
        "options": {"queue": "alerts", "expires": 5},
    },
    "send-mail": {
        "task": "workers.tasks.send_mail",
        "schedule": 2.0,
        "options": {"queue": "mail", "expires": 10},
    },
    "tell-alerts": {
        "task": "workers.tasks.tell_alerts",
        "schedule": 1.0,
        "options": {"queue": "alerts", "expires": 5},
    },
    "send-notices": {
        "task": "workers.tasks.send_notices",
        "schedule": 2.0,
        "options": {"queue": "mail", "expires": 5},
    },
    "make-archives": {
        "task": "workers.tasks.make_archives",
        "schedule": 30.0,
        "options": {"queue": "billing", "expires": 30},
    },
    "advise-prices": {
        "task": "workers.tasks.advise_prices",
        "schedule": 30.0,
        "options": {"queue": "billing", "expires": 30},
    },
    "advise-budgets": {
        "task": "workers.tasks.advise_budgets",
        "schedule": 60.0,
        "options": {"queue": "billing", "expires": 60},
    },
    "work-bills": {
        "task": "workers.tasks.work_bills",
        "schedule": 2.0,
        "options": {"queue": "billing", "expires": 10},
    },
    "draw-documents": {
        "task": "workers.tasks.draw_documents",
        "schedule": 2.0,
        "options": {"queue": "billing", "expires": 10},
    },
    "find-late-data": {
        "task": "workers.tasks.find_late_data",
        "schedule": 60.0,
        "options": {"queue": "billing", "expires": 60},
    },
    "match-entries": {
        "task": "workers.tasks.match_entries",
        "schedule": 2.0,
        "options": {"queue": "billing", "expires": 10},
    },
    "deliver-bills": {
        "task": "workers.tasks.deliver_bills",
        "schedule": 5.0,
        "options": {"queue": "billing", "expires": 30},
    },
    "work-imports": {
        "task": "workers.tasks.work_imports",
        "schedule": 2.0,
        "options": {"queue": "imports", "expires": 10},
    },
    "mark-overdue": {
        "task": "workers.tasks.mark_overdue",
        "schedule": 600.0,
        "options": {"queue": "billing", "expires": 300},
    },
    "remind-of-invoices": {
        "task": "workers.tasks.remind_of_invoices",
        "schedule": 3600.0,  # once a day by the day of the last one, whatever hour beat began at
        "options": {"queue": "billing", "expires": 600},
    },
    "report-health": {
        "task": "workers.tasks.report_health",
        "schedule": 10.0,
        "options": {"queue": "windows", "expires": 10},
    },
    "serve-desk": {
        "task": "workers.tasks.serve_desk",
        "schedule": 2.0,
        "options": {"queue": "windows", "expires": 10},
    },
    "bring-key-uses": {
        "task": "workers.tasks.bring_key_uses",
        "schedule": 60.0,
        "options": {"queue": "windows", "expires": 60},
    },
    "make-forecasts": {
        "task": "workers.tasks.make_forecasts",
        "schedule": 15.0,  # a few regions at a time, so that no price waits
        "options": {"queue": "prices", "expires": 15},
    },
    "keep-house": {
        "task": "workers.tasks.keep_house",
        "schedule": 600.0,
        "options": {"queue": "windows", "expires": 300},
    },
}
