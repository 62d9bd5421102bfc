"""How alerts look: shape, word and colour of a severity, values with units, moments."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alerts.choices import COLOURS, SHAPES, UNITS, Severity
from alerts.conditions.kinds import On, Subject
from alerts.models import Alert
from alerts.selectors import board
from segs_site.lib.access import Action, may

register = template.Library()

OUTLINES = {
    "circle": "M2.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "diamond": "M6 .8l5 5.2l-5 5.2l-5-5.2z",
    "triangle": "M6 1l5.2 9.6H.8z",
    "square": "M1.5 1.5h9v9h-9z",
}
MINUTE, HOUR = 60, 3600
METERS, SECONDS = "meters", "s"


@register.filter
def severity(value: int) -> SafeString:
    """Return the shape, in the colour, and the word of a severity."""
    worst = Severity(value)
    return format_html(
        '<span class="severity severity-{}"><svg class="glyph" viewBox="0 0 12 12"'
        ' aria-hidden="true"><path d="{}"/></svg>{}</span>',
        COLOURS[worst],
        OUTLINES[SHAPES[worst]],
        worst.label,
    )


@register.filter
def measured(alert: Alert) -> str:
    """Return the value with its unit, `-` where the kind has none."""
    return _measure(alert, alert.value)


@register.filter
def limit(alert: Alert) -> str:
    """Return what the value is held against: its limit, else what is usual or all there is."""
    if alert.limit is not None:
        return _("limit %(value)s") % {"value": _measure(alert, alert.limit)}
    if alert.baseline is not None:
        is_count = UNITS.get(alert.kind) == METERS
        words = _("of %(value)s") if is_count else _("usually %(value)s")
        return words % {"value": _measure(alert, alert.baseline)}
    return ""


@register.filter
def place(alert: Alert) -> str:
    """Return the name of what the alert is about."""
    subject = Subject.read(alert.subject)
    names = {
        On.METER: alert.meter.serial if alert.meter else "",
        On.TRANSFORMER: str(alert.transformer or ""),
        On.FEEDER: str(alert.feeder or ""),
        On.REGION: str(alert.region or ""),
        On.SYSTEM: _("whole system"),
    }
    return names.get(subject.on) or alert.subject


@register.filter
def above(alert: Alert) -> list[tuple[str, str]]:
    """Return where that is, as names with the subjects to look for, the nearest first."""
    places = [
        (On.TRANSFORMER, alert.transformer_id, alert.transformer),
        (On.FEEDER, alert.feeder_id, alert.feeder),
        (On.REGION, alert.region_id, alert.region),
    ]
    return [
        (str(row), Subject(on, pk).key)
        for on, pk, row in places
        if pk is not None and Subject(on, pk).key != alert.subject
    ]


@register.filter
def moment(value: datetime | None, now: datetime) -> str:
    """Return the time where the site is, with the day when that is not today."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localtime(now).date()
    return formats.date_format(local, "H:i:s" if is_today else "j M H:i")


@register.filter
def minute(value: datetime, now: datetime) -> str:
    """Return the minute where the site is, with the day when that is not today."""
    local = timezone.localtime(value)
    is_today = local.date() == timezone.localtime(now).date()
    return formats.date_format(local, "H:i" if is_today else "j M H:i")


@register.filter
def lasts(since: datetime, until: datetime) -> str:
    """Return how long it took, in the largest unit that says enough."""
    return elapsed(until - since)


@register.filter
def elapsed(value: timedelta | None) -> str:
    """Return a stretch of time in the largest unit that says enough."""
    if value is None:
        return _("unknown")
    seconds = max(0, int(value.total_seconds()))
    if seconds < 2 * MINUTE:
        return _("%(count)s s") % {"count": seconds}
    if seconds < 2 * HOUR:
        return _("%(count)s min") % {"count": seconds // MINUTE}
    if seconds < 48 * HOUR:
        return _("%(count)s h") % {"count": seconds // HOUR}
    days = seconds // (24 * HOUR)
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


@register.filter
def seconds(value: float) -> str:
    """Return so many seconds as people say them."""
    return elapsed(timedelta(seconds=value))


@register.simple_tag(takes_context=True)
def waiting(context: dict[str, Any]) -> board.Counts | None:
    """Return the counts of the desk for whoever may watch the grid, None for others."""
    request = context.get("request")
    if request is None or not may(request.user, Action.WATCH_GRID):
        return None
    return board.counts(now=timezone.now())


@register.filter
def name(email: str) -> str:
    """Return the part of an address that people call each other by."""
    return email.partition("@")[0]


def _measure(alert: Alert, value: float | None) -> str:
    unit = UNITS.get(alert.kind)
    if value is None or unit is None:
        return "–"
    if unit == SECONDS:
        return elapsed(timedelta(seconds=value))
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    digits = len(text.partition(".")[2])
    return f"{formats.number_format(value, digits)}\N{NO-BREAK SPACE}{unit}"
