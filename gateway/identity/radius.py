"""RADIUS accounting (RFC 2866) → Accounting, or why not. Bytes in, values out.

pyrad decodes and verifies; what a packet says is read here from its raw attributes, so
that one odd attribute costs itself and not the message. Nothing of a packet is believed
before its authenticator is right. A packet heard before is answered again (its answer may
have been lost) but not taken in twice; neither is one whose Event-Timestamp is old.
"""

from __future__ import annotations

import hmac
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_network

from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket, PacketError

from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import SCHOOL
from gateway.identity.resolve import parse_address
from gateway.identity.sessions import Accounting, Status
from gateway.node import PRIVATE
from rules.load import DataError, Problem

SMALLEST, LARGEST = 20, 4096  # RFC 2865 §3
REQUEST = 4  # Accounting-Request
OLDEST = 900.0  # seconds an event may have waited in its sender
AHEAD = 300.0  # … and its clock may be fast
CLOCK_SET = 1_577_836_800.0  # 2020-01-01: a sender that says earlier has no clock at all
REMEMBERED = 100_000  # packets, by their authenticator
MOST_TEXT = 128
SHORTEST_SECRET = 8


class Heard(StrEnum):
    """What became of a packet: the values of the metric's label."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"  # the same bytes as before: a retransmission or a replay
    IGNORED = "ignored"  # well formed, but nothing that could count
    STALE = "stale"  # its Event-Timestamp is too far from now
    GARBAGE = "garbage"
    CLIENT = "client"  # no secret is known for its sender
    SECRET = "secret"  # noqa: S105 - the authenticator does not fit


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Who may send: a secret, and the school its users belong to where no roster says."""

    secret: bytes
    school: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packet:
    """One verified message, and the bytes that acknowledge it."""

    accounting: Accounting | None
    authenticator: bytes
    answer: bytes
    stale: bool


type Clients = Prefixes[Client]


def read_clients(text: str, file: str) -> Clients:
    """`PREFIX SECRET [SCHOOL]` a line, or one line with a secret alone. Raises DataError."""
    rows: list[tuple[str, Client]] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            rows += _client(words)
        except ValueError as error:
            problems.append(Problem(file=file, line=number, column=1, message=str(error)))
    if not rows and not problems:
        said = "没有密钥 / holds no secret"
        problems.append(Problem(file=file, line=1, column=1, message=said))
    if problems:
        raise DataError(problems)
    return Prefixes(rows)


def _client(words: list[str]) -> Iterator[tuple[str, Client]]:
    """Never repeats a secret in what it raises."""
    if len(words) > 3:
        raise ValueError("应为：前缀 密钥 [学校] / wanted: PREFIX SECRET [SCHOOL]")
    prefixes = (words[0],) if len(words) > 1 else PRIVATE
    secret = words[1] if len(words) > 1 else words[0]
    school = words[2] if len(words) > 2 else ""
    if len(secret) < SHORTEST_SECRET:
        raise ValueError(f"密钥太短 / a secret has at least {SHORTEST_SECRET} characters")
    if school and not SCHOOL(school):
        raise ValueError("学校编号不对 / the third word is no school id")
    for prefix in prefixes:
        try:
            ip_network(prefix)
        except ValueError:
            raise ValueError("第一格不是前缀 / the first word is no prefix") from None
        yield prefix, Client(secret=secret.encode(), school=school)


class Receiver:
    """Datagrams in, Packets out; remembers what it heard."""

    def __init__(self, clients: Clients) -> None:
        self.clients = clients
        self.remembered: dict[bytes, None] = {}
        self._dictionary = Dictionary()

    def receive(self, data: bytes, source: str, now: float) -> tuple[Heard, Packet | None]:
        """One datagram: what it is, and its Packet where it is to be answered. Never raises."""
        if not SMALLEST <= len(data) <= LARGEST or data[0] != REQUEST or not _whole(data):
            return Heard.GARBAGE, None
        try:
            where = parse_address(source)
        except ValueError:
            return Heard.CLIENT, None
        found = self.clients.find(where.version, int(where))
        if found is None:
            return Heard.CLIENT, None
        packet = self._verified(data, found[1].secret)
        if packet is None:
            return Heard.SECRET, None
        authenticator = bytes(packet.authenticator)
        accounting = read(packet, str(where), found[1].school)
        told = Packet(
            accounting=accounting,
            authenticator=authenticator,
            answer=packet.CreateReply().ReplyPacket(),
            stale=accounting is not None and is_stale(accounting.at, now),
        )
        if authenticator in self.remembered:
            return Heard.REPEATED, told
        self._remember(authenticator)
        if told.stale:
            return Heard.STALE, told
        return (Heard.IGNORED if accounting is None else Heard.ACCEPTED), told

    def _verified(self, data: bytes, secret: bytes) -> AcctPacket | None:
        try:
            packet = AcctPacket(packet=data, secret=secret, dict=self._dictionary)
            if not packet.VerifyAcctRequest():
                return None
            signatures = _raw(packet).get(80)
            if signatures and not _signed(packet, signatures):
                return None
        except (PacketError, struct.error, ValueError, KeyError, IndexError, TypeError):
            return None
        return packet

    def _remember(self, authenticator: bytes) -> None:
        if len(self.remembered) >= REMEMBERED:
            del self.remembered[next(iter(self.remembered))]
        self.remembered[authenticator] = None


