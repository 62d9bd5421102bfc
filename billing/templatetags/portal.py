"""How the portal says things: prices, stretches of time, and why a bill is another."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from django import template
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from billing.documents import differing, figures
from billing.invoicing import Cycle
from billing.models import Invoice
from billing.rating.differences import Difference
from billing.selectors.projecting import Projection
from billing.templatetags.bills import UNKNOWN, paid
from segs_site.lib import money
from segs_site.lib.quantities import MWH_PER_KWH

register = template.Library()

LEAST_DIGITS = 2  # of a price; more where it has more
ROUND_FROM, TENTH = 20, Decimal("0.1")  # what is expected is said in whole units from here on


@register.filter
def per_kwh(price: Decimal | None) -> str:
    """Return a price with the digits it has, two at least."""
    if price is None:
        return UNKNOWN
    places = -int(price.normalize().as_tuple().exponent)
    return formats.number_format(price, max(LEAST_DIGITS, places), force_grouping=True)


@register.filter
def energy(milliwatt_hours: int | None) -> str:
    """Return energy in kWh to the digits a household compares."""
    if milliwatt_hours is None:
        return UNKNOWN
    kwh = milliwatt_hours / MWH_PER_KWH
    return formats.number_format(kwh, 2 if abs(kwh) < 100 else 1, force_grouping=True)


@register.filter
def cost(amount: Decimal | None, currency: str) -> str:
    """Return an amount that is not rounded as it would be paid."""
    return UNKNOWN if amount is None else paid(money.rounded(amount, currency), currency)


@register.filter
def about(amount: Decimal, currency: str) -> str:
    """Return an amount that is expected: without digits that would only seem to be known."""
    return _roundly(amount, currency, ROUND_HALF_EVEN)


@register.filter
def range_of(projection: Projection) -> str:
    """Return from what to what a bill may come, rounded outward."""
    ends = (projection.low, ROUND_FLOOR), (projection.high, ROUND_CEILING)
    low, high = (_roundly(amount, "", way) for amount, way in ends)
    words = _("between %(low)s and %(high)s %(currency)s")
    return words % {"low": low, "high": high, "currency": projection.currency}


def _roundly(amount: Decimal, currency: str, way: str) -> str:
    places = Decimal(1) if abs(amount) >= ROUND_FROM else TENTH
    number = formats.number_format(amount.quantize(places, way), force_grouping=True)
    return f"{number}\N{NO-BREAK SPACE}{currency}".rstrip()


@register.filter
def period_of(bill: Invoice) -> str:
    """Return the period of a bill: by its month's name where it is one."""
    return _period(bill.starts_on, bill.ends_on)


@register.filter
def cycle_words(cycle: Cycle) -> str:
    """Return the same of a billing period that needs no bill."""
    return _period(cycle.start, cycle.end)


@register.filter
def cycles_words(cycles: Sequence[Cycle]) -> str:
    """Return billing periods in order, those that follow each other by their first and last."""
    runs: list[list[Cycle]] = []
    for cycle in cycles:
        if runs and runs[-1][-1].end == cycle.start:
            runs[-1].append(cycle)
        else:
            runs.append([cycle])
    return ", ".join(_run(run) for run in runs)


def _run(run: Sequence[Cycle]) -> str:
    if len(run) <= 2:
        return ", ".join(cycle_words(cycle) for cycle in run)
    words = {"first": cycle_words(run[0]), "last": cycle_words(run[-1])}
    return _("%(first)s to %(last)s") % words


def _period(start: date, end: date) -> str:
    last = end - timedelta(days=1)
    if start.day == 1 and end.day == 1 and (last.year, last.month) == (start.year, start.month):
        return formats.date_format(start, "F Y")
    return f"{formats.date_format(start, 'j M Y')} – {formats.date_format(last, 'j M Y')}"


@register.filter
def hour_words(moment: datetime) -> str:
    """Return the hour of a moment, with the day unless it is today."""
    local, today = timezone.localtime(moment), timezone.localdate()
    return f"{local:%H:%M}" if local.date() == today else formats.date_format(local, "D H:i")


@register.filter
def end_words(moment: datetime) -> str:
    """Return the hour at which something ends that began on a day already said."""
    return f"{timezone.localtime(moment):%H:%M}"


@register.filter
def beside(pair: tuple[int, int], other: str) -> str:
    """Return by how many whole per cent the first is more or less than the second."""
    now, before = pair
    pct = round(100 * (now - before) / abs(before))
    if not pct:
        return _("As much as %(other)s") % {"other": other}
    words = _("%(pct)s %% more than %(other)s") if pct > 0 else _("%(pct)s %% less than %(other)s")
    return words % {"pct": abs(pct), "other": other}


@register.filter
def differs(why: Difference | None, bill: Invoice) -> str:
    """Return in a few words how much more or less a bill is than the one before."""
    return differing.differs(why, bill.currency)


@register.filter
def mostly(why: Difference | None) -> str:
    """Return the greatest reason in the direction of the difference; empty where there is none."""
    rows = differing.reasons(why) if why else []
    towards = [row for row in rows if why and row[1] * why.total > 0]
    return max(towards, key=lambda row: abs(row[1]))[2] if towards else ""


@register.filter
def sentence(why: Difference, bill: Invoice) -> str:
    """Return the whole reason in one sentence: its amounts add up to the difference."""
    return differing.sentence(why, bill.currency)


@register.filter
def reasons(why: Difference) -> list[tuple[str, Decimal, str]]:
    """Return use, price and days, and what is neither where there is any: word, amount, reason."""
    return differing.reasons(why)


@register.filter
def signed(amount: Decimal, currency: str) -> str:
    """Return an amount with its sign, so that more and less are told apart."""
    return figures.signed(amount, currency)


@register.filter
def unsigned(amount: Decimal) -> Decimal:
    """Return an amount without its sign."""
    return abs(amount)


@register.filter
def per_cent(share: float) -> str:
    """Return a share of 0 to 1 in whole per cent."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
