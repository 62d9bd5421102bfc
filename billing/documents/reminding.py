"""What a reminder says: by its level, in the customer's language, or in the site's own words."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.documents import figures

FIRST, SECOND = 1, 2  # levels; what comes after is said like a last one


@dataclass(frozen=True, slots=True)
class Reminded:
    """What a reminder is about; `open_amount` has the fee in it."""

    number: str
    level: int
    due_on: date
    open_amount: Decimal
    fee: Decimal | None
    currency: str


def subject(of: Reminded) -> str:
    """Return the line above a reminder."""
    if of.level == FIRST:
        return _("Reminder of invoice %(number)s") % {"number": of.number}
    words = _("Reminder %(level)s of invoice %(number)s")
    return words % {"level": of.level, "number": of.number}


def text(of: Reminded, *, own: str = "") -> str:
    """Return a reminder; `own` is the site's text of the level, in which names are filled in."""
    names = {
        "number": of.number,
        "open": _money(of.open_amount, of.currency),
        "due": figures.day(of.due_on),
        "fee": "" if of.fee is None else _money(of.fee, of.currency),
    }
    if own:
        for name, value in names.items():
            own = own.replace(f"{{{name}}}", value)
        return own
    said = [_of_level(of.level) % names]
    if of.fee is not None:
        said.append(_("A fee of %(fee)s for this reminder is part of it.") % names)
    said.append(_("If you have paid in the meantime, there is nothing to do."))
    return " ".join(said)


def _of_level(level: int) -> str:
    if level == FIRST:
        return _(
            "Invoice %(number)s was due on %(due)s and %(open)s of it is still open: perhaps it "
            "was overlooked. Please pay it within the next days."
        )
    if level == SECOND:
        return _(
            "Invoice %(number)s was due on %(due)s and we have reminded you of it. %(open)s is "
            "still open. Please pay it within seven days, or tell us what is wrong with it."
        )
    return _(
        "Invoice %(number)s was due on %(due)s and is still not paid after several reminders. "
        "%(open)s is open. Please pay it at once, or call us to agree on instalments."
    )


def _money(amount: Decimal, currency: str) -> str:
    return f"{figures.amount(amount, currency)} {currency}"
