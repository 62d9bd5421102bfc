import socket
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from workers.carriers import addresses


class TestIsOpen:
    @pytest.mark.parametrize(
        "text",
        [
            "127.0.0.1", "127.8.9.10", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255",
            "192.168.1.1", "169.254.169.254", "100.64.0.1", "192.0.0.8", "192.0.2.1",
            "198.18.0.1", "198.51.100.7", "203.0.113.9", "224.0.0.1", "239.255.255.250",
            "240.0.0.1", "255.255.255.255", "192.88.99.1",
            "::", "::1", "fe80::1", "fe80::1%2", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1",
            "2001:db8::1", "100::1", "3fff::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
            "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1",
            "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        ],
    )  # fmt: skip
    def test_is_nothing_that_is_not_of_the_internet(self, text: str) -> None:
        assert not addresses.is_open(ip_address(text))

    @pytest.mark.parametrize(
        "text", ["8.8.8.8", "93.184.216.34", "172.32.0.1", "2606:2800:220:1::1", "::ffff:8.8.8.8"]
    )
    def test_is_what_is_of_the_internet(self, text: str) -> None:
        assert addresses.is_open(ip_address(text))

    def test_is_a_network_of_our_own_that_was_named(self) -> None:
        own = [ip_network("10.20.0.0/16")]

        assert addresses.is_open(ip_address("10.20.3.4"), own=own)
        assert addresses.is_open(ip_address("::ffff:10.20.3.4"), own=own)
        assert not addresses.is_open(ip_address("10.21.0.1"), own=own)


class TestResolve:
    @pytest.mark.parametrize(
        "host", ["localhost", "127.0.0.1", "2130706433", "0x7f000001", "127.1", "::1"]
    )
    def test_refuses_each_way_to_spell_loopback(self, host: str) -> None:
        with pytest.raises(addresses.Forbidden):
            addresses.resolve(host, 443)

    def test_refuses_a_name_of_which_one_address_is_forbidden(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "10.0.0.7"))

        with pytest.raises(addresses.Forbidden, match=r"10\.0\.0\.7"):
            addresses.resolve("two-faced.example", 443)

    def test_returns_what_it_has_judged(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(socket, "getaddrinfo", answers("93.184.216.34", "8.8.8.8"))

        found = addresses.resolve("honest.example", 443)

        assert found == ["93.184.216.34", "8.8.8.8"]


def answers(*texts: str) -> Any:
    def getaddrinfo(*_: Any, **__: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, 443)) for text in texts]

    return getaddrinfo