def _whole(data: bytes) -> bool:
    """Do the lengths of the header and of all attributes fit the datagram?"""
    (length,) = struct.unpack_from("!H", data, 2)
    if not SMALLEST <= length <= len(data):
        return False
    place = SMALLEST
    while place < length:
        if place + 2 > length or data[place + 1] < 2:
            return False
        place += data[place + 1]
    return bool(place == length)


def _signed(packet: AcctPacket, signatures: list[bytes]) -> bool:
    """A Message-Authenticator need not be there; a wrong one is a forgery."""
    if len(signatures) != 1 or len(signatures[0]) != 16:
        return False
    raw = bytes(packet.raw_packet)
    body = bytearray(raw[:4] + bytes(16) + raw[20:])
    place = 20
    while body[place] != 80:
        place += body[place + 1]
    body[place + 2 : place + 18] = bytes(16)
    made = hmac.new(packet.secret, bytes(body), "md5").digest()
    return bool(hmac.compare_digest(made, signatures[0]))


def is_stale(at: float, now: float) -> bool:
    """Is a told Event-Timestamp too far from now?"""
    return at > CLOCK_SET and not now - OLDEST <= at <= now + AHEAD


def _raw(packet: AcctPacket) -> Mapping[int, list[bytes]]:
    return {key: list(dict.__getitem__(packet, key)) for key in dict.keys(packet)}


def read(packet: AcctPacket, source: str, school: str) -> Accounting | None:
    """What a verified packet says; None where it is of a kind that changes nothing."""
    raw = {key: values for key, values in _raw(packet).items() if isinstance(key, int)}
    try:
        status = Status(_number(raw, 40))
    except ValueError:
        return None
    mac = "".join(char for char in _text(raw, 31).lower() if char.isalnum())[:32]
    at = float(_number(raw, 55))
    return Accounting(
        status=status,
        nas=_text(raw, 32) or _address(raw, 4, IPv4Address) or source,
        user=_text(raw, 1) or mac,
        session=_text(raw, 44),
        mac=mac,
        names=tuple(dict.fromkeys(_names(raw))),
        at=at if at > CLOCK_SET else 0.0,
        school=school,
    )


def _names(raw: Mapping[int, list[bytes]]) -> Iterator[str]:
    """Framed-IP-Address, Framed-IPv6-Address, Framed-IPv6-Prefix, Delegated-IPv6-Prefix."""
    for value in raw.get(8, ()):
        if len(value) == 4 and value[:1] != b"\0" and value[0] < 224:  # 255.… asks the NAS
            yield str(IPv4Address(value))
    for value in raw.get(168, ()):
        if len(value) == 16 and not (six := IPv6Address(value)).is_multicast and int(six):
            yield str(six.ipv4_mapped or six)
    for value in (*raw.get(97, ()), *raw.get(123, ())):
        if 2 <= len(value) <= 18 and 48 <= value[1] <= 128:
            number = int.from_bytes(value[2:].ljust(16, b"\0"))
            shift = 128 - value[1]
            network = IPv6Network((number >> shift << shift, value[1]))
            single = value[1] == 128
            yield str(network.network_address) if single else str(network)


def _text(raw: Mapping[int, list[bytes]], key: int) -> str:
    value = raw.get(key, [b""])[0]
    text = value.decode("utf-8", "replace").strip().strip("\0")
    return "".join(char for char in text if char.isprintable())[:MOST_TEXT]


def _number(raw: Mapping[int, list[bytes]], key: int) -> int:
    value = raw.get(key, [b""])[0]
    return int.from_bytes(value) if len(value) == 4 else 0


def _address(raw: Mapping[int, list[bytes]], key: int, kind: type[IPv4Address]) -> str:
    value = raw.get(key, [b""])[0]
    return str(kind(value)) if len(value) == 4 else ""
