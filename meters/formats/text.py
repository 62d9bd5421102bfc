"""Lines of comma-separated text, with their numbers, from a stream that may hold anything."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from meters.formats.base import Refused

LONGEST_LINE = 65_536  # bytes; a day of 1,440 values with ten digits each is 16 kB
BOM = b"\xef\xbb\xbf"


def rows(stream: BinaryIO, name: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the stripped fields of each line that is not blank.

    A line is parsed by itself, so a stray quote spoils its own line and no other. Raises Refused
    at a line that is no text.
    """
    for line, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), start=1):
        if len(raw) > LONGEST_LINE:
            raise Refused(name, line, f"longer than {LONGEST_LINE} bytes: not a file of lines")
        text = _text(raw.removeprefix(BOM) if line == 1 else raw, name, line)
        if text:
            yield line, _fields(text, name, line)


def _text(raw: bytes, name: str, line: int) -> str:
    try:
        text = raw.decode().strip()
    except UnicodeDecodeError:
        raise Refused(name, line, "not UTF-8 text") from None
    if not text.isprintable():
        raise Refused(name, line, "holds control characters")
    return text


def _fields(text: str, name: str, line: int) -> list[str]:
    if '"' not in text:
        return [field.strip() for field in text.split(",")]
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except csv.Error as error:
        raise Refused(name, line, f"quotes do not match: {error}") from None
