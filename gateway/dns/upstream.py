"""The door to the resolvers behind us: one question, one verified answer, or UnreachableError.

Each attempt has its own socket (a fresh source port chosen by the system, bound
to that one upstream), a random id and random letter case (0x20), all of which an
answer must repeat (RFC 5452). Round robin with failover; TCP where an answer is
cut or its letter case is in doubt.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Callable, Sequence

from gateway.dns.core import UnreachableError
from gateway.dns.records import MalformedError, Reply, question, read
from gateway.dns.wire import FIXED, HEADER, UDP_EDNS, Rcode, Type
from gateway.node import Address

TIMEOUTS = (0.8, 1.2, 2.0)  # seconds of each attempt; browsers ask again after about 5
TCP_TIMEOUT = 3.0
MOST_ATTEMPTS = 4
PENALTY = 10.0  # seconds a silent upstream stands behind the others
STRANGERS = 16  # answers that fit nothing, before the attempt is given up
MAX_DATAGRAM = 4096

_NEXT = frozenset({Rcode.SERVFAIL, Rcode.REFUSED, Rcode.NOTIMP, Rcode.FORMERR})


class _CaseLostError(Exception):
    """The answer fits but for its letter case: forged, or an upstream that folds case."""


class Upstreams:
    """Asks the node's upstream resolvers."""

    def __init__(
        self,
        addresses: Sequence[Address],
        *,
        clock: Callable[[], float],
        bits: Callable[[int], int] = secrets.randbits,
        timeouts: Sequence[float] = TIMEOUTS,
    ) -> None:
        self._addresses = tuple(addresses)
        self._clock = clock
        self._bits = bits
        self._timeouts = tuple(timeouts)
        self._turn = 0
        self._bad: dict[Address, float] = {}  # upstream → until when it stands behind

    async def __call__(self, name: bytes, qtype: int, *, do: bool, cd: bool) -> Reply:
        """`name` in lower case on the wire. Raises UnreachableError."""
        last: Reply | None = None
        for attempt, address in enumerate(self._order()):
            timeout = self._timeouts[min(attempt, len(self._timeouts) - 1)]
            try:
                reply = await self._exchange(address, name, qtype, timeout, do=do, cd=cd)
            except (OSError, TimeoutError, MalformedError, asyncio.IncompleteReadError):
                self._bad[address] = self._clock() + PENALTY
                continue
            if reply.rcode not in _NEXT:
                self._bad.pop(address, None)
                return reply
            last = reply
        if last is None:
            raise UnreachableError("no upstream resolver answers")
        return last._replace(answers=(), authority=(), flags=last.flags & ~15 | Rcode.SERVFAIL)

    def _order(self) -> list[Address]:
        """At least three attempts: in turn, the recently silent ones last."""
        count = len(self._addresses)
        if not count:
            return []
        self._turn = (self._turn + 1) % count
        turned = self._addresses[self._turn :] + self._addresses[: self._turn]
        now = self._clock()
        ordered = sorted(turned, key=lambda address: self._bad.get(address, 0.0) > now)
        return (ordered * 3)[: min(max(3, count), MOST_ATTEMPTS)]

    async def _exchange(
        self, address: Address, name: bytes, qtype: int, timeout: float, *, do: bool, cd: bool
    ) -> Reply:
        packet = self._packet(name, qtype, do=do, cd=cd, edns=True)
        try:
            reply = await self._udp(address, packet, timeout)
            if reply.rcode in (Rcode.FORMERR, Rcode.NOTIMP):  # older than EDNS (RFC 6891 §7)
                packet = self._packet(name, qtype, do=False, cd=cd, edns=False)
                reply = await self._udp(address, packet, timeout)
        except _CaseLostError:
            return await self._tcp(address, packet)
        return await self._tcp(address, packet) if reply.truncated else reply

    def _packet(self, name: bytes, qtype: int, *, do: bool, cd: bool, edns: bool) -> bytes:
        flags = 0x0100 | (0x0010 if cd else 0)
        head = HEADER.pack(self._bits(16), flags, 1, 0, 0, 1 if edns else 0)
        tail = b"\0" + FIXED.pack(Type.OPT, UDP_EDNS, 0x8000 if do else 0, 0) if edns else b""
        return head + question(self._cased(name), qtype) + tail

    def _cased(self, name: bytes) -> bytes:
        """Random letter case; length bytes are below 64 and never letters."""
        coin = self._bits(len(name))
        return bytes(b - 32 if 97 <= b <= 122 and coin >> i & 1 else b for i, b in enumerate(name))

    async def _udp(self, address: Address, packet: bytes, timeout: float) -> Reply:
        loop = asyncio.get_running_loop()
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sock:
            sock.connect((address.host, address.port))
            sock.send(packet)
            async with asyncio.timeout(timeout):
                for _ in range(STRANGERS):
                    reply = _fitting(await loop.sock_recv(sock, MAX_DATAGRAM), packet)
                    if reply is not None:
                        return reply
        raise MalformedError("too many answers that fit no question")

    async def _tcp(self, address: Address, packet: bytes) -> Reply:
        async with asyncio.timeout(TCP_TIMEOUT):
            reader, writer = await asyncio.open_connection(address.host, address.port)
            try:
                writer.write(len(packet).to_bytes(2) + packet)
                length = int.from_bytes(await reader.readexactly(2))
                data = await reader.readexactly(length)
            finally:
                writer.transport.abort()
        reply = _fitting(data, packet, strict=False)
        if reply is None or reply.truncated:
            raise MalformedError("the answer over TCP fits no question")
        return reply


def _fitting(data: bytes, packet: bytes, *, strict: bool = True) -> Reply | None:
    """The answer to `packet`, or None for anything else. Raises MalformedError, _CaseLostError.

    The id and QR are looked at before the rest: a forger gets no parser to attack.
    """
    if len(data) < 12 or data[:2] != packet[:2] or not data[2] & 0x80:
        return None
    flags = int.from_bytes(data[2:4])
    if len(data) == 12 and flags & 15 in (Rcode.FORMERR, Rcode.NOTIMP):
        return Reply(0, flags, b"", (), ())  # older than EDNS, and says no more
    reply = read(data)
    asked = packet[12 : 12 + len(reply.question)]
    if reply.question == asked:
        return reply
    if (reply.question[:-4].lower(), reply.question[-4:]) != (asked[:-4].lower(), asked[-4:]):
        return None
    if strict:
        raise _CaseLostError
    return reply
