"""Answers kept for their time to live: bounded, the least recently used goes first.

What is kept is already screened (no ECH, no HTTP/3, no inside address) and belongs
to nobody: the decision is made anew for every query that is answered from here.
Pure: `now` comes in.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from gateway.dns.records import Reply, render
from gateway.dns.screen import screen, targets
from gateway.dns.wire import Rcode, Type, text_of

MAX_TTL = 3600  # seconds; a district wants changes to arrive within the lesson
MAX_NEGATIVE = 900  # RFC 2308 §5 allows up to three hours
FAILURE_TTL = 2  # seconds; RFC 2308 §7.1 allows five minutes

type Key = tuple[bytes, int, bool, bool]  # name, type, DO, CD

_TTL = struct.Struct("!I")


class Stored(NamedTuple):
    """A screened answer, rendered to follow the question. Times in seconds."""

    rcode: int
    answers: int
    authorities: int
    body: bytes
    offsets: tuple[int, ...]  # where each TTL stands in `body`
    targets: tuple[str, ...]  # the names its aliases lead to, to be decided too
    inside: int  # inside addresses that were dropped
    born: float
    expires: float

    def body_at(self, now: float, most: int | None = None) -> bytes:
        """The body with every TTL counted down, and none of them above `most`."""
        age = max(int(now - self.born), 0)
        if (age == 0 and most is None) or not self.offsets:
            return self.body
        body = bytearray(self.body)
        for offset in self.offsets:
            left = max(_TTL.unpack_from(body, offset)[0] - age, 0)
            _TTL.pack_into(body, offset, left if most is None else min(left, most))
        return bytes(body)


def store(reply: Reply, key: bytes, *, internal: bool, now: float) -> Stored:
    """Screen an upstream answer and make it ready to be served to anybody."""
    screened = screen(reply.answers, internal=internal)
    # Positive answers carry no authority: nobody behind a stub resolver reads it.
    negative = not any(r.type != Type.CNAME for r in screened.records)
    authority = tuple(r for r in reply.authority if r.type != Type.NS) if negative else ()
    body, offsets = render(screened.records, key, 0)
    below, more = render(authority, key, len(body))
    ttl = _life(reply, negative=negative)
    return Stored(
        reply.rcode,
        len(screened.records),
        len(authority),
        body + below,
        offsets + more,
        tuple(map(text_of, targets(screened.records))),
        screened.inside,
        now,
        now + ttl,
    )


def _life(reply: Reply, *, negative: bool) -> int:
    """Seconds this answer may be kept."""
    ttls = [r.ttl for r in reply.answers]
    if reply.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return FAILURE_TTL
    if not negative:
        return min([*ttls, MAX_TTL])
    soa = [r for r in reply.authority if r.type == Type.SOA and len(r.rdata) >= 20]
    if not soa:
        return 0  # RFC 2308 §5: without SOA it is not kept
    minimum = int.from_bytes(soa[0].rdata[-4:])
    return min([*ttls, soa[0].ttl, minimum, MAX_NEGATIVE])


class Cache:
    """A dict in order of use. Not shared between processes."""

    __slots__ = ("_kept", "_room")

    def __init__(self, room: int = 20_000) -> None:
        self._room = room
        self._kept: dict[Key, Stored] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, now: float) -> Stored | None:
        """The answer, if it is still alive; using it makes it young again."""
        stored = self._kept.pop(key, None)
        if stored is None or stored.expires <= now:
            return None
        self._kept[key] = stored
        return stored

    def put(self, key: Key, stored: Stored, now: float) -> None:
        """Keep it for its time; the least recently used one makes room."""
        if stored.expires <= now:
            return
        self._kept.pop(key, None)
        while len(self._kept) >= self._room:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = stored

    def clear(self) -> None:
        """Forget everything (after a reload)."""
        self._kept.clear()
