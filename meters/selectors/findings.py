"""The worklist of validation: what rules found, and what stands there, raw beside final."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from django.db.models import QuerySet

from meters.choices import FillMethod
from meters.models import Finding, QuarterWindow


@dataclass(frozen=True, slots=True)
class Beside:
    """A quarter-hour with what the meter gave and what is final; milliwatt-hours."""

    start: datetime
    raw_mwh: int | None
    final_mwh: int
    quality: int
    method: str
    rule: str
    by: str
    reason: str

    @property
    def method_words(self) -> str:
        """The words of the method; empty where nothing was done."""
        return str(FillMethod(self.method).label) if self.method else ""


def findings(*, states: Sequence[str], rule: str = "", serial: str = "") -> QuerySet[Finding]:
    """Return what is in one of the states, of a rule and a meter where these are given."""
    rows = Finding.objects.filter(state__in=list(states)).select_related("meter")
    if rule:
        rows = rows.filter(rule=rule)
    return rows.filter(meter__serial=serial) if serial else rows


def beside(found: Finding) -> list[Beside]:
    """Return the quarter-hours of a finding that have a value, raw beside final."""
    rows = QuarterWindow.objects.filter(
        meter=found.meter_id, start__gte=found.start, start__lt=found.end
    )
    quarters = cast("QuerySet[QuarterWindow]", rows)
    return [_beside(row) for row in quarters.select_related("edit").order_by("start")]


def _beside(row: QuarterWindow) -> Beside:
    edit = row.edit
    return Beside(
        start=row.start,
        raw_mwh=row.energy_mwh if edit is None else row.raw_mwh,
        final_mwh=row.energy_mwh,
        quality=row.quality,
        method="" if edit is None else edit.method,
        rule="" if edit is None else edit.rule,
        by="" if edit is None else edit.by,
        reason="" if edit is None else edit.reason,
    )
