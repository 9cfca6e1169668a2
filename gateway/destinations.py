"""Which destinations the gateway never connects to. Pure; the door is gateway/mitm/loop.py.

Loopback, link-local, metadata, unspecified and multicast addresses, and the
gateway's own listeners, are refused: a pupil must not reach the machine itself
through it. Tests and drills open named ones (`--open HOST:PORT`). Site-private
ranges (10/8 and the like) stay reachable: schools host services there.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

from gateway.identity.resolve import parse_address
from gateway.node import Node

_REFUSED = tuple(
    ip_network(prefix)
    for prefix in (
        "0.0.0.0/8",
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local and cloud metadata
        "100.100.100.200/32",  # metadata of a Chinese cloud
        "168.63.129.16/32",  # the host agent of a large cloud: metadata and keys
        "192.0.0.192/32",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/127",  # unspecified and loopback
        "fe80::/10",
        "ff00::/8",
        "fd00:ec2::254/128",
        "64:ff9b::/96",  # NAT64: would hide an IPv4 address from this table
        "64:ff9b:1::/48",  # the same, for local use (RFC 8215)
        "2002::/16",
    )
)
CACHE = 20_000  # destinations remembered per process
_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
_METADATA_NAMES = frozenset({"metadata.google.internal", "metadata.tencentyun.com"})


class Destinations:
    """Answers whether one destination may be connected to."""

    def __init__(self, node: Node, own: tuple[tuple[str, int], ...] = ()) -> None:
        self._opened = {(address.host, address.port) for address in node.open_destinations}
        addresses = [listener.address for listener in node.listeners]
        addresses += [address for address in (node.dns, node.metrics) if address is not None]
        self._own = {(address.host, address.port) for address in addresses} | set(own)
        self._own_ports = {port for host, port in self._own if host in ("0.0.0.0", "::")}  # noqa: S104
        self._served = {one.address for one in node.applications}  # around the masking
        self._answers: dict[tuple[str, int], bool] = {}  # a cache of a pure function, bounded

    def refuses_name(self, host: str, port: int) -> bool:
        """For a name or literal as claimed, before resolving."""
        found = self._answers.get((host, port))
        if found is None:
            if len(self._answers) >= CACHE:
                self._answers.clear()
            found = self._answers[host, port] = self._refuses_name(host, port)
        return found

    def _refuses_name(self, host: str, port: int) -> bool:
        if (host, port) in self._served:
            return True
        if host in _LOCAL_NAMES or host.endswith(".localhost") or host in _METADATA_NAMES:
            return ("127.0.0.1", port) not in self._opened
        try:
            address = parse_address(host)
        except ValueError:
            return False
        return self.refuses(address, port)

    def refuses(self, address: IPv4Address | IPv6Address, port: int) -> bool:
        """For a resolved address: what the name led to is judged again (DNS rebinding)."""
        text = str(address)
        if (text, port) in self._own or (text, port) in self._served:
            return True
        if (text, port) in self._opened:
            return False
        if any(address.version == net.version and address in net for net in _REFUSED):
            return True
        return port in self._own_ports and address.is_private
