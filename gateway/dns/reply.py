"""Answers of our own making: blocked, local, minimal. Values in, bytes out; pure."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address

from gateway.dns.special import Local
from gateway.dns.wire import (
    FIXED,
    Query,
    Rcode,
    Type,
    extended_error,
    limit,
    message,
    wire_of,
)

TTL = 30  # seconds: a loosened policy must show within half a minute
LONG_TTL = 3600  # for what no policy changes
_POINTER = b"\xc0\x0c"
_HINFO = b"\x07RFC8482\x00"
_SOA_TAIL = struct.pack("!IIIII", 1, 1800, 900, 86400, TTL)
_SOA = wire_of("qinglang.invalid") + wire_of("nobody.invalid") + _SOA_TAIL
_SOA_RECORD = _POINTER + FIXED.pack(Type.SOA, 1, TTL, len(_SOA)) + _SOA


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """An address of the gateway in one family or none: rdata of A, rdata of AAAA."""

    a: bytes = b""
    aaaa: bytes = b""

    @classmethod
    def of(cls, address: str) -> Own:
        """From text; '' gives neither. Raises ValueError for anything but an address."""
        if not address:
            return NOWHERE
        ip = ip_address(address)
        if isinstance(ip, IPv4Address):
            return cls(a=ip.packed)
        mapped = ip.ipv4_mapped
        return cls(a=mapped.packed) if mapped else cls(aaaa=ip.packed)


NOWHERE = Own()


def known(entries: Iterable[str]) -> dict[str, Own]:
    """`NAME=ADDRESS` entries → name (lower case) → its addresses. Raises ValueError."""
    found: dict[str, Own] = {}
    for entry in entries:
        name, _, text = entry.partition("=")
        own, name = Own.of(text.strip()), name.strip().strip(".").lower()
        before = found.get(name, NOWHERE)
        found[name] = Own(a=own.a or before.a, aaaa=own.aaaa or before.aaaa)
    return found


_NULL = Own(a=bytes(4), aaaa=bytes(16))
_LOOPBACK = Own(a=bytes((127, 0, 0, 1)), aaaa=bytes(15) + b"\1")


def address(query: Query, own: Own, *, tcp: bool, options: bytes = b"") -> bytes:
    """A or AAAA with the given address; NODATA for every other type or family."""
    rdata = own.a if query.qtype == Type.A else own.aaaa if query.qtype == Type.AAAA else b""
    if not rdata:
        return nodata(query, tcp=tcp, options=options)
    body = _POINTER + FIXED.pack(query.qtype, 1, TTL, len(rdata)) + rdata
    return message(query, room=limit(query, tcp=tcp), answers=1, body=body, options=options)


def nodata(query: Query, *, tcp: bool, rcode: int = Rcode.NOERROR, options: bytes = b"") -> bytes:
    """No records of this type (or NXDOMAIN), with the SOA by which it may be kept (RFC 2308)."""
    return message(
        query,
        room=limit(query, tcp=tcp),
        rcode=rcode,
        authorities=1,
        body=_SOA_RECORD,
        options=options,
    )


def blocked(query: Query, page: Own, *, tcp: bool, ede: int, text: str) -> bytes:
    """A blocked name: the page's address if there is one, else an address nobody has."""
    options = extended_error(ede, text) if query.payload else b""
    return address(query, _NULL if page is NOWHERE else page, tcp=tcp, options=options)


def minimal(query: Query, *, tcp: bool) -> bytes:
    """The answer to ANY (RFC 8482 §4.2): one HINFO that says why there is no more."""
    body = _POINTER + FIXED.pack(Type.HINFO, 1, LONG_TTL, len(_HINFO)) + _HINFO
    return message(query, room=limit(query, tcp=tcp), answers=1, body=body)


def failed(query: Query, rcode: int, *, tcp: bool, ede: int | None = None) -> bytes:
    """SERVFAIL, REFUSED and the like: no records, perhaps a reason."""
    options = extended_error(ede, "") if ede is not None and query.payload else b""
    return message(query, room=limit(query, tcp=tcp), rcode=rcode, options=options)


def _loopback(query: Query, *, tcp: bool) -> bytes:
    return address(query, _LOOPBACK, tcp=tcp)


def _nxdomain(query: Query, *, tcp: bool) -> bytes:
    return nodata(query, tcp=tcp, rcode=Rcode.NXDOMAIN)


def _empty(query: Query, *, tcp: bool) -> bytes:
    return nodata(query, tcp=tcp)


LOCAL: dict[Local, Callable[..., bytes]] = {
    Local.NXDOMAIN: _nxdomain,
    Local.NODATA: _empty,
    Local.LOOPBACK: _loopback,
}
