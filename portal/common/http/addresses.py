"""Which hosts and addresses an outgoing request may reach.

Refused is every address that is not plain public unicast: the special-purpose registries of IANA (RFC 6890,
RFC 6598, RFC 4193 …), and the IPv6 forms that carry an IPv4 address inside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from portal.common.http.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_FORBIDDEN_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relay
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_PUBLIC_V6 = IPv6Network("2000::/3")
_FORBIDDEN_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 carries an IPv4 address
        "3fff::/20",  # documentation
    )
)
# No top-level domain is a number; resolvers take such a name for an address (WHATWG URL, "ends in a number").
_NUMERIC_LABEL = re.compile(r"(?:\d+|0x[0-9a-f]*)\Z", re.IGNORECASE)
_PLAIN_V4 = re.compile(r"(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})\Z")


def is_public(address: Address) -> bool:
    """Whether the address is ordinary public unicast."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _FORBIDDEN_V4)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    # Only 2000::/3 is handed out; loopback, mapped, local and multicast addresses all lie outside.
    return address in _PUBLIC_V6 and not any(address in network for network in _FORBIDDEN_V6)


def literal_address(host: str) -> Address | None:
    """The address a host text stands for, None for a name.

    Raises `Refused` for the disguises that a resolver would still understand: decimal, hexadecimal, octal and
    shortened IPv4 forms, and scoped IPv6 addresses.
    """
    text = host.strip().strip("[]")
    if "%" in text:
        raise Refused("Addresses with a zone are not allowed.", remedy="Use a public host name.")
    if ":" in text or _PLAIN_V4.match(text):
        try:
            return ip_address(text)
        except ValueError:
            raise Refused(f"{host!r} is not a valid address.", remedy="Use a public host name.") from None
    if _NUMERIC_LABEL.match(text.rstrip(".").rpartition(".")[2]):
        raise Refused(f"{host!r} is an address in disguise.", remedy="Write it as four decimal numbers, or use a name.")
    return None


def origin_of(url: str) -> str:
    """`host:port` of a URL, with the scheme's default port filled in; empty when it has no host."""
    parts = urlsplit(url)
    if not parts.hostname:
        return ""
    return f"{parts.hostname.lower()}:{parts.port or (443 if parts.scheme == 'https' else 80)}"


@dataclass(frozen=True)
class Policy:
    """Exceptions from the address check, and an optional allow-list.

    `private`: host names, `host:port` pairs or networks that may be reached although they are not public.
    `egress`: when given, only these hosts may be reached (`api.example.com`, `*.example.com`); the hosts of
    `private` written as `host:port` stay reachable, because the operator named them.
    """

    private: tuple[str, ...] = ()
    egress: tuple[str, ...] | None = None
    _networks: tuple[Network, ...] = field(init=False, repr=False, compare=False, default=())
    _hosts: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    def __post_init__(self) -> None:
        networks: list[Network] = []
        hosts: set[str] = set()
        for entry in self.private:
            try:
                networks.append(ip_network(entry, strict=False))
            except ValueError:
                hosts.add(entry.lower())
        object.__setattr__(self, "_networks", tuple(networks))
        object.__setattr__(self, "_hosts", frozenset(hosts))

    def with_egress(self, patterns: Iterable[str] | None) -> Policy:
        """The same exceptions with another allow-list; None allows every public host."""
        return Policy(self.private, None if patterns is None else tuple(patterns))

    def trusts(self, host: str, port: int) -> bool:
        """Whether the operator named this host as an exception."""
        host = host.lower().strip("[]")
        return host in self._hosts or f"{host}:{port}" in self._hosts

    def check_host(self, host: str, port: int) -> None:
        """Refuse a host that the allow-list leaves out, or a literal address that is not public."""
        name = host.lower().rstrip(".").strip("[]")
        if self.egress is not None and f"{name}:{port}" not in self._hosts and not _matches(name, self.egress):
            raise Refused(
                f"The host {host!r} is not on the workspace's list of allowed hosts.",
                code="egress_refused",
                remedy="Ask an administrator of the workspace to add it.",
            )
        if self.trusts(name, port):
            return
        address = literal_address(host)
        if address is not None:
            self.check_address(host, address)

    def check_address(self, host: str, address: Address) -> None:
        """Refuse an address that is neither public nor inside an excepted network."""
        if is_public(address) or any(address in network for network in self._networks):
            return
        # The address itself is not told: it could reveal the inside of the network to the caller.
        raise Refused(
            f"The host {host!r} leads to an address that is not public.",
            code="address_refused",
            remedy="Use a public host, or let the operator add it to HTTP_ALLOW_PRIVATE.",
        )


def _matches(name: str, patterns: Iterable[str]) -> bool:
    for pattern in patterns:
        pattern = pattern.lower().strip()
        if name == pattern or (pattern.startswith("*.") and name.endswith(pattern[1:])):
            return True
    return False


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The policy of this installation: only what HTTP_ALLOW_PRIVATE names is excepted."""
    from portal.settings.env import env

    return Policy(tuple(env().http_allow_private))
