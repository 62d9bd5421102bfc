"""Names as parts of an address, RFC 3986: what is neither letter nor digit as %41.

The standard library's own functions stand beside those that open connections, which no reader of
files may know.
"""

import re
from string import ascii_letters, digits

_PLAIN = frozenset(f"{ascii_letters}{digits}-._~".encode())
_CODED = re.compile(rb"%([0-9A-Fa-f]{2})")


def quoted(name: str) -> str:
    """Return a name as one part of an address."""
    return "".join(chr(each) if each in _PLAIN else f"%{each:02X}" for each in name.encode())


def unquoted(part: str) -> str:
    """Return the name that a part of an address stands for."""
    plain = _CODED.sub(lambda found: bytes.fromhex(found[1].decode()), part.encode())
    return plain.decode("utf-8", "replace")
