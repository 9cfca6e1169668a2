"""Hellos out, answers in: every byte string comes to an answer."""

import ssl
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.probes.handshake.hello import VERSIONS, Answer, Said, answer, complete, hello


def server_hello(
    version: int, suite: int, extensions: bytes = b"", random: bytes = b"r" * 32
) -> bytes:
    body = struct.pack("!H", version) + random + b"\0" + struct.pack("!HB", suite, 0)
    body += len(extensions).to_bytes(2, "big") + extensions
    return message(2, body)


def message(kind: int, body: bytes) -> bytes:
    whole = bytes([kind]) + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x03" + len(whole).to_bytes(2, "big") + whole


def chain(*ders: bytes) -> bytes:
    inner = b"".join(len(one).to_bytes(3, "big") + one for one in ders)
    return message(11, len(inner).to_bytes(3, "big") + inner)


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_a_hello_names_its_version(version: int) -> None:
    data = hello(version, [0xC02F], b"r" * 32, "portal.school.test")
    assert data[0] == 0x16
    assert int.from_bytes(data[3:5], "big") == len(data) - 5
    assert (b"portal.school.test" in data) == (version > VERSIONS["ssl3"])


def test_openssl_understands_our_hello() -> None:
    """Without a certificate it still parses the hello, and refuses by an alert."""
    into, out = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).wrap_bio(into, out, server_side=True)
    into.write(hello(VERSIONS["tls1_2"], [0xC02F], b"r" * 32, "x.test"))
    with pytest.raises(ssl.SSLError, match=r"(?i)shared.cipher|no suitable"):
        server.do_handshake()
    assert answer(out.read()).said is Said.REFUSED


def test_a_server_hello_of_1_2() -> None:
    renegotiation = b"\xff\x01\0\1\0"
    data = server_hello(0x0303, 0x009E, renegotiation) + chain(b"leaf", b"above")
    prime = b"\xff" * 128
    data += message(22, b"\1\0\0\x05hello") + message(12, b"\0\x80" + prime + b"\0\1\2")
    assert not complete(data)
    said = answer(data)
    assert (said.version, said.suite, said.renegotiation) == (0x0303, 0x009E, True)
    assert said.certificates == (b"leaf", b"above")
    assert (said.stapled, said.dh_bits) == (True, 1024)
    assert complete(data + message(14, b""))


def test_a_server_hello_of_1_3_and_a_retry() -> None:
    data = server_hello(0x0303, 0x1301, b"\0\x2b\0\2\3\4")
    assert answer(data).version == 0x0304
    assert complete(data)
    retry = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
    assert answer(server_hello(0x0303, 0x1301, random=retry)).version == 0x0304


def test_tlcp() -> None:
    said = answer(server_hello(0x0101, 0xE013) + chain(b"sign", b"encrypt"))
    assert (said.version, said.suite) == (0x0101, 0xE013)
    assert said.certificates == (b"sign", b"encrypt")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", Said.REFUSED),
        (b"\x15\x03\x01\0\2\2\x28", Said.REFUSED),
        (b"HTTP/1.1 400 Bad Request\r\n", Said.GARBAGE),
        (b"\x16\x03\x03\0\x04\2\0\0\0", Said.GARBAGE),
        (message(2, b"\x09" * 50), Said.GARBAGE),
        (message(11, b"\0\0\0"), Said.GARBAGE),
    ],
)
def test_answers_that_are_none(data: bytes, said: Said) -> None:
    assert answer(data).said is said


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=60))
def test_any_bytes(head: bytes, tail: bytes) -> None:
    for data in (head, b"\x16\x03\x03" + head, server_hello(0x0303, 0x009E)[: len(head)] + tail,
                 message(2, head) + message(11, tail) + message(12, tail)):  # fmt: skip
        assert isinstance(answer(data), Answer)
        assert complete(data) in (True, False)
