"""CSV files of banks, by their layouts."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest

from billing.statements import layout as layouts
from billing.statements.base import Entry
from billing.statements.layout import Layout
from meters.formats.base import Refused
from meters.formats.profile import Misdrawn

SPARKASSE = Layout(
    name="sparkasse", delimiter=";", decimal_mark=",", grouping=".", date_format="%d.%m.%Y",
    date_column="Buchungstag", amount_column="Betrag", currency_column="Währung",
    reference_columns=("Verwendungszweck", "Kundenreferenz"), payer_column="Name",
    payer_account_column="IBAN", id_column="Referenz", return_marks=("Rückgabe",),
    encoding="cp1252", account="DE02120300000000202051", skip_rows=2,
)  # fmt: skip
HEAD = "Umsätze;2026\nKonto;1\nBuchungstag;Betrag;Währung;Verwendungszweck;Kundenreferenz;Name;IBAN;Referenz\n"  # noqa: E501
PLAIN = Layout("plain", "1", "2", ("3",), delimiter=",", has_headings=False, currency="EUR")


def read(text: str, layout: Layout = SPARKASSE) -> list[Entry]:
    return list(layouts.read(layout, BytesIO(text.encode(layout.encoding)), "bank.csv"))


def plain(text: str, **said: Any) -> list[Entry]:
    return read(text, replace(PLAIN, **said))


class TestARow:
    def test_is_read_as_the_layout_says(self) -> None:
        (found,) = read(f"{HEAD}02.06.2026;1.074,40;EUR;Strom INV-000001;E-1;Carl;DE89 3704;R-1\n")

        assert (found.amount, found.booked_on) == (Decimal("1074.40"), date(2026, 6, 2))
        assert (found.text, found.payer) == ("Strom INV-000001 E-1", "Carl")
        assert (found.payer_account, found.line) == ("DE893704", 4)
        assert found.key == "DE02120300000000202051/R-1/C1074.4"

    @pytest.mark.parametrize(
        ("written", "amount", "is_credit"),
        [
            ("-5.00", "5", False), ("5.00-", "5", False), ("+5", "5", True), (".5", "0.5", True),
            ("1 000.5", "1000.5", True), ("0", "0", True),
        ],
    )  # fmt: skip
    def test_has_its_way_in_the_sign(self, written: str, amount: str, is_credit: bool) -> None:
        (found,) = plain(f"2026-06-02,{written},x")

        assert (found.amount, found.is_credit) == (Decimal(amount), is_credit)

    def test_has_its_way_in_two_columns(self) -> None:
        came, went = plain("2026-06-02,5,x,\n2026-06-02,,x,7\n", debit_column="4")

        assert (came.amount, came.is_credit) == (Decimal(5), True)
        assert (went.amount, went.is_credit) == (Decimal(7), False)

    def test_that_takes_a_payment_back_is_told_by_its_words(self) -> None:
        (found,) = plain("2026-06-02,-5,RÜCKGABE INV-000001", return_marks=("Rückgabe",))

        assert found.is_return

    def test_quoted_holds_the_delimiter(self) -> None:
        (found,) = plain('2026-06-02,5,"INV-000001, thanks"')

        assert found.text == "INV-000001, thanks"

    def test_without_an_id_is_known_by_all_it_says(self) -> None:
        same = "2026-06-02,5,x\n"
        first, second = plain(same * 2), plain(same * 2 + "2026-06-02,5,y\n")

        assert len({each.key for each in second}) == 3
        assert [each.key for each in first] == [each.key for each in second[:2]]


class TestAFileThatIsWrong:
    def test_says_every_row_at_once(self) -> None:
        with pytest.raises(Refused) as refused:
            plain("2026-06-02,x,a\n2026-06-31,5,b\n2026-06-02,5,c\n1926-06-02,5,d\n")

        assert [fault.line for fault in refused.value.faults] == [1, 2, 4]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("2026-06-02,1.2.3,x", "is no amount"),
            ("2026-06-02,-5-,x", "is no amount"),
            ("2026-06-02,1e3,x", "is no amount"),
            ("2026-06-02,NaN,x", "is no amount"),
            ("2026-06-02,,x", "is no amount"),
            ("02/06/2026,5,x", "no day written as"),
            ("2026-06-02,5,x,euro", "no currency"),
        ],
    )
    def test_is_refused_with_the_reason(self, row: str, reason: str) -> None:
        with pytest.raises(Refused, match=reason):
            plain(row, currency_column="4")

    def test_without_a_heading_says_which(self) -> None:
        with pytest.raises(Refused, match="line 3: its headings lack 'Betrag'"):
            read(HEAD.replace("Betrag", "Summe"))

    def test_of_an_amount_on_both_sides_is_refused(self) -> None:
        with pytest.raises(Refused, match="both sides"):
            plain("2026-06-02,5,x,7", debit_column="4")

    def test_of_a_point_where_the_mark_is_a_comma_is_not_guessed(self) -> None:
        with pytest.raises(Refused, match="is no amount"):
            plain("2026-06-02;5.00;x", decimal_mark=",", delimiter=";")


class TestALayout:
    @pytest.mark.parametrize(
        ("said", "reason"),
        [
            ({"amount_column": ""}, "no day or no amount"),
            ({"reference_columns": ()}, "no column with a reference"),
            ({"currency": ""}, "neither a currency"),
            ({"currency": "Euro"}, "neither a currency"),
            ({"amount_column": "Amount"}, "columns are numbers"),
            ({"delimiter": ""}, "one character"),
            ({"decimal_mark": ","}, "decimal mark is the delimiter"),
            ({"grouping": "."}, "decimal mark is the grouping"),
            ({"date_format": "%d.%m."}, "names day, month and year"),
        ],
    )
    def test_that_reads_no_file_says_why(self, said: dict[str, Any], reason: str) -> None:
        with pytest.raises(Misdrawn, match=reason):
            replace(PLAIN, **said).check()
