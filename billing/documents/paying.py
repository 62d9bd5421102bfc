"""How a bill is paid: the code that a bank's app reads (EPC069-12), or the reference alone."""

from decimal import Decimal
from typing import Final

import segno
from segno import helpers

LONGEST_NAME: Final = 70  # of the one who is paid
LEAST, MOST = Decimal("0.01"), Decimal("999999999.99")


def is_transfer(*, iban: str, currency: str, amount: Decimal) -> bool:
    """Tell whether a bank's app can pay it by its code: euros, to an account that is known."""
    return bool(iban) and currency == "EUR" and LEAST <= amount <= MOST


def code(*, reference: str, amount: Decimal, currency: str, name: str, iban: str, bic: str) -> str:
    """Return the code as SVG: a transfer where it can be one, else the reference."""
    if is_transfer(iban=iban, currency=currency, amount=amount):
        made = helpers.make_epc_qr(
            name=name[:LONGEST_NAME].strip(), iban=iban, amount=amount, text=reference,
            bic=bic or None, encoding="utf-8",
        )  # fmt: skip
    else:
        made = segno.make_qr(reference, error="m")
    return made.svg_inline(scale=1, border=0, omitsize=True)


def grouped(iban: str) -> str:
    """Return an IBAN in groups of four, as people copy it."""
    return " ".join(iban[place : place + 4] for place in range(0, len(iban), 4))
