"""Mails that came back: delivery status notifications by RFC 3464, read from any message.

The standard library's parser takes whatever a mail server sends. Only what names a bill's own
Message-ID is taken up, wherever the notification carries it: in the returned message or its
headers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from typing import Any, Final

MARK: Final = "bill-"
LARGEST: Final = 1 << 24  # bytes of a message that is looked at
_ID: Final = re.compile(rf"<({MARK}[0-9a-f]{{32}})@[^>\s]{{1,255}}>", re.ASCII)
_STATUS: Final = re.compile(r"\b([245])\.\d{1,3}\.\d{1,3}\b", re.ASCII)
_DETAIL: Final = 300


@dataclass(frozen=True, slots=True)
class Bounce:
    """A bill that did not arrive: hard when it never will, else the server goes on trying."""

    message_id: str
    recipient: str
    is_hard: bool
    status: str
    detail: str


def read(content: bytes) -> list[Bounce]:
    """Return the bounces that a message tells of; none for any other mail."""
    if len(content) > LARGEST:
        return []
    message = message_from_bytes(content, policy=policy.compat32)
    named = _ID.findall(content.decode("ascii", "replace").replace("\r\n ", ""))
    own = _own_id(message)
    found = [each for each in dict.fromkeys(named) if each != own]
    if not found:
        return []
    return [_bounce(found[0], fields) for fields in _recipients(message)][:1]


def _own_id(message: Message) -> str:
    """Return the id of the message itself, when it is a bill that was sent to us."""
    matched = _ID.search(str(message.get("Message-ID", "")))
    return matched[1] if matched else ""


def _recipients(message: Message) -> Iterator[Message]:
    """Yield the fields of each recipient that a delivery status part reports as not reached."""
    for part in message.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        blocks: Any = part.get_payload()
        for block in blocks if isinstance(blocks, list) else []:
            if str(block.get("Action", "")).strip().lower() in {"failed", "delayed"}:
                yield block


def _bounce(message_id: str, fields: Message) -> Bounce:
    matched = _STATUS.search(str(fields.get("Status", "")))
    is_failed = str(fields.get("Action", "")).strip().lower() == "failed"
    recipient = str(fields.get("Final-Recipient") or fields.get("Original-Recipient") or "")
    detail = " ".join(str(fields.get("Diagnostic-Code") or fields.get("Status") or "").split())
    return Bounce(
        message_id,
        recipient.rpartition(";")[2].strip()[:254],
        is_failed and (matched is None or matched[1] == "5"),
        matched[0] if matched else "",
        "".join(letter for letter in detail if letter.isprintable())[:_DETAIL],
    )
