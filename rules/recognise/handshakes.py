"""First bytes of tunnels: the handshakes of VPNs, proxies and relays → Signals. Pure.

What flows through CONNECT, through a redirected port or inside a WebSocket begins by saying
what it is, or by saying nothing at all: fully encrypted protocols look like noise, which is a
hint and no proof. Sources: OpenVPN wire protocol; RFC 1928; RFC 2637; RFC 7858; the protocol
pages of Trojan, VLESS and Wisp; Wu et al., USENIX Security 2023, for the test of noise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from math import sqrt

from rules.model import Signal
from rules.recognise.dns_tunnels import is_query

DOT = 853  # RFC 7858, RFC 9250
NOISE = 0.7  # noise alone is no proof: recorded, not counted by the shipped certainty
HINT = 0.6
ENOUGH = 64  # bytes from which on noise is told from a short record

_TROJAN = re.compile(rb"[0-9a-f]{56}\r\n[\x01\x03][\x01\x03\x04]").match
_TOR_NAME = re.compile(r"www\.[a-z2-7]{8,25}\.(?:com|net)").fullmatch
_HOST = re.compile(rb"[A-Za-z0-9_.-]{3,253}").fullmatch
_PACKED = (b"\x1f\x8b", b"\x78\x01", b"\x78\x9c", b"\x78\xda", b"\x28\xb5\x2f\xfd", b"PK\3\4")
"""gzip, zlib, zstd, zip: packed, not hidden."""
_TLS = re.compile(rb"\x16\x03[\x00-\x04]..\x01", re.S).match


def _openvpn(data: bytes) -> bool:
    """Length, then P_CONTROL_HARD_RESET_CLIENT_V2 (7) or _V3 (10) with key 0."""
    if len(data) < 16 or data[2] not in (0x38, 0x50):
        return False
    size = int.from_bytes(data[:2])
    return 14 <= size <= 1400 and len(data) - 2 <= size + 64


def _socks5(data: bytes) -> bool:
    if len(data) < 3 or data[0] != 5 or not 1 <= data[1] <= 10:
        return False
    methods = data[2 : 2 + data[1]]
    return len(data) == 2 + data[1] and all(one <= 9 or one >= 0x80 for one in methods)


def _socks4(data: bytes) -> bool:
    if not 9 <= len(data) <= 600 or data[0] != 4 or data[1] not in (1, 2) or data[-1]:
        return False
    return any(data[2:4]) and all(one == 0 or 0x20 <= one <= 0x7E for one in data[8:])


def _pptp(data: bytes) -> bool:
    return data[2:8] == b"\x00\x01\x1a\x2b\x3c\x4d"


def _torrent(data: bytes) -> bool:
    return data.startswith(b"\x13BitTorrent protocol")


def _dns(data: bytes) -> bool:
    return int.from_bytes(data[:2]) == len(data) - 2 and is_query(data[2:])


def _trojan(data: bytes) -> bool:
    return _TROJAN(data) is not None


def _vless(data: bytes) -> bool:
    """Version 0, a UUID, additions, a command, a port, an address."""
    if len(data) < 24 or data[0] or not any(data[1:17]):
        return False
    at = 18 + data[17]
    if at + 5 > len(data) or data[at] not in (1, 2) or not any(data[at + 1 : at + 3]):
        return False
    kind = data[at + 3]
    if kind == 2:
        size = data[at + 4]
        name = data[at + 5 : at + 5 + size]
        return len(name) == size and b"." in name and _HOST(name) is not None
    version4 = data[7] >> 4 == 4 and data[9] >> 6 == 2
    return version4 and kind in (1, 3)


def _wisp(data: bytes) -> bool:
    """CONNECT (1), stream, TCP or UDP, port, host name."""
    if len(data) < 12 or data[0] != 1 or data[5] not in (1, 2) or not any(data[6:8]):
        return False
    return b"." in data[8:] and _HOST(data[8:]) is not None


_TUNNELS: tuple[tuple[str, str, Callable[[bytes], bool]], ...] = (
    ("vpn", "OpenVPN", _openvpn),
    ("vpn", "PPTP", _pptp),
    ("proxy", "SOCKS5", _socks5),
    ("proxy", "SOCKS4", _socks4),
    ("proxy", "Trojan", _trojan),
    ("proxy", "VLESS", _vless),
    ("encrypted-dns", "DNS", _dns),
    ("p2p", "BitTorrent", _torrent),
)


def tunnelled(data: bytes) -> tuple[Signal, ...]:
    """What the first bytes of a tunnel are; noise is a doubt."""
    for category, name, test in _TUNNELS:
        if test(data):
            return (_signal(category, name, 1.0),)
    if data.startswith(b"SSH-"):
        return (_signal("remote-control", "SSH", HINT),)
    return (_signal("proxy", "noise", NOISE),) if noise(data) else ()


def message(data: bytes, *, plausible: bool) -> tuple[Signal, ...]:
    """What a first binary message of a WebSocket client is: another connection inside?

    Noise is what tunnels send; it is `plausible` in a socket that a page has opened (it says
    `Origin`) or that leads to a listed place: then it stays a doubt.
    """
    if _wisp(data):
        return (_signal("proxy", "Wisp", 1.0, "message"),)
    if _TLS(data):
        return (_signal("proxy", "TLS inside", 1.0, "message"),)
    if data.startswith(b"SSH-"):
        return (_signal("proxy", "SSH inside", 1.0, "message"),)
    found = tunnelled(data)
    sure = NOISE if plausible or len(data) < ENOUGH else 0.98
    return tuple(
        _signal(one.category, one.matched, sure if one.matched == "noise" else 1.0, "message")
        for one in found
    )


def greeted(sni: str, alpn: Sequence[str], host: str, port: int) -> tuple[Signal, ...]:
    """What a ClientHello shows besides its name."""
    if port == DOT or "dot" in alpn or "doq" in alpn:
        how = f"port {port}" if port == DOT else "ALPN"
        return (_signal("encrypted-dns", how, 1.0, "hello"),)
    if not alpn and port != 443 and _TOR_NAME(sni) and host != sni:
        return (_signal("proxy", "Tor link", HINT, "hello"),)
    return ()


def noise(data: bytes) -> bool:
    """Does this look like a fully encrypted protocol? The rules of Wu et al. 2023, section 4,
    which alone take most records and sound for it, and the evenness of the bytes."""
    data = data[:4096]
    if len(data) < 32 or data.startswith(_PACKED) or _measured(data) or _text(data):
        return False
    ones = int.from_bytes(data).bit_count() / len(data)
    if ones <= 3.4 or ones >= 4.6:
        return False
    readable = [0x20 <= one <= 0x7E for one in data]
    if all(readable[:6]) or sum(readable) * 2 > len(data):
        return False
    run = longest = 0
    for one in readable:
        run = run + 1 if one else 0
        longest = max(longest, run)
    return longest <= 20 and not _TLS(data) and _even(data)


def _even(data: bytes) -> bool:
    """Are all bytes about as frequent? Sound, numbers and records are not: bytes repeat there."""
    size = len(data)
    expected = size * (size - 1) / 512  # pairs of equal bytes in so many random ones
    pairs = sum(n * (n - 1) // 2 for n in Counter(data).values())
    return pairs <= expected + 3 * sqrt(expected) + 1


def _measured(data: bytes) -> bool:
    """Does it begin with its own length, as protocols do that somebody has designed?"""
    size = len(data)
    near = range(size - 8, size + 1)
    return int.from_bytes(data[:4]) in near or int.from_bytes(data[:4], "little") in near


def _text(data: bytes) -> bool:
    """UTF-8, but for a character that the end may have cut."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start >= len(data) - 3
    return True


def _signal(category: str, matched: str, confidence: float, place: str = "tunnel") -> Signal:
    return Signal(
        category=category,
        recogniser="evasion",
        matched=matched,
        confidence=confidence,
        place=place,
    )
