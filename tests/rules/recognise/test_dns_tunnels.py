"""Queries inside URLs and tunnels, data inside names."""

import base64

import dns.message
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.dns_tunnels import entropy, is_query, tunnelling, unpadded

HEX = "a3f9c2e8d1b7465f0e9d8c7b6a5f4e3d2c1b0a9f8e7d6c5b4a39281706f5e4b3"
CAMPAIGN = "words-of-a-campaign-that-goes-on.and-on-with-more-words-and-words.mail.example.org"


def query(name: str = "www.example.com", kind: str = "A") -> bytes:
    return dns.message.make_query(name, kind).to_wire()


@pytest.mark.parametrize("kind", ["A", "AAAA", "TXT", "HTTPS", "NULL"])
def test_real_queries(kind: str) -> None:
    assert is_query(query(kind=kind))
    coded = base64.urlsafe_b64encode(query(kind=kind)).decode()
    assert is_query(unpadded(coded))
    assert is_query(unpadded(coded.rstrip("=")))
    assert is_query(unpadded(coded.replace("=", "%3D")))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello world, this is text",
        query()[:20],
        dns.message.make_response(dns.message.from_wire(query())).to_wire(),
        bytes(40),
        b"\xff" * 40,
        query()[:12] + b"\x3fabc" + bytes(5),
    ],
    ids=["empty", "text", "cut", "answer", "zeros", "ones", "a label past the end"],
)
def test_no_queries(data: bytes) -> None:
    assert not is_query(data)


@pytest.mark.parametrize("text", ["", "automatic", "é", "a" * 9000, "====", "a"])
def test_no_base64(text: str) -> None:
    assert not is_query(unpadded(text))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.text(max_size=80))
def test_any_bytes(data: bytes, text: str) -> None:
    assert is_query(data) in (True, False)
    assert isinstance(unpadded(text), bytes)
    assert isinstance(tunnelling(text, len(data)), tuple)


@pytest.mark.parametrize(
    ("name", "qtype", "caught"),
    [
        (f"{HEX[:60]}.{HEX[1:61]}.t.example.org", 16, True),
        (f"{HEX[:60]}.{HEX[1:61]}.t.example.org", 1, True),
        ("vaaaakat2v2.t.example.org", 10, True),
        ("x.example.org", 65399, True),
        ("x.example.org", 16, False),
        ("localhost", 10, False),
        (f"{HEX[:40]}.1.avqs.mcafee.com", 16, False),
        (f"{HEX[:60]}.{HEX[1:61]}.zen.spamhaus.org", 1, False),
        (CAMPAIGN, 1, False),
        (".".join("0123456789abcdef0123456789abcdef") + ".ip6.arpa", 12, False),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1." * 3 + "example.org", 1, False),
    ],
)  # fmt: skip
def test_names(name: str, qtype: int, caught: bool) -> None:
    found = tunnelling(name, qtype)
    assert bool(found) is caught
    assert all(one.category == "vpn" for one in found)


def test_entropy() -> None:
    assert entropy("") == 0
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
