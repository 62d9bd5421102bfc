"""Statements by ISO 20022: what is booked, once, whoever the bank and whatever the version."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest

from billing.statements import base, camt
from billing.statements.base import Entry
from meters.formats.base import Refused
from tests.billing.statements.files import IBAN, payment, statement

BATCH = """<Ntry><Amt Ccy="EUR">{total}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><DtTm>2026-06-02T09:00:00+02:00</DtTm></BookgDt><AcctSvcrRef>BATCH</AcctSvcrRef>
<NtryDtls>{parts}</NtryDtls></Ntry>"""
PART = """<TxDtls><Refs>{ref}</Refs><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RltdPties><Dbtr><Pty><Nm>{name}</Nm></Pty></Dbtr></RltdPties>
<RmtInf><Strd><CdtrRefInf><Ref>{text}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"""


def read(content: bytes) -> list[Entry]:
    return list(camt.read(BytesIO(content), "bank.xml"))


def one(*entries: str, version: str = "02") -> Entry:
    (found,) = read(statement(entries, version=version))
    return found


def batch(total: str, *parts: tuple[str, str, str], ref: str = "") -> str:
    told = [
        PART.format(
            amount=amount,
            name=name,
            text=text,
            ref=ref and f"<AcctSvcrRef>{ref}{place}</AcctSvcrRef>",
        )
        for place, (amount, name, text) in enumerate(parts)
    ]
    return BATCH.format(total=total, parts="".join(told))


class TestAPayment:
    @pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
    def test_is_read_of_every_version(self, version: str) -> None:
        found = one(payment(), version=version)

        assert (found.amount, found.currency, found.booked_on) == (
            Decimal("74.40"), "EUR", date(2026, 6, 2),
        )  # fmt: skip
        assert (found.is_credit, found.is_return, found.is_batch) == (True, False, False)
        assert (found.text, found.payer) == ("INV-000001", "Carl Customer")
        assert found.payer_account == "DE02120300000000202051"
        assert found.end_to_end == ""  # NOTPROVIDED is none
        assert found.key == f"{IBAN}/B-1/C74.4"

    def test_that_is_pending_comes_when_it_is_booked(self) -> None:
        pending = payment().replace("<Sts>BOOK</Sts>", "<Sts><Cd>PDNG</Cd></Sts>")

        assert read(statement([pending, payment(ref="B-2")]))[0].key == f"{IBAN}/B-2/C74.4"

    def test_folded_into_lines_is_one_text(self) -> None:
        folded = payment(text="Power INV-0000</Ustrd><Ustrd>01 thanks")

        assert one(folded).text == "Power INV-0000 01 thanks"

    def test_that_went_out_says_so(self) -> None:
        assert not one(payment(way="DBIT")).is_credit

    def test_without_details_has_what_the_entry_says(self) -> None:
        bare = """<Ntry><Amt Ccy="EUR">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
        <ValDt><Dt>2026-06-03</Dt></ValDt><AddtlNtryInf>INV-000007 cash</AddtlNtryInf></Ntry>"""

        found = one(bare)

        assert (found.text, found.booked_on) == ("INV-000007 cash", date(2026, 6, 3))


class TestAReturn:
    @pytest.mark.parametrize(
        "said",
        [
            {"more": "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"},
            {"head": "<RvslInd>true</RvslInd>"},
            {"more": "<BkTxCd><Domn><Fmly><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"},
        ],
        ids=["reason", "reversal", "bank code"],
    )
    def test_is_told_from_money_that_went_out(self, said: dict[str, str]) -> None:
        found = one(payment(way="DBIT", end_to_end="E-1", **said))

        assert (found.is_credit, found.is_return, found.end_to_end) == (False, True, "E-1")

    def test_keeps_its_reason(self) -> None:
        more = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"

        assert one(payment(way="DBIT", more=more)).reason == "AC04"


class TestABatch:
    PARTS = (("50", "Ann", "INV-000001"), ("50", "Bob", "INV-000002"))

    def test_is_split_into_its_payments(self) -> None:
        found = read(statement([batch("100.00", *self.PARTS)], version="08"))

        assert [(each.amount, each.payer, each.text) for each in found] == [
            (Decimal(50), "Ann", "INV-000001"), (Decimal(50), "Bob", "INV-000002"),
        ]  # fmt: skip
        assert len({each.key for each in found}) == 2

    def test_has_the_references_of_its_payments_where_there_are(self) -> None:
        found = read(statement([batch("100", *self.PARTS, ref="T-")]))

        assert [each.key for each in found] == [f"{IBAN}/T-0/C50", f"{IBAN}/T-1/C50"]

    def test_that_does_not_add_up_is_told_as_one(self) -> None:
        found = one(batch("101", *self.PARTS))

        assert (found.amount, found.is_batch) == (Decimal(101), True)


class TestKeys:
    def test_are_the_same_in_every_file(self) -> None:
        bare = payment(ref="")
        first = read(statement([bare, bare, payment()]))
        second = read(statement([payment(), bare, bare, payment(ref="B-2")], version="08"))

        assert len({each.key for each in first}) == 3  # two equal payments are two
        assert {each.key for each in first} < {each.key for each in second}

    def test_tell_a_reversal_from_what_it_reverses(self) -> None:
        both = read(statement([payment(), payment(way="DBIT", head="<RvslInd>1</RvslInd>")]))

        assert len({each.key for each in both}) == 2

    def test_fit_whatever_a_bank_writes(self) -> None:
        assert len(one(payment(ref="X" * 300)).key) <= base.LONGEST_KEY


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            (b'<!DOCTYPE x [<!ENTITY e "e">]><Document/>', "document type"),
            (b"<Document><BkToCstmrAcctRpt/></Document>", "no CAMT.053 statement"),
            (b"<Document><BkToCstmrStmt/></Document>", "no CAMT.053 statement"),
            (b"<feed/>", "no CAMT.053 statement"),
            (statement([payment()])[:-40], "not well-formed"),
            (statement([payment(amount="-1")]), "is no amount"),
            (statement([payment(amount="1e9")]), "is no amount"),
            (statement([payment(currency="euro")]), "is no amount"),
            (statement([payment(way="IN")]), "neither CRDT nor DBIT"),
            (statement([payment(day="2026-13-01")]), "no day"),
            (statement([payment(text="x" * 70_000)]), "more than 65536 characters"),
            (statement(["<Ntry>" + "<a>" * 40 + "</a>" * 40 + "</Ntry>"]), "deep"),
        ],
        ids=[
            "entity", "intraday report", "empty", "another file", "cut off", "negative", "power",
            "no currency", "no way", "no day", "long text", "deep nesting",
        ],
    )  # fmt: skip
    def test_say_where_and_why(self, content: bytes, reason: str) -> None:
        with pytest.raises(Refused, match=reason) as refused:
            read(content)

        assert refused.value.line >= 1

    def test_bound_a_file_and_an_entry(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(camt, "MOST_NODES", 5)
        with pytest.raises(Refused, match="more than 5 elements"):
            read(statement([payment()]))
        monkeypatch.setattr(camt, "LARGEST", 100)
        with pytest.raises(Refused, match="longer than 100 bytes"):
            read(statement([payment()]))

    def test_let_no_cut_file_pass(self) -> None:
        whole = statement([payment()])

        for end in range(0, len(whole.rstrip()) - 1, 7):
            with pytest.raises(Refused):
                read(whole[:end])


class TestFits:
    def test_tells_a_statement_by_its_beginning(self) -> None:
        assert camt.fits(statement([]))
        assert not camt.fits(b"date;amount")
