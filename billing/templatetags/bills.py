"""How bills look: amounts in the digits of their currency, energy, states by shape and word."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.choices import (
    FLAGGED,
    EntryState,
    InvoiceState,
    Mismatch,
    RunState,
    Trouble,
    TurnState,
)
from billing.documents import doubting, wording
from segs_site.lib import money
from segs_site.lib.access import Action, may
from segs_site.lib.choices import Quality
from segs_site.lib.quantities import exact_kwh

register = template.Library()

UNKNOWN = "–"


@register.filter
def paid(value: Decimal | None, currency: str) -> str:
    """Return an amount as it is paid, with its currency where one is known."""
    if value is None:
        return UNKNOWN
    amount = formats.number_format(value, money.digits(currency), force_grouping=True)
    return f"{amount}\N{NO-BREAK SPACE}{currency}".rstrip()


@register.filter
def kwh(milliwatt_hours: int | None) -> str:
    """Return energy in kWh to three digits, for whoever compares."""
    if milliwatt_hours is None:
        return UNKNOWN
    amount = formats.number_format(exact_kwh(milliwatt_hours), 3, force_grouping=True)
    return f"{amount}\N{NO-BREAK SPACE}kWh"


@register.filter
def exact(value: Decimal | str) -> str:
    """Return a number to the last digit that says something."""
    return money.bare(Decimal(value))


@register.filter
def pct_of(value: Decimal | int, whole: Decimal | int) -> str:
    """Return by how many per cent a value is above or below another; empty beside nothing."""
    more = Decimal(value) - Decimal(whole)
    return f"{100 * more / abs(Decimal(whole)):+.1f}\N{NO-BREAK SPACE}%" if whole else ""


@register.filter
def less(value: Any, other: Any) -> Any:
    """Return the difference."""
    return value - other


@register.filter
def run_state(code: str) -> SafeString:
    """Return the word of a run's state."""
    return _word(RunState(code))


@register.filter
def turn_state(code: str) -> SafeString:
    """Return the word of a turn's state, with a shape where it asks for somebody."""
    return _word(TurnState(code))


@register.filter
def invoice_state(code: str) -> SafeString:
    """Return the word of an invoice's state, with a shape where it asks for somebody."""
    return _word(InvoiceState(code))


@register.filter
def entry_state(code: str) -> SafeString:
    """Return the word of a bank entry's state, with a shape where it asks for somebody."""
    return _word(EntryState(code))


@register.filter
def mismatch(code: str) -> str:
    """Return why a bank entry waits."""
    return str(Mismatch(code).label)


@register.filter
def trouble(code: str) -> str:
    """Return the word of a trouble."""
    return str(Trouble(code).label)


@register.filter
def detail(text: str) -> str:
    """Return what makes a trouble one, in the reader's language."""
    return doubting.detail(text)


@register.filter
def line_label(text: str) -> str:
    """Return the label of a line or component, in the reader's language."""
    return wording.label(text)


@register.filter
def quality(code: int) -> str:
    """Return the word of a quality."""
    return str(Quality(code).label)


@register.filter
def when(value: datetime | None) -> str:
    """Return day and minute by the clock of whoever asks."""
    return UNKNOWN if value is None else f"{timezone.localtime(value):%Y-%m-%d %H:%M}"


@register.filter
def clock(value: datetime, zone: str) -> str:
    """Return the minute by the clock of a zone."""
    return f"{value.astimezone(ZoneInfo(zone)):%H:%M}"


@register.filter
def day_before(value: date) -> date:
    """Return the last day of a period that is over when `value` begins."""
    return value - timedelta(days=1)


@register.simple_tag(takes_context=True)
def may_bill(context: dict[str, Any]) -> bool:
    """Tell whether whoever asks may bill."""
    request = context.get("request")
    return request is not None and may(request.user, Action.BILL)


def _word(state: InvoiceState | RunState | TurnState | EntryState) -> SafeString:
    if state not in FLAGGED:
        return format_html('<span class="bill-state">{}</span>', state.label)
    shape = '<span class="bill-state is-flagged"><span aria-hidden="true">▲</span> {}</span>'
    return format_html(shape, state.label)
