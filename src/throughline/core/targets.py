"""Targets: which addresses an event may be sent to. Whoever may subscribe must not reach our own network through us."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

type Network = IPv4Network | IPv6Network

# Of IPv6 only what is handed out for the public internet: everything else is local, or an IPv4 address in disguise
# (mapped, compatible, NAT64). Inside it, what carries an IPv4 address or is nobody's: Teredo, 6to4, documentation.
PUBLIC_6 = ip_network("2000::/3")
DISGUISED = tuple(map(ip_network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")))
# The relays of 6to4, which the registry counts as public.
RELAYS = ip_network("192.88.99.0/24")


class NotATarget(ValueError):
    """Nothing is sent there; the text says why, and what can be done."""


@dataclass(frozen=True, slots=True)
class Targets:
    """The public internet, and the networks that whoever runs this installation has allowed besides."""

    allowed: tuple[Network, ...] = ()

    def check_address(self, address: str) -> None:
        """Raise unless this very address may be connected to."""
        found = ip_address(address)
        if any(found in network for network in self.allowed):
            return
        public = found.is_global and not found.is_multicast
        if found.version == 6:
            public = public and found in PUBLIC_6 and not any(found in network for network in DISGUISED)
        elif found in RELAYS:
            public = False
        if not public:
            raise NotATarget(
                f"{found} is not on the public internet; THROUGHLINE_PRIVATE_TARGETS names networks that may be reached"
            )

    def check_url(self, url: str) -> None:
        """Raise unless it is an address of the web, in the clear only where private networks are allowed."""
        try:
            parts = urlsplit(url)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            raise NotATarget(f"it is not a URL: {error}") from error
        if parts.scheme not in ({"http", "https"} if self.allowed else {"https"}) or not host:
            raise NotATarget("it must be a URL that begins with https://")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise NotATarget("it must carry no user, no password and no fragment")
        if any(char <= " " or char == "\x7f" for char in url):
            raise NotATarget("it must contain no blanks")


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(text.strip()) for text in texts if text.strip())
