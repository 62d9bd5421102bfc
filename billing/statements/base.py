"""What every reader of bank files gives, whatever the format.

Readers are those of meter files in kind: a stream of bytes in, items out in the order of the file,
`meters.formats.base.Refused` with the line where a file cannot be vouched for; nothing of it may
then be kept.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import BinaryIO

from segs_site.lib import money

LONGEST_KEY = 84  # leaves room for what a payment appends to it
LONGEST_REFERENCE = 35  # of a bank, by ISO 20022; what is longer is kept by its fingerprint
TEXT_LENGTH = 500
NAME_LENGTH = 140
NO_REFERENCE = frozenset({"", "NOTPROVIDED", "NOT PROVIDED", "NONREF", "NOREF"})
MOST_ENTRIES = 200_000  # of one file
LARGEST = 1 << 26  # bytes of one file


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement on an account of ours, from `line` on.

    `key` is the same whenever and in whatever file the bank tells of it. `amount` is positive;
    `is_credit` says that it came in. A return takes an earlier one back. A batch is a sum of
    several payments that the file does not tell apart.
    """

    line: int
    key: str
    booked_on: date
    amount: Decimal
    currency: str
    is_credit: bool
    is_return: bool = False
    is_batch: bool = False
    text: str = ""
    bank_reference: str = ""
    end_to_end: str = ""
    payer: str = ""
    payer_account: str = ""
    reason: str = ""


Reader = Callable[[BinaryIO, str], Iterator[Entry]]


@dataclass(slots=True)
class Keys:
    """The keys of one statement of one account.

    With a reference of the bank: that, the way of the money and its amount, for banks give a
    reversal the reference of what it reverses. Without one: a fingerprint of all that is said,
    and which of its like it is, for two equal payments on a day are two.
    """

    account: str
    seen: Counter[str] = field(default_factory=Counter)

    def of(self, entry: Entry, *, place: str = "") -> str:
        """Return the key of an entry; `place` tells the parts of a batch apart."""
        way = "C" if entry.is_credit else "D"
        reference = known(entry.bank_reference)
        if reference:
            kept = reference if len(reference) <= LONGEST_REFERENCE else _digest(reference)
            key = f"{self.account}/{kept}{place}/{way}{money.bare(entry.amount)}"
            return key if len(key) <= LONGEST_KEY else f"{self.account[:34]}/{_digest(key)}"
        told = (
            entry.booked_on.isoformat(), way, money.bare(entry.amount), entry.currency,
            entry.text, entry.end_to_end, entry.payer, entry.payer_account, place,
        )  # fmt: skip
        digest = _digest("\n".join(told))
        self.seen[digest] += 1
        return f"{self.account[:34]}/~{digest}.{self.seen[digest]}"


def known(reference: str) -> str:
    """Return a reference, "" for the words by which banks say that there is none."""
    return "" if reference.strip().upper() in NO_REFERENCE else reference.strip()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
