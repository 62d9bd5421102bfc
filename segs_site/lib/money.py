"""Exact money: sums and products lose nothing, and a result is rounded once, half up.

Digits after the point by currency are those of ISO 4217.
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, localcontext

_EXACT = Context(prec=120, traps=[Inexact])
_DIGITS = {
    **dict.fromkeys(("CLP", "JPY", "KRW", "PYG", "RWF", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
USUAL_DIGITS = 2


def digits(currency: str) -> int:
    """Return how many digits after the point an amount of the currency has."""
    return _DIGITS.get(currency, USUAL_DIGITS)


def product(one: Decimal, other: Decimal) -> Decimal:
    """Return the exact product; raises decimal.Inexact rather than lose a digit."""
    with localcontext(_EXACT):
        return one * other


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Return the exact sum; raises decimal.Inexact rather than lose a digit."""
    with localcontext(_EXACT):
        return sum(amounts, Decimal(0))


def bare(value: Decimal) -> str:
    """Return a number to the last digit that says something, exactly."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount as it is paid: rounded half up, away from zero when negative."""
    with localcontext(Context(prec=_EXACT.prec)):
        return amount.quantize(Decimal(1).scaleb(-digits(currency)), ROUND_HALF_UP)
