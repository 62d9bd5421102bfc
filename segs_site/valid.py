"""What a value of the environment must be: each refuses what no process could work with.

Nothing here imports a part of the house, as the settings that ask it import none.
"""

import re
from ipaddress import IPv4Address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import ValidationError, validate

is_database = validate.Regexp(r"(postgres|postgresql)://.+", error="must start with postgresql://")
is_broker = validate.Regexp(
    r"(rediss?|unix)://.+", error="must start with redis://, rediss:// or unix://"
)


def is_zone(name: str) -> None:
    """Refuse what is no time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as refusal:
        message = f"{name!r} is no zone of the tz database, such as Europe/Brussels"
        raise ValidationError(message) from refusal


def is_site(url: str) -> None:
    """Refuse what is no scheme and name of a site."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        message = "must be scheme and name alone, such as https://grid.example"
        raise ValidationError(message)


def is_gateway(url: str) -> None:
    """Refuse what is no way out for text messages."""
    if url and not re.match(r"https?://[^/]+|file:///|console:$", url):
        raise ValidationError("must be an http(s) address, file:///folder or console:")


def are_sms_fields(fields: dict[str, str]) -> None:
    """Refuse fields that a gateway could send nothing by."""
    if not {"to", "text"} <= fields.keys() <= {"to", "from", "text"}:
        raise ValidationError("must name its fields, such as to=To,text=Body,from=From")


def are_networks(networks: list[str]) -> None:
    """Refuse what is no network."""
    try:
        _ = [ip_network(network) for network in networks]
    except ValueError as refusal:
        message = f"must be networks such as 10.20.0.0/16: {refusal}"
        raise ValidationError(message) from refusal


def is_address(address: str) -> None:
    """Refuse what is no IPv4 address."""
    try:
        IPv4Address(address)
    except ValueError as refusal:
        message = (
            f"must be an IPv4 address of this machine, such as 127.0.0.1 or 0.0.0.0: {refusal}"
        )
        raise ValidationError(message) from refusal


def is_iban(iban: str) -> None:
    """Refuse an account whose check digits are wrong; none is well."""
    compact = iban.replace(" ", "").upper()
    turned = compact[4:] + compact[:4]
    is_shaped = re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", compact)
    if iban and not (is_shaped and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1):
        raise ValidationError("must be an IBAN whose check digits are right")
