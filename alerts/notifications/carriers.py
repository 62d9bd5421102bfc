"""The port through which notices leave: mail here, webhooks and text messages by the workers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message, ready to go; `id` stays the same however often it is tried.

    `to` is an address, a telephone number or a URL. A webhook has a body in place of text, and
    the headers that sign it.
    """

    id: str
    to: str
    subject: str = ""
    text: str = ""
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the other side answered."""

    status: int | None = None
    detail: str = ""


class NotCarried(Exception):
    """The message did not arrive, or nobody knows that it did."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail, self.status = detail, status


class Busy(NotCarried):
    """The way out did not work: it may do so later."""


class Broken(NotCarried):
    """The message will never be taken: the way out itself works."""


class Carrier(Protocol):
    """Takes a message out of the house."""

    def carry(self, parcel: Parcel, *, now: datetime) -> Receipt:
        """Carry one message, in bounded time; raises Busy or Broken."""
        ...
