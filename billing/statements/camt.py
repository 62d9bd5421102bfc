"""CAMT.053, the bank's statement by ISO 20022, of versions 02 to 08 and after.

Elements are known by their local names, for every version has a namespace of its own. The parser
is that of Green Button files: no document type, no entity, no deep nesting, no long text. Only
what is booked is read; what the bank still holds for pending comes again when it is.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import BinaryIO, NoReturn

from billing.statements.base import (
    LARGEST,
    MOST_ENTRIES,
    NAME_LENGTH,
    TEXT_LENGTH,
    Entry,
    Keys,
    known,
)
from meters.formats import espi_xml
from meters.formats.base import Refused

BOOKED = "BOOK"
MOST_NODES = 500_000  # elements of one entry: a batch of some ten thousand payments
STATEMENT = ("Document", "BkToCstmrStmt", "Stmt")
RETURNS = frozenset({"RRTN", "UPDD", "ARET", "AREV", "PRRV"})  # sub-families of bank codes
_AMOUNT = re.compile(r"\d{1,15}(?:\.\d{0,5})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_MOST_TEXTS = 200  # remittance lines that are read of one payment


@dataclass(slots=True)
class Node:
    """An element with what is in it."""

    name: str
    line: int
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, *path: str) -> Iterator["Node"]:
        """Yield the elements at the end of a path of local names."""
        if not path:
            yield self
            return
        for child in self.children:
            if child.name == path[0]:
                yield from child.all(*path[1:])

    def say(self, *paths: str) -> str:
        """Return the first text at one of the paths, written `A/B/C`; "" without one."""
        for path in paths:
            for node in self.all(*path.split("/")):
                if node.text:
                    return node.text
        return ""


def fits(head: bytes) -> bool:
    """Tell whether the beginning of a file is plainly a statement."""
    return b"BkToCstmrStmt" in head or b"camt.053" in head


def read(stream: BinaryIO, name: str) -> Iterator[Entry]:
    """Yield the booked entries of a file; see `billing.statements.base`."""
    keys, count = Keys(""), 0
    for node in _Parts(name).read(stream):
        if node.name == "Acct":
            account = node.say("Id/IBAN", "Id/Othr/Id").replace(" ", "")[:34]
            keys = Keys(account)
        elif node.name == "Ntry":
            for entry in _Entry(node, name).read(keys):
                count += 1
                if count > MOST_ENTRIES:
                    raise Refused(name, entry.line, f"more than {MOST_ENTRIES} entries")
                yield entry


class _Parts:
    """Account and entries of each statement, as whole elements."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.path: list[str] = []
        self.open: list[Node] = []
        self.nodes = 0  # of the element that is open
        self.statements = 0

    def read(self, stream: BinaryIO) -> Iterator[Node]:
        """Yield them as they end."""
        for event in espi_xml.events(_bounded(stream, self.name), self.name):
            if event.begins:
                self._begin(event.tag.partition(":")[2], event)
            else:
                yield from self._end(event.text)
        if not self.statements:
            raise Refused(self.name, 1, "holds no CAMT.053 statement")

    def _begin(self, local: str, event: espi_xml.Event) -> None:
        self.path.append(local)
        depth = len(self.path)
        if depth < len(STATEMENT) and tuple(self.path) != STATEMENT[:depth]:
            raise Refused(self.name, event.line, f"{local[:40]!r} is no CAMT.053 statement")
        self.statements += tuple(self.path) == STATEMENT
        if not self.open and not self._is_wanted(local):
            return
        self.nodes = self.nodes + 1 if self.open else 0
        if self.nodes > MOST_NODES:
            raise Refused(self.name, event.line, f"an entry of more than {MOST_NODES} elements")
        node = Node(local, event.line, event.attributes)
        if self.open:
            self.open[-1].children.append(node)
        self.open.append(node)

    def _is_wanted(self, local: str) -> bool:
        return tuple(self.path[:-1]) == STATEMENT and local in {"Acct", "Ntry"}

    def _end(self, text: str) -> Iterator[Node]:
        self.path.pop()
        if self.open:
            done = self.open.pop()
            done.text = text
            if not self.open:
                yield done


def _bounded(stream: BinaryIO, name: str) -> BinaryIO:
    """Return a file that is no longer than those of banks are."""
    content = stream.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Refused(name, 1, f"longer than {LARGEST} bytes")
    return BytesIO(content)


