"""Numbers and days as the reader of a document writes them, in the language that is active."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext as _

from segs_site.lib import money
from segs_site.lib.quantities import exact_kwh

NARROW = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


def amount(value: Decimal, currency: str) -> str:
    """Return an amount as it is paid, in the digits of its currency."""
    return _number(value, money.digits(currency))


def paid(value: Decimal, currency: str) -> str:
    """Return an amount with its currency."""
    return f"{amount(value, currency)}{NARROW}{currency}"


def signed(value: Decimal, currency: str) -> str:
    """Return an amount with its sign, so that more and less are told apart."""
    return f"{'+' if value > 0 else ''}{paid(value, currency)}"


def exact(value: Decimal | str) -> str:
    """Return a number to the last digit that says something."""
    return column([value])[0]


def column(values: Sequence[Decimal | str]) -> list[str]:
    """Return numbers that stand below each other: as many digits as the longest needs."""
    texts = [f"{Decimal(value):f}" for value in values]
    digits = max((len(text.partition(".")[2].rstrip("0")) for text in texts), default=0)
    return [_number(Decimal(text), digits) for text in texts]


def kwh(milliwatt_hours: int) -> str:
    """Return energy in kWh to three digits."""
    return f"{_number(exact_kwh(milliwatt_hours), 3)}{NARROW}kWh"


def short_kwh(milliwatt_hours: int) -> str:
    """Return energy in kWh to the digits a household compares."""
    found = exact_kwh(milliwatt_hours)
    return _number(found, 2 if abs(found) < 100 else 1)


def figure(value: Decimal, digits: int) -> str:
    """Return a number with so many digits."""
    return _number(value, digits)


def day(value: date) -> str:
    """Return a day in full."""
    # Translators: how a day is written, in Django's letters for dates
    return formats.date_format(value, _("j F Y"))


def period(start: date, end: date) -> str:
    """Return the first and the last day of a half-open period."""
    return f"{day(start)} – {day(end - timedelta(days=1))}"


def _number(value: Decimal, digits: int) -> str:
    text = formats.number_format(value, digits, force_grouping=True)
    return text.replace("-", MINUS, 1) if text.startswith("-") else text
