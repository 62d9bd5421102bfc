"""How the portal says things: prices, stretches of time, and why a bill is another."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Invoice
from billing.rating.differences import Difference
from billing.templatetags.bills import UNKNOWN, paid
from segs_site.lib import money
from segs_site.lib.quantities import MWH_PER_KWH

register = template.Library()

LEAST_DIGITS = 2  # of a price; more where it has more


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
def period_of(bill: Invoice) -> str:
    """Return the period of a bill: by its month's name where it is one."""
    return _period(bill.starts_on, bill.ends_on)


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
    if why is None:
        return _("This is the first bill of this account.")
    if not why.total:
        return _("As much as the bill before.")
    amount = {"amount": paid(abs(why.total), bill.currency)}
    words = (
        _("%(amount)s more than the bill before")
        if why.total > 0
        else _("%(amount)s less than the bill before")
    )
    return words % amount


@register.filter
def mostly(why: Difference | None) -> str:
    """Return the greatest reason in the direction of the difference."""
    towards = [part for part in why.parts if part[1] * why.total > 0] if why else []
    return _reason(towards[0][0], why) if why and towards else ""


@register.filter
def sentence(why: Difference, bill: Invoice) -> str:
    """Return the whole reason in one sentence: its amounts add up to the difference."""
    parts = [
        _("%(amount)s because %(reason)s")
        % {"amount": _signed(amount, bill.currency), "reason": _reason(name, why)}
        for name, amount in why.parts
    ]
    return f"{differs(why, bill)}: {'; '.join(parts)}." if parts else differs(why, bill)


@register.filter
def reasons(why: Difference) -> list[tuple[str, Decimal, str]]:
    """Return use, price and days, and what is neither where there is any: word, amount, reason."""
    rows = [
        (_("Use"), why.use, _reason("use", why)),
        (_("Price"), why.price, _reason("price", why)),
        (_("Days"), why.days, _reason("days", why)),
    ]
    return [*rows, (_("Other"), why.other, _reason("other", why))] if why.other else rows


@register.filter
def signed(amount: Decimal, currency: str) -> str:
    """Return an amount with its sign, so that more and less are told apart."""
    return _signed(amount, currency)


def _signed(amount: Decimal, currency: str) -> str:
    sign = "+" if amount > 0 else "\N{MINUS SIGN}" if amount < 0 else ""
    return f"{sign}{paid(abs(amount), currency)}"


def _reason(name: str, why: Difference) -> str:
    now, before = why.now, why.before
    if name == "use":
        said = {"now": _figure(now.kwh_a_day, 1), "before": _figure(before.kwh_a_day, 1)}
        return _word(why.use, _of_use()) % said
    if name == "price":
        if now.price is None or before.price is None:
            return _("prices are others")
        said = {"now": _figure(now.price, 4), "before": _figure(before.price, 4)}
        return _word(why.price, _of_price()) % said
    if name == "days":
        days = {"now": now.days, "before": before.days}
        return (
            ngettext(
                "it has %(now)s day instead of %(before)s",
                "it has %(now)s days instead of %(before)s",
                now.days,
            )
            % days
        )
    return _("of peaks, energy fed in or corrections of earlier bills")


def _of_use() -> tuple[str, str, str]:
    return (
        _("more was used a day: %(now)s kWh instead of %(before)s"),
        _("less was used a day: %(now)s kWh instead of %(before)s"),
        _("as much was used a day: %(now)s kWh"),
    )


def _of_price() -> tuple[str, str, str]:
    return (
        _("a kWh was dearer: %(now)s instead of %(before)s on average"),
        _("a kWh was cheaper: %(now)s instead of %(before)s on average"),
        _("a kWh cost as much: %(now)s on average"),
    )


def _word(amount: Decimal, words: tuple[str, str, str]) -> str:
    more, less, same = words
    return more if amount > 0 else less if amount < 0 else same


def _figure(value: Decimal, digits: int) -> str:
    return formats.number_format(value, digits)


@register.filter
def unsigned(amount: Decimal) -> Decimal:
    """Return an amount without its sign."""
    return abs(amount)


@register.filter
def per_cent(share: float) -> str:
    """Return a share of 0 to 1 in whole per cent."""
    return f"{100 * share:.0f}\N{NO-BREAK SPACE}%"
