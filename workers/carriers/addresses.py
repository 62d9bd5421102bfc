"""Which addresses a webhook may reach: those of the open Internet, and networks of our own choice.

A name is resolved once, every answer is judged, and the connection goes to a judged address: a
name that changes its mind in between reaches nothing.
"""

import ipaddress
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What some Python of ours calls global, and yet is not, or leads to addresses that are not.
CLOSED: tuple[Network, ...] = (
    ipaddress.ip_network("64:ff9b::/96"),  # NAT64: an IPv4 address inside (RFC 6052)
    ipaddress.ip_network("64:ff9b:1::/48"),  # local NAT64 (RFC 8215)
    ipaddress.ip_network("2002::/16"),  # 6to4 (RFC 3056)
    ipaddress.ip_network("2001::/23"),  # Teredo, ORCHID and other protocols' own (RFC 2928)
    ipaddress.ip_network("::/96"),  # IPv4-compatible, deprecated (RFC 4291)
    ipaddress.ip_network("fec0::/10"),  # site-local, deprecated (RFC 3879)
    ipaddress.ip_network("3fff::/20"),  # documentation (RFC 9637)
    ipaddress.ip_network("5f00::/16"),  # segment routing (RFC 9602)
    ipaddress.ip_network("192.0.0.0/24"),  # protocols' own (RFC 6890)
    ipaddress.ip_network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
)


class Forbidden(OSError):
    """The name leads to an address that webhooks may not reach."""


def is_open(address: Address, *, own: Sequence[Network] = ()) -> bool:
    """Tell whether a webhook may connect to an address; `own` networks are allowed besides."""
    plain = _plain(address)
    if any(plain in network for network in own if network.version == plain.version):
        return True
    if any(plain in network for network in CLOSED if network.version == plain.version):
        return False
    return plain.is_global and not plain.is_multicast and not plain.is_reserved


def _plain(address: Address) -> Address:
    """Return the IPv4 address inside a mapped one, without the zone of an IPv6 one."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        return IPv6Address(int(address))
    return address


def resolve(host: str, port: int, *, own: Sequence[Network] = ()) -> list[str]:
    """Return the addresses of a host, all of them allowed; raises Forbidden, or OSError.

    One forbidden address among them forbids all: an honest name has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    texts = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in texts:
        if not is_open(ipaddress.ip_address(text), own=own):
            refusal = f"{host} leads to {text}, which webhooks may not reach"
            raise Forbidden(refusal)
    return texts


def anywhere(host: str, port: int) -> list[str]:
    """Return the addresses of a host that our own settings name, whatever they are."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
