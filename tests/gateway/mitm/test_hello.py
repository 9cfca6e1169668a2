"""ClientHello parsing: real hellos of OpenSSL, cut, mutated, and hostile."""

import ssl
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mitm.hello import MAX_HELLO, Hello, parse, starts_tlcp, starts_tls


def real(name: str | None, alpn: list[str]) -> bytes:
    """The ClientHello that OpenSSL sends for this name."""
    context = ssl.create_default_context()
    context.check_hostname = name is not None
    context.verify_mode = ssl.CERT_NONE if name is None else ssl.CERT_REQUIRED
    if alpn:
        context.set_alpn_protocols(alpn)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


REAL = real("www.smartedu.cn", ["h2", "http/1.1"])


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (REAL, Hello(sni="www.smartedu.cn", alpn=("h2", "http/1.1"))),
        (real("a.cn", []), Hello(sni="a.cn")),
        (real(None, ["http/1.1"]), Hello(alpn=("http/1.1",))),
        (REAL + b"more bytes", Hello(sni="www.smartedu.cn", alpn=("h2", "http/1.1"))),
    ],
    ids=["name and alpn", "name only", "no name", "bytes behind it"],
)
def test_real_hellos(data: bytes, expected: Hello) -> None:
    assert parse(data) == expected


def test_every_cut_waits_for_more() -> None:
    for end in range(len(REAL)):
        assert parse(REAL[:end]) is None


def test_split_over_records() -> None:
    body = REAL[5:]
    pieces = [body[at : at + 37] for at in range(0, len(body), 37)]
    data = b"".join(b"\x16\x03\x01" + struct.pack("!H", len(piece)) + piece for piece in pieces)
    found = parse(data)
    assert found is not None
    assert found.sni == "www.smartedu.cn"


def hello(extensions: bytes) -> bytes:
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\1\0"
    body += struct.pack("!H", len(extensions)) + extensions
    message = b"\1" + len(body).to_bytes(3) + body
    return b"\x16\x03\x01" + struct.pack("!H", len(message)) + message


def extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, len(content)) + content


def sni(name: bytes) -> bytes:
    entry = b"\0" + struct.pack("!H", len(name)) + name
    return extension(0, struct.pack("!H", len(entry)) + entry)


def test_encrypted_hello_is_seen() -> None:
    found = parse(hello(sni(b"cloudflare-ech.com") + extension(0xFE0D, b"\0" * 8)))
    assert found == Hello(sni="cloudflare-ech.com", ech=True)


def test_no_extensions_at_all() -> None:
    body = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\1\0"
    message = b"\1" + len(body).to_bytes(3) + body
    assert parse(b"\x16\x03\x01" + struct.pack("!H", len(message)) + message) == Hello()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n",
        b"\x17\x03\x03\x00\x05hello",
        b"\x16\x02\x00\x00\x05hello",
        b"\x16\x03\x01\x00\x00" + b"\x16\x03\x01\x00\x00",
        b"\x16\x03\x01\xff\xff" + b"a" * 100,
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x04\x01\xff\xff\xff",
        hello(extension(0, b"\xff\xff")),
        hello(sni("网站".encode())),
        hello(b"\0\0\xff\xff"),
    ],
    ids=[
        "http",
        "not a handshake",
        "ssl 2",
        "empty record",
        "oversized record",
        "server hello",
        "16 MiB announced",
        "name list runs out",
        "name not ascii",
        "extension runs out",
    ],
)
def test_hostile_hellos(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(data)


def test_endless_hello_is_cut() -> None:
    record = b"\x16\x03\x01\x00\x01\x01"  # one byte of handshake a record
    with pytest.raises(ValueError, match="large"):
        parse(b"\x16\x03\x01\x00\x04\x01\x00\xff\x00" + record * (MAX_HELLO // 6 + 1000))


@pytest.mark.parametrize(
    ("data", "tls", "tlcp"),
    [
        (b"\x16", True, False),
        (b"\x16\x03", True, False),
        (b"\x16\x03\x03", True, False),
        (b"\x16\x01\x01", False, True),
        (b"\x16\x03\x09", True, False),
        (b"\x16\x02\x00", False, False),
        (b"GET", False, False),
    ],
)
def test_first_bytes(data: bytes, tls: bool, tlcp: bool) -> None:
    assert (starts_tls(data), starts_tlcp(data)) == (tls, tlcp)


@settings(max_examples=300)
@given(st.binary(max_size=600))
def test_any_bytes(data: bytes) -> None:
    try:
        found = parse(data)
    except ValueError:
        return
    assert found is None or isinstance(found, Hello)


@settings(max_examples=300)
@given(st.integers(0, len(REAL) - 1), st.integers(0, 255))
def test_one_byte_changed(at: int, byte: int) -> None:
    data = bytearray(REAL)
    data[at] = byte
    try:
        found = parse(bytes(data))
    except ValueError:
        return
    assert found is None or isinstance(found, Hello)
