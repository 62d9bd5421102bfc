"""`manage.py doctor`: says whether everything beneath SEGS is as it must be."""

import sys
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand

from workers.doctor import examination
from workers.doctor.findings import Level


class Command(BaseCommand):
    """Examines the installation."""

    help = "Say what is well and what is not, one line each; exit code 1 when something fails."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding as soon as it is known."""
        colours = {
            Level.OK: self.style.SUCCESS,
            Level.WARN: self.style.WARNING,
            Level.FAIL: self.style.ERROR,
        }
        has_failed = False
        for finding in examination.examine(now=lambda: datetime.now(UTC)):
            self.stdout.write(colours[finding.level](str(finding)))
            has_failed |= finding.level == Level.FAIL
        if has_failed:
            sys.exit(1)
