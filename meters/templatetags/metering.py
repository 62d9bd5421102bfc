"""How measured values look: with units, unknown as a dash; states by shape and word."""

from datetime import datetime

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from meters.choices import Found, Reporting
from segs_site.lib.choices import Quality
from segs_site.lib.quantities import MV_PER_V, MW_PER_KW, MWH_PER_KWH

register = template.Library()

UNKNOWN = "–"
GLYPHS = {
    Reporting.REPORTING: ("glyph-normal", "M2.5 6a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z"),
    Reporting.SILENT: ("glyph-silent", "M1.5 6a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z"),
    Reporting.UNHEARD: ("glyph-silent", "M2 2l8 8M10 2l-8 8"),
}
SIGNS = {
    Quality.ESTIMATED: "◇",
    Quality.SUSPECT: "▲",
    Quality.MISSING: "✕",
    Found.PARTLY: "◇",
    Found.MISSING: "✕",
}


@register.filter
def kw(milliwatts: float | None) -> str:
    """Return power in kW, to the watt."""
    return _amount(milliwatts, MW_PER_KW, 3)


@register.filter
def kwh(milliwatt_hours: float | None) -> str:
    """Return energy in kWh, to the watt-hour."""
    return _amount(milliwatt_hours, MWH_PER_KWH, 3)


@register.filter
def volts(millivolts: float | None) -> str:
    """Return a voltage in V."""
    return _amount(millivolts, MV_PER_V, 1)


@register.filter
def plain_kw(milliwatts: float | None) -> str:
    """Return power in kW as a script reads it; empty where it is unknown."""
    return "" if milliwatts is None else f"{milliwatts / MW_PER_KW:.6g}"


@register.filter
def plain_v(millivolts: float | None) -> str:
    """Return a voltage in V as a script reads it; empty where it is unknown."""
    return "" if millivolts is None else f"{millivolts / MV_PER_V:.6g}"


@register.filter
def reporting(state: Reporting) -> SafeString:
    """Return the shape and the word of whether a meter is heard."""
    kind, outline = GLYPHS[state]
    return format_html(
        '<span class="reporting"><svg class="glyph {}" viewBox="0 0 12 12" aria-hidden="true">'
        '<path d="{}"/></svg>{}</span>',
        kind,
        outline,
        _(state.word),
    )


@register.filter
def quality(code: int) -> SafeString:
    """Return the word of a quality, with a shape where it is not as good as measured."""
    return _signed(Quality(code))


@register.filter
def found(what: Found) -> SafeString:
    """Return the word for what is found of a quarter-hour, with a shape where it lacks."""
    return _signed(what)


@register.filter
def clock(value: datetime, is_shifted: bool) -> str:
    """Return the minute by the clock of whoever asks; with its offset where it may come twice."""
    local = timezone.localtime(value)
    return f"{local:%H:%M %z}" if is_shifted else f"{local:%H:%M}"


@register.filter
def second(value: datetime) -> str:
    """Return the second by the clock of whoever asks."""
    return f"{timezone.localtime(value):%H:%M:%S}"


@register.filter
def stamp(value: datetime | None) -> str:
    """Return day and second by the clock of whoever asks."""
    return UNKNOWN if value is None else f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S}"


@register.filter
def age(since: datetime, now: datetime) -> str:
    """Return how long ago it was, in the largest unit that says enough."""
    seconds = max(0, int((now - since).total_seconds()))
    for limit, length, unit in ((120, 1, _("s")), (7200, 60, _("min")), (172_800, 3600, _("h"))):
        if seconds < limit:
            return f"{seconds // length}\N{NO-BREAK SPACE}{unit}"
    return f"{seconds // 86_400}\N{NO-BREAK SPACE}{_('d')}"


def _amount(value: float | None, unit: int, digits: int) -> str:
    if value is None:
        return UNKNOWN
    return str(formats.number_format(value / unit, digits, force_grouping=True))


def _signed(what: Quality | Found) -> SafeString:
    sign = SIGNS.get(what)
    if sign is None:
        return format_html("{}", what.label)
    words = '<span class="is-lacking"><span aria-hidden="true">{}</span> {}</span>'
    return format_html(words, sign, what.label)
