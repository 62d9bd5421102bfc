"""Bank files written for tests: the smallest that says what a bank says."""

from collections.abc import Sequence

IBAN = "BE68539007547034"


def payment(
    amount: str = "74.40",
    text: str | None = "INV-000001",
    *,
    ref: str = "B-1",
    way: str = "CRDT",
    day: str = "2026-06-02",
    end_to_end: str | None = "NOTPROVIDED",
    currency: str = "EUR",
    more: str = "",
    head: str = "",
) -> str:
    """An entry with one payment, as version 02 writes it."""
    return f"""<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{way}</CdtDbtInd>{head}
      <Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><AcctSvcrRef>{ref}</AcctSvcrRef>
      <NtryDtls><TxDtls><Refs><EndToEndId>{end_to_end}</EndToEndId></Refs>
        <RltdPties><Dbtr><Nm>Carl Customer</Nm></Dbtr>
          <DbtrAcct><Id><IBAN>DE02 1203 0000 0000 2020 51</IBAN></Id></DbtrAcct></RltdPties>
        <RmtInf><Ustrd>{text}</Ustrd></RmtInf>{more}</TxDtls></NtryDtls></Ntry>"""


def statement(entries: Sequence[str], *, version: str = "02", iban: str = IBAN) -> bytes:
    """A file with one statement."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
  <BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>
    <Stmt><Id>S</Id><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>{"".join(entries)}</Stmt>
  </BkToCstmrStmt></Document>""".encode()
