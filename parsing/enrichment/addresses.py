"""What kind of address a client has."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

NAMES = ("client.address.class",)
_SHARED = ip_network("100.64.0.0/10")
_DOCUMENTATION = tuple(
    ip_network(network)
    for network in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)
_CLASSES = ("unspecified", "loopback", "link_local", "multicast")


def address_classes(texts: list[str]) -> Sequence[Sequence[str | None]]:
    """The class of each: public, private, loopback, link_local, multicast, shared, reserved …"""
    return [[class_of(text) for text in texts]]


@lru_cache(maxsize=50_000)
def class_of(text: str) -> str | None:
    """The class of an address; None for what is no address. Source: IANA special registries."""
    address = address_of(text)
    if address is None:
        return None
    for name in _CLASSES:
        if getattr(address, f"is_{name}"):
            return name
    networks = [network for network in _DOCUMENTATION if network.version == address.version]
    if any(address in network for network in networks):
        return "documentation"
    if isinstance(address, IPv4Address) and address in _SHARED:
        return "shared"
    if address.is_private:
        return "private"
    return "public" if address.is_global else "reserved"


def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address in a text: first of a list, with or without port, brackets and zone."""
    first = text.split(",", 1)[0].strip()[:64]
    if first.startswith("["):
        first = first[1:].partition("]")[0]
    elif first.count(":") == 1:
        first = first.partition(":")[0]
    try:
        address = ip_address(first.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