class _Entry:
    """One entry of a statement, which is one payment or a batch of them."""

    def __init__(self, node: Node, name: str) -> None:
        self.node = node
        self.name = name

    def read(self, keys: Keys) -> list[Entry]:
        """Return its payments; none when it is not booked."""
        if self.node.say("Sts/Cd", "Sts/Prtry", "Sts") not in {"", BOOKED}:
            return []
        whole = self._whole()
        parts = list(self.node.all("NtryDtls", "TxDtls"))
        if len(parts) <= 1:
            told = self._told(whole, parts[0] if parts else None)
            return [replace(told, key=keys.of(told))]
        split = self._split(whole, parts)
        if split is None:
            told = replace(self._told(whole, None), is_batch=True)
            return [replace(told, key=keys.of(told))]
        return [
            replace(each, key=keys.of(each, place=place)) for each, place in self._placed(split)
        ]

    def _whole(self) -> Entry:
        node = self.node
        amounts = list(node.all("Amt"))
        amount, currency = self._amount(amounts[0]) if amounts else self._refuse("has no amount")
        return Entry(
            line=node.line,
            key="",
            booked_on=self._day(),
            amount=amount,
            currency=currency,
            is_credit=self._is_credit(node),
            is_return=node.say("RvslInd").lower() in {"true", "1"} or _is_return(node),
            bank_reference=node.say("AcctSvcrRef"),
        )

    def _told(self, whole: Entry, part: Node | None) -> Entry:
        """Return an entry with what is said of its one payment, or of itself."""
        node = self.node
        texts = _texts(part) if part is not None else []
        more = part.say("AddtlTxInf") if part is not None else ""
        text = " ".join(texts) or more or node.say("AddtlNtryInf")
        told = replace(whole, text=text[:TEXT_LENGTH])
        if part is None:
            return told
        payer = "Dbtr" if whole.is_credit else "Cdtr"
        names = (f"RltdPties/{payer}/Nm", f"RltdPties/{payer}/Pty/Nm")
        others = (f"RltdPties/Ultmt{payer}/Nm", f"RltdPties/Ultmt{payer}/Pty/Nm")
        account = f"RltdPties/{payer}Acct/Id/"
        return replace(
            told,
            line=part.line,
            bank_reference=known(whole.bank_reference) or part.say("Refs/AcctSvcrRef"),
            end_to_end=known(part.say("Refs/EndToEndId"))[:35],
            payer=part.say(*names, *others)[:NAME_LENGTH],
            payer_account=part.say(f"{account}IBAN", f"{account}Othr/Id").replace(" ", "")[:34],
            is_return=whole.is_return or _is_return(part),
            reason=part.say("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry")[:35],
        )

    def _split(self, whole: Entry, parts: list[Node]) -> list[Entry] | None:
        """Return the payments of a batch; None where they do not add up to it."""
        found = []
        for part in parts:
            amounts = [*part.all("Amt"), *part.all("AmtDtls", "TxAmt", "Amt")]
            if not amounts:
                return None
            amount, currency = self._amount(amounts[0])
            is_credit = self._is_credit(part) if part.say("CdtDbtInd") else whole.is_credit
            if currency != whole.currency or is_credit != whole.is_credit:
                return None
            own = replace(whole, amount=amount, bank_reference="")
            told = self._told(own, part)
            found.append(told)
        if sum(each.amount for each in found) != whole.amount:
            return None
        return self._referenced(whole, found)

    @staticmethod
    def _referenced(whole: Entry, found: list[Entry]) -> list[Entry]:
        """Let each have its own reference of the bank, or all that of the batch."""
        own = {known(each.bank_reference) for each in found}
        if "" not in own and len(own) == len(found):
            return found
        return [replace(each, bank_reference=whole.bank_reference) for each in found]

    @staticmethod
    def _placed(found: list[Entry]) -> Iterable[tuple[Entry, str]]:
        are_shared = len({each.bank_reference for each in found}) == 1
        for place, each in enumerate(found, start=1):
            yield each, f".{place}" if are_shared else ""

    def _amount(self, node: Node) -> tuple[Decimal, str]:
        currency = node.attributes.get("Ccy", "")
        if not _AMOUNT.fullmatch(node.text) or not _CURRENCY.fullmatch(currency):
            self._refuse(f"{node.text[:40]!r} {currency[:10]!r} is no amount", node.line)
        return Decimal(node.text), currency

    def _is_credit(self, node: Node) -> bool:
        way = node.say("CdtDbtInd")
        if way not in {"CRDT", "DBIT"}:
            self._refuse(f"{way[:10]!r} is neither CRDT nor DBIT")
        return way == "CRDT"

    def _day(self) -> date:
        written = self.node.say("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")[:10]
        try:
            return date.fromisoformat(written) if _DAY.fullmatch(written) else self._undated()
        except ValueError:
            return self._undated()

    def _undated(self) -> date:
        return self._refuse("has no day on which it was booked")

    def _refuse(self, reason: str, line: int = 0) -> NoReturn:
        raise Refused(self.name, line or self.node.line, reason)


def _is_return(node: Node) -> bool:
    codes = [each.text for each in node.all("BkTxCd", "Domn", "Fmly", "SubFmlyCd")]
    return next(node.all("RtrInf"), None) is not None or not RETURNS.isdisjoint(codes)


def _texts(part: Node) -> list[str]:
    """Return what the payer wrote: the reference of the creditor first, then his own words."""
    paths = ("Strd/CdtrRefInf/Ref", "Strd/RfrdDocInf/Nb", "Ustrd", "Strd/AddtlRmtInf")
    found = [
        node.text
        for path in paths
        for remittance in part.all("RmtInf")
        for node in remittance.all(*path.split("/"))
        if node.text
    ]
    return found[:_MOST_TEXTS]
