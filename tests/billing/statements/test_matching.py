"""Which numbers words name, and how a sum is spread."""

from collections.abc import Collection
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.statements import allocation, references

KNOWN = {"INV-000001", "INV-000012", "INV-123456"}


def are(numbers: Collection[str]) -> set[str]:
    return KNOWN.intersection(numbers)


class TestReferences:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("INV-000001", ["INV-000001"]),
            ("Strom inv000012 danke", ["INV-000012"]),
            ("INV 000001/INV 000012", ["INV-000001", "INV-000012"]),
            ("/INV-123456/EREF", ["INV-123456"]),
            ("INV-0000 01 thanks", ["INV-000001"]),
            ("INV-000001 INV-000001", ["INV-000001"]),
            ("INV-1", []),
            ("INV-0000012", ["INV-000012"]),
            ("INV-999999", []),
            ("SINV-000001", []),
            ("INV-1234567890123456", []),
            ("", []),
        ],
    )
    def test_are_found_however_a_bank_writes_them(self, text: str, found: list[str]) -> None:
        assert references.found(text, prefix="INV-", are=are) == found

    def test_are_no_longer_numbers_run_together(self) -> None:
        assert references.found("INV-000001 2", prefix="INV-", are=are) == ["INV-000001"]

    def test_words_are_long_enough_for_an_account(self) -> None:
        assert references.words("pay 12 (ACC-A01), ACC-A01; tx") == ["ACC-A01"]


amounts = st.decimals(min_value=0, max_value=10**6, places=2)


class TestShares:
    @given(amount=amounts, owed=st.lists(st.decimals(-100, 10**5, places=2), max_size=6))
    def test_add_up_to_the_amount(self, amount: Decimal, owed: list[Decimal]) -> None:
        found, rest = allocation.shares(amount, owed)

        assert sum(found) + rest == amount
        assert all(
            0 <= share <= max(each, Decimal(0)) for share, each in zip(found, owed, strict=True)
        )
        assert rest >= 0
        assert not rest or [share for share in found if share] == [e for e in owed if e > 0]
