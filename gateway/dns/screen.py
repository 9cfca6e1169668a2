"""What may not reach a client in an allowed answer. Records in, records out; pure.

Encrypted ClientHello keys and HTTP/3 offers would take the name from the proxy's
sight (RFC 9849, RFC 9460); an inside address under an outside name is DNS
rebinding. The rest of each record stays byte for byte as it was.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from gateway.dns.records import MalformedError, Record, read_name
from gateway.dns.wire import PAIR, Type

_MANDATORY, _ALPN, _NO_DEFAULT, _HINT4, _ECH, _HINT6, _DOHPATH = 0, 1, 2, 4, 5, 6, 7


def _ranges4(*texts: str) -> tuple[tuple[int, int], ...]:
    found = map(IPv4Network, texts)
    return tuple((int(n.network_address), int(n.broadcast_address)) for n in found)


def _ranges6(*texts: str) -> tuple[tuple[int, int], ...]:
    found = map(IPv6Network, texts)
    return tuple((int(n.network_address), int(n.broadcast_address)) for n in found)


# RFC 6890 special-purpose blocks a browser inside could be turned against.
INSIDE4 = _ranges4(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "255.255.255.255/32",
)
INSIDE6 = _ranges6("::/127", "fc00::/7", "fe80::/10", "fec0::/10")
EMBED6 = _ranges6("::ffff:0:0/96", "64:ff9b::/96", "::/96")  # an IPv4 address in the last 32 bits


class Screened(NamedTuple):
    """What is left, and how many records went or were changed, by cause."""

    records: tuple[Record, ...]
    inside: int = 0
    changed: int = 0


def inside(rdata: bytes) -> bool:
    """Is this A or AAAA rdata an address of somebody's inside network?"""
    value = int.from_bytes(rdata)
    if len(rdata) == 4:
        return any(low <= value <= high for low, high in INSIDE4)
    if any(low <= value <= high for low, high in INSIDE6):
        return True
    if any(low <= value <= high for low, high in EMBED6):
        return inside(rdata[12:])
    return False


def screen(records: tuple[Record, ...], *, internal: bool) -> Screened:
    """Drop inside addresses (unless the name is `internal`), strip ECH and HTTP/3.

    A service record that cannot be read is dropped: what we cannot see we do not pass.
    Signatures over a changed set are dropped with it.
    """
    kept: list[Record] = []
    hidden = changed = 0
    broken: set[int] = set()
    for record in records:
        kind = record.type
        if kind in (Type.A, Type.AAAA):
            if len(record.rdata) != (4 if kind == Type.A else 16):
                changed += 1
                continue
            if not internal and inside(record.rdata):
                hidden += 1
                broken.add(kind)
                continue
        elif kind in (Type.SVCB, Type.HTTPS):
            rdata = service(record.rdata, internal=internal)
            if rdata != record.rdata:
                changed += 1
                broken.add(kind)
                if rdata is None:
                    continue
                record = record._replace(rdata=rdata)  # noqa: PLW2901
        kept.append(record)
    if broken:
        kept = [r for r in kept if r.type != Type.RRSIG or _covers(r) not in broken]
    return Screened(tuple(kept), hidden, changed)


def _covers(record: Record) -> int:
    return int.from_bytes(record.rdata[:2])


def service(rdata: bytes, *, internal: bool = False) -> bytes | None:
    """SVCB or HTTPS rdata without `ech`, `h3*` and inside hints; None: drop the record."""
    try:
        params, start = _params(rdata)
    except MalformedError:
        return None
    if _DOHPATH in params:
        return None  # an encrypted resolver's address (RFC 9461): a way around this filter
    gone = {_ECH} & params.keys()
    for key, size in ((_HINT4, 4), (_HINT6, 16)):
        value = params.get(key, b"")
        hints = [value[i : i + size] for i in range(0, len(value), size)]
        if any(len(hint) != size or (not internal and inside(hint)) for hint in hints):
            gone.add(key)
    if _ALPN in params:
        left = _without_h3(params[_ALPN])
        if left is None or (not left and _NO_DEFAULT in params):
            return None  # nothing but HTTP/3 is offered here
        if left:
            params[_ALPN] = left
        else:
            gone.add(_ALPN)
    return rdata[:start] + _rendered(params, gone)


def _params(rdata: bytes) -> tuple[dict[int, bytes], int]:
    """SvcParams in order, and where they begin. Raises MalformedError (RFC 9460 §2.2)."""
    if len(rdata) < 3:
        raise MalformedError("a service record is too short")
    _, start = _uncompressed(rdata, 2)
    params: dict[int, bytes] = {}
    position, last = start, -1
    while position < len(rdata):
        if position + 4 > len(rdata):
            raise MalformedError("a service parameter is cut")
        key, length = PAIR.unpack_from(rdata, position)
        position += 4
        if key <= last or position + length > len(rdata):
            raise MalformedError("service parameters are out of order or cut")
        params[key] = rdata[position : position + length]
        position, last = position + length, key
    return params, start


def _uncompressed(rdata: bytes, position: int) -> tuple[bytes, int]:
    probe = position
    while probe < len(rdata) and 0 < rdata[probe] < 64:
        probe += rdata[probe] + 1
    if probe < len(rdata) and rdata[probe]:
        raise MalformedError("the target name is compressed")  # RFC 9460 §2.2 forbids it
    return read_name(rdata, position)


def _without_h3(value: bytes) -> bytes | None:
    """ALPN ids without h3, h3-29, …; None if the list is broken."""
    kept, position = [], 0
    while position < len(value):
        end = position + 1 + value[position]
        if end > len(value) or end == position + 1:
            return None
        if not value[position + 1 : end].startswith(b"h3"):
            kept.append(value[position:end])
        position = end
    return b"".join(kept)


def _rendered(params: dict[int, bytes], gone: set[int]) -> bytes:
    parts = []
    for key, value in params.items():
        if key in gone:
            continue
        if key == _MANDATORY and gone:
            keys = [value[i : i + 2] for i in range(0, len(value), 2)]
            value = b"".join(k for k in keys if int.from_bytes(k) not in gone)  # noqa: PLW2901
            if not value:
                continue
        parts.append(PAIR.pack(key, len(value)) + value)
    return b"".join(parts)


def targets(records: tuple[Record, ...]) -> tuple[bytes, ...]:
    """Every name an alias in the answer leads to, in lower case on the wire."""
    found = [r.rdata for r in records if r.type == Type.CNAME]
    for record in records:
        if record.type in (Type.SVCB, Type.HTTPS):
            try:
                found.append(_uncompressed(record.rdata, 2)[0])
            except MalformedError:
                continue
    return tuple(dict.fromkeys(name.lower() for name in found if name != b"\0"))
