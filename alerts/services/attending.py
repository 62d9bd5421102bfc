"""An alert of its own: a critical one waits, and no operator's console is connected."""

from datetime import datetime, timedelta

from alerts.choices import Severity, State
from alerts.conditions import limits
from alerts.conditions.kinds import SYSTEM, Kind, Matter, Trigger
from alerts.conditions.kinds import Severity as Grade
from alerts.models import Alert, AlertRule
from alerts.selectors import matters
from alerts.services import raising
from segs_site.lib import attendance

MATTER = Matter(Kind.UNATTENDED, SYSTEM)


def judge(*, now: datetime) -> None:
    """Raise the alert when it is due; clear it when somebody is there or nothing waits."""
    trigger = _found(now)
    stands = matters.open_among([MATTER]).get(MATTER)
    holds = stands is not None and stands.holds
    if trigger and not holds:
        raising.raise_all(triggers=[trigger], now=now)
    elif holds and not trigger:
        raising.clear_all(matters=[MATTER], now=now)


def _found(now: datetime) -> Trigger | None:
    rule = AlertRule.objects.filter(kind=Kind.UNATTENDED, region=None).first()
    default = limits.DEFAULTS[Kind.UNATTENDED]
    if rule is not None and not rule.is_enabled:
        return None
    patience = timedelta(seconds=rule.on_delay_s if rule else default.on_delay_s)
    waiting = _waiting(now, patience)
    if waiting is None or attendance.consoles(now=now):
        return None
    severity = Grade(rule.severity) if rule else default.severity
    return Trigger(MATTER.kind, MATTER.subject, severity, since=now, facts={"waiting": waiting.pk})


def _waiting(now: datetime, patience: timedelta) -> Alert | None:
    """Return the critical alert that has waited longest, and long enough."""
    critical = Alert.objects.on_desk(now=now).filter(
        state=State.ACTIVE, severity=Severity.CRITICAL, raised_at__lte=now - patience
    )
    return critical.exclude(kind=Kind.UNATTENDED).order_by("raised_at").first()
