"""Why a bill differs from the one before, in words: its amounts add up to the difference."""

from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.documents import figures
from billing.rating.differences import Difference


def differs(why: Difference | None, currency: str) -> str:
    """Return in a few words how much more or less a bill is than the one before."""
    if why is None:
        return _("This is the first bill of this account.")
    if not why.total:
        return _("As much as the bill before.")
    words = (
        _("%(amount)s more than the bill before")
        if why.total > 0
        else _("%(amount)s less than the bill before")
    )
    return words % {"amount": figures.paid(abs(why.total), currency)}


def sentence(why: Difference | None, currency: str) -> str:
    """Return the whole reason in one sentence."""
    parts = [
        _("%(amount)s because %(reason)s")
        % {"amount": figures.signed(amount, currency), "reason": _reason(name, why)}
        for name, amount in (why.parts if why else ())
        if why
    ]
    said = differs(why, currency)
    return f"{said}: {'; '.join(parts)}." if parts else said


def reasons(why: Difference) -> list[tuple[str, Decimal, str]]:
    """Return use, price and days, and what is neither where there is any: word, amount, reason."""
    rows = [
        (_("Use"), why.use, _reason("use", why)),
        (_("Price"), why.price, _reason("price", why)),
        (_("Days"), why.days, _reason("days", why)),
    ]
    return [*rows, (_("Other"), why.other, _reason("other", why))] if why.other else rows


def _reason(name: str, why: Difference) -> str:
    now, before = why.now, why.before
    if name == "use":
        said = {
            "now": figures.figure(now.kwh_a_day, 1),
            "before": figures.figure(before.kwh_a_day, 1),
        }
        return _word(why.use, _of_use()) % said
    if name == "price":
        if now.price is None or before.price is None:
            return _("prices are others")
        said = {"now": figures.figure(now.price, 4), "before": figures.figure(before.price, 4)}
        return _word(why.price, _of_price()) % said
    if name == "days":
        words = ngettext(
            "it has %(now)s day instead of %(before)s",
            "it has %(now)s days instead of %(before)s",
            now.days,
        )
        return words % {"now": now.days, "before": before.days}
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
