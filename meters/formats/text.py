"""Lines of comma-separated text, with their numbers, from a stream that may hold anything."""

import csv
from collections.abc import Iterator
from typing import BinaryIO

from meters.formats.base import Refused

LONGEST_LINE = 65_536  # bytes; a day of 1,440 values with ten digits each is 16 kB
BOM = b"\xef\xbb\xbf"


def rows(
    stream: BinaryIO, name: str, delimiter: str = ",", encoding: str = "utf-8"
) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the stripped fields of each line that is not blank.

    A line is parsed by itself, so a stray quote spoils its own line and no other. Raises Refused
    at a line that is no text.
    """
    for line, raw in enumerate(iter(lambda: stream.readline(LONGEST_LINE + 1), b""), start=1):
        if len(raw) > LONGEST_LINE:
            raise Refused(name, line, f"longer than {LONGEST_LINE} bytes: not a file of lines")
        bare = raw.removeprefix(BOM) if line == 1 else raw
        text = _text(bare, name, line, delimiter, encoding)
        if text.strip():
            yield line, _fields(text, name, line, delimiter)


def _text(raw: bytes, name: str, line: int, delimiter: str, encoding: str) -> str:
    try:
        text = raw.decode(encoding).strip("\r\n " if delimiter == "\t" else None)
    except UnicodeDecodeError:
        raise Refused(name, line, f"not {encoding.upper()} text") from None
    if not text.replace(delimiter, "").replace("\xa0", "").isprintable():
        raise Refused(name, line, "holds control characters")
    return text


def _fields(text: str, name: str, line: int, delimiter: str) -> list[str]:
    if '"' not in text:
        return [field.strip() for field in text.split(delimiter)]
    try:
        parsed = next(csv.reader([text], strict=True, delimiter=delimiter))
    except csv.Error as error:
        raise Refused(name, line, f"quotes do not match: {error}") from None
    return [field.strip() for field in parsed]
