"""Small NEM12 files made for tests, record by record."""

import io
from collections.abc import Iterable, Iterator, Sequence

from meters.formats import nem12
from meters.formats.base import Block, Item, Note, Read

NMI = "NEM7654321"
HALF_HOURS = ["0.5"] * 48


def header(made: str = "202403041130") -> str:
    return f"100,NEM12,{made},SENDER,TAKER"


def channel(
    suffix: str = "E1",
    *,
    nmi: str = NMI,
    unit: str = "kWh",
    minutes: int | str = 30,
    serial: str = "SER-1",
) -> str:
    return f"200,{nmi},E1B1,1,{suffix},N1,{serial},{unit},{minutes},20240401"


def day(
    date: str = "20240301", values: Iterable[str] = HALF_HOURS, flag: str = "A", reason: str = ","
) -> str:
    return f"300,{date},{','.join(values)},{flag},{reason},20240302120000,20240302130000"


def quality(first: int | str, last: int | str, flag: str, reason: str = ",") -> str:
    return f"400,{first},{last},{flag},{reason}"


def file(*records: str, made: str = "202403041130", ending: str = "\r\n") -> bytes:
    return "".join(line + ending for line in (header(made), *records, "900")).encode()


def lines(*records: str) -> bytes:
    return "".join(f"{line}\n" for line in records).encode()


def items(content: bytes, name: str = "delivery.csv") -> Iterator[Item]:
    return nem12.read(io.BytesIO(content), name)


def blocks(content: bytes) -> list[Block]:
    return [item for item in items(content) if isinstance(item, Block)]


def reads(content: bytes) -> list[Read]:
    return [read for block in blocks(content) for read in block.reads]


def notes(content: bytes) -> Sequence[tuple[int, str]]:
    return [(item.line, item.code) for item in items(content) if isinstance(item, Note)]
