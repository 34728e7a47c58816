"""Which addresses an event may be sent to."""

import pytest

from throughline.core.targets import NotATarget, Targets, networks

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.88.99.1",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a9fe:a9fe", "64:ff9b::808:808",
    "64:ff9b:1::1", "2002:7f00:1::", "2002:808:808::1", "2001::1", "2001:db8::1", "3fff::1", "fc00::1", "fd12:3456::1",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_whatever_is_not_the_public_internet_is_refused(address: str) -> None:
    with pytest.raises(NotATarget, match="THROUGHLINE_PRIVATE_TARGETS"):
        Targets().check_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450:4001::1"])
def test_the_public_internet_is_allowed(address: str) -> None:
    Targets().check_address(address)


def test_what_is_allowed_besides_is_allowed_and_nothing_beside_it() -> None:
    targets = Targets(networks(["10.1.0.0/16", " ::1/128"]))

    targets.check_address("10.1.2.3")
    targets.check_address("::1")
    for other in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3"):
        with pytest.raises(NotATarget):
            targets.check_address(other)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "unix:///run/x.sock", "file:///etc/passwd", "https://",
        "example.com",
        "https://user@example.com/", "https://user:word@example.com/", "https://example.com/#part",
        "https://exa mple.com",
        "https://example.com:99999/", "https://[::1", "https://example.com/\r\nHost: x", "",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(NotATarget):
        Targets().check_url(url)


def test_the_clear_is_allowed_only_where_private_networks_are() -> None:
    Targets(networks(["127.0.0.0/8"])).check_url("http://127.0.0.1:8080/hook")
    Targets().check_url("https://example.com:8443/hook?a=b")
