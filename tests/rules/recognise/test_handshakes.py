"""First bytes of tunnels: what each is, and what is none of them."""

import gzip
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.evasions import Wire, load_evasions
from rules.recognise.handshakes import greeted, message, noise, tunnelled

NOISE = random.Random(7).randbytes(200)
VLESS = bytes.fromhex("00112233445546778899aabbccddeeff00 0001 01bb 01 01020304".replace(" ", ""))


def matched(data: bytes) -> list[tuple[str, str]]:
    return [(one.category, one.matched) for one in tunnelled(data)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000e381122334455667788 00 00000000", ("vpn", "OpenVPN")),
        ("000e501122334455667788 00 00000000", ("vpn", "OpenVPN")),
        ("009c00011a2b3c4d00010000", ("vpn", "PPTP")),
        ("050100", ("proxy", "SOCKS5")),
        ("05020002", ("proxy", "SOCKS5")),
        ("040101bb5db8d82200", ("proxy", "SOCKS4")),
        ("13426974546f7272656e742070726f746f636f6c00", ("p2p", "BitTorrent")),
    ],
)
def test_handshakes(text: str, expected: tuple[str, str]) -> None:
    assert matched(bytes.fromhex(text.replace(" ", ""))) == [expected]


def test_vless_by_address_needs_a_version_4_id() -> None:
    data = b"\0" + VLESS[:16] + b"\0\1\x01\xbb\1\1\2\3\4"
    assert matched(data) == [("proxy", "VLESS")]
    assert matched(data[:7] + b"\x11" + data[8:]) == []


def test_ssh_is_only_told() -> None:
    (found,) = tunnelled(b"SSH-2.0-OpenSSH_9.2\r\n")
    assert found.confidence < 0.9


def test_noise_is_a_doubt() -> None:
    assert noise(NOISE)
    (found,) = tunnelled(NOISE)
    assert (found.category, found.confidence) == ("proxy", 0.7)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(64),
        b"\xff" * 64,
        b"220 mail.example ESMTP ready\r\n" * 3,
        "你好，同学们，今天我们学习光合作用，请把书翻到第一百页。".encode(),
        b"\x16\x03\x01\x02\x00\x01\x00" + NOISE,
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + NOISE,
        NOISE[:20],
        zlib.compress(NOISE),
        gzip.compress(NOISE),
        len(NOISE + b"1234").to_bytes(4) + NOISE,
        b"\0\x0e\x41" + bytes(13),
        b"\5\1\xff\xaa",
        b"\4\1\0\0" + bytes(8),
        b"\4\1\1\xbb\1\2\3\4\xff\xfe\0",
        b"\0" + bytes(60),
    ],
)
def test_no_tunnels(data: bytes) -> None:
    assert tunnelled(data) == ()


@pytest.mark.parametrize("plausible", [False, True])
def test_messages(plausible: bool) -> None:
    wisp = bytes.fromhex("0101000000 01 bb01".replace(" ", "")) + b"www.example.com"
    for data in (wisp, b"\x16\x03\x01\0\xc8\x01", b"SSH-2.0-x", b"\5\1\0"):
        (found,) = message(data, plausible=plausible)
        assert (found.category, found.confidence, found.place) == ("proxy", 1.0, "message")
    (found,) = message(NOISE, plausible=plausible)
    assert found.confidence == (0.7 if plausible else 0.98)
    assert message(b"\x0a\x0bhello world", plausible=plausible) == ()


@pytest.mark.parametrize(
    ("sni", "alpn", "host", "port", "category"),
    [
        ("a.example", ("dot",), "a.example", 443, "encrypted-dns"),
        ("a.example", ("h2", "doq"), "a.example", 443, "encrypted-dns"),
        ("a.example", (), "a.example", 853, "encrypted-dns"),
        ("www.4nkhm2hnkqxgq.com", (), "203.0.113.9", 9001, "proxy"),
        ("www.4nkhm2hnkqxgq.com", ("h2",), "203.0.113.9", 9001, ""),
        ("www.example.com", (), "www.example.com", 8443, ""),
        ("a.example", ("h2", "http/1.1"), "a.example", 443, ""),
        ("", (), "203.0.113.9", 443, ""),
    ],
)
def test_hellos(sni: str, alpn: tuple[str, ...], host: str, port: int, category: str) -> None:
    assert [one.category for one in greeted(sni, alpn, host, port)] == [category] * bool(category)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120), st.booleans())
def test_any_bytes(data: bytes, plausible: bool) -> None:
    for one in (*tunnelled(data), *message(data, plausible=plausible)):
        assert 0 < one.confidence <= 1


def test_the_table_holds_here_too() -> None:
    """What a tunnel's row must let pass towards a known place is no sure tunnel."""
    rows = [row for family in load_evasions().values() for row in family.rows]
    for row in rows:
        if row.wire is Wire.TUNNEL:
            for shot in row.let:
                found = tunnelled(bytes.fromhex(shot.hex) if shot.hex else shot.send.encode())
                assert all(one.confidence < 1 for one in found), row.id
