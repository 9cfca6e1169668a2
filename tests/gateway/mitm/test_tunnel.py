"""Tunnels: opened, spliced, refused, and what is neither TLS nor HTTP."""

import socket
import ssl
import time

import pytest
from cryptography import x509

from gateway.mitm.layers import ALERT_ACCESS_DENIED
from gateway.node import ListenerKind
from policies.model import Action
from rules.model import Gap, Stage
from tests.gateway.mitm.harness import Lab, everything, status


def fetch(lab: Lab, target: str, name: str, host: str = "", *alpn: str) -> tuple[str, bytes]:
    """Who signed, and the answer of a request inside TLS through a CONNECT tunnel."""
    with (
        lab.tunnel(target) as plain,
        lab.client_tls(*alpn).wrap_socket(plain, server_hostname=name) as sock,
    ):
        issuer = lab.issuer(sock)
        sock.sendall(
            f"GET /x HTTP/1.1\r\nHost: {host or name}\r\nConnection: close\r\n\r\n".encode()
        )
        return issuer, everything(sock)


def test_an_opened_tunnel_is_filtered_inside(lab: Lab) -> None:
    issuer, answer = fetch(lab, f"www.allowed.example:{lab.tls_port}", "www.allowed.example")
    assert issuer == "ours"
    assert answer.endswith(b"ok")
    (seen,) = lab.settled(1)
    assert (seen.facts.stage, seen.facts.scheme) == (Stage.RESPONSE, "https")


def test_a_blocked_name_shows_its_page_inside_tls(lab: Lab) -> None:
    issuer, answer = fetch(lab, f"www.blocked.example:{lab.tls_port}", "www.blocked.example")
    assert issuer == "ours"
    assert status(answer) == 403
    assert lab.asked == []
    assert len(lab.settled(1)) == 1


def test_a_bank_is_never_opened(lab: Lab) -> None:
    with lab.tunnel(f"www.bank.example:{lab.tls_port}") as plain:
        context = lab.client_tls()
        context.check_hostname = False
        with context.wrap_socket(plain, server_hostname="www.bank.example") as sock:
            assert lab.issuer(sock) == "origin"
            sock.sendall(b"GET / HTTP/1.1\r\nHost: www.bank.example\r\n\r\n")
            assert sock.recv(100).startswith(b"HTTP/1.1 200")
    (seen,) = lab.settled(1)
    assert seen.facts.stage is Stage.TLS
    assert seen.outcome.verdict.enforced in (Action.ALLOW, Action.OBSERVE)


@pytest.mark.parametrize(
    ("target", "name", "host"),
    [
        ("www.allowed.example", "www.allowed.example", "www.blocked.example"),
        ("www.allowed.example", "www.blocked.example", "www.allowed.example"),
        ("www.blocked.example", "www.allowed.example", "www.allowed.example"),
        ("www.bank.example", "www.blocked.example", "www.bank.example"),
    ],
    ids=["Host", "SNI", "CONNECT", "a bank in front"],
)
def test_any_blocked_name_blocks(lab: Lab, target: str, name: str, host: str) -> None:
    issuer, answer = fetch(lab, f"{target}:{lab.tls_port}", name, host)
    assert issuer == "ours"
    assert status(answer) == 403
    assert lab.asked == []


def test_bad_upstream_certificates_get_a_page(lab: Lab) -> None:
    # the origin's certificate is only good for www.allowed.example
    issuer, answer = fetch(lab, f"www.google.com:{lab.tls_port}", "www.google.com")
    assert issuer == "ours"
    assert status(answer) in (403, 502)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.BAD_CERT
    assert lab.asked == []


def test_a_client_without_our_ca_is_one_event(lab: Lab) -> None:
    with (
        lab.tunnel(f"www.allowed.example:{lab.tls_port}") as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname="www.allowed.example")
    (seen,) = lab.settled(1)
    assert seen.problem.startswith("client-tls-")


def test_an_unused_tunnel_is_one_exchange(lab: Lab) -> None:
    lab.tunnel(f"www.allowed.example:{lab.tls_port}").close()
    (seen,) = lab.settled(1)
    assert seen.problem == "unused-tunnel"


@pytest.mark.parametrize(
    ("first", "gap"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Gap.NOT_HTTP),
        (b"\x00\x01\x02\x03", Gap.NOT_HTTP),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Gap.NOT_HTTP),
        (b"\x16\x01\x01\x00\x10" + bytes(16), Gap.TLCP),
        (b"\x16\x03\x01\x00\x05hello", Gap.MALFORMED),
    ],
    ids=["ssh", "binary", "h2 preface", "TLCP", "broken hello"],
)
def test_foreign_bytes_have_a_verdict(lab: Lab, first: bytes, gap: Gap) -> None:
    with lab.tunnel(f"www.allowed.example:{lab.tls_port}") as sock:
        sock.sendall(first)
        sock.shutdown(socket.SHUT_WR)
        everything(sock)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is gap


@pytest.mark.parametrize("target", ["127.0.0.1:22", "localhost:80", "169.254.169.254:443"])
def test_connect_to_forbidden_destinations(lab: Lab, target: str) -> None:
    with pytest.raises(ConnectionRefusedError):
        lab.tunnel(target)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.FORBIDDEN_DESTINATION


def socks(lab: Lab, host: str, port: int) -> socket.socket:
    sock = lab.connect(ListenerKind.SOCKS5)
    sock.sendall(b"\x05\x01\x00")
    assert sock.recv(2) == b"\x05\x00"
    name = host.encode()
    sock.sendall(b"\x05\x01\x00\x03" + bytes([len(name)]) + name + port.to_bytes(2))
    assert sock.recv(10)[:2] == b"\x05\x00"
    return sock


def test_socks5(lab: Lab) -> None:
    for name, expected in (("www.allowed.example", 200), ("www.blocked.example", 403)):
        with socks(lab, name, lab.origin_port) as sock:
            sock.sendall(f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            assert status(everything(sock)) == expected
    assert len(lab.settled(2)) == 2


def redirected(lab: Lab, address: str, port: int) -> socket.socket:
    """A transparent connection, its original destination told by the PROXY protocol."""
    sock = lab.connect(ListenerKind.TRANSPARENT)
    sock.sendall(f"PROXY TCP4 127.0.5.9 {address} 40000 {port}\r\n".encode())
    return sock


def test_transparent_http_goes_to_the_judged_name(lab: Lab) -> None:
    with redirected(lab, "203.0.113.9", lab.origin_port) as sock:
        sock.sendall(b"GET / HTTP/1.1\r\nHost: www.allowed.example\r\nConnection: close\r\n\r\n")
        assert everything(sock).endswith(b"ok")
    (seen,) = lab.settled(1)
    assert (seen.facts.host, seen.facts.address) == ("www.allowed.example", "203.0.113.9")
    assert seen.subject.school == "lab"


def test_transparent_tls(lab: Lab) -> None:
    with (
        redirected(lab, "203.0.113.9", lab.tls_port) as plain,
        lab.client_tls().wrap_socket(plain, server_hostname="www.blocked.example") as sock,
    ):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: www.blocked.example\r\nConnection: close\r\n\r\n")
        assert status(everything(sock)) == 403
    assert len(lab.settled(1)) == 1


def test_page_listener_shows_the_page_for_any_host(lab: Lab) -> None:
    data = b"GET /any HTTP/1.1\r\nHost: www.blocked.example\r\nConnection: close\r\n\r\n"
    assert status(lab.say(data, ListenerKind.PAGE_HTTP)) == 403
    with (
        lab.connect(ListenerKind.PAGE_HTTPS) as plain,
        lab.client_tls().wrap_socket(plain, server_hostname="www.blocked.example") as sock,
    ):
        sock.sendall(data)
        assert status(everything(sock)) == 403
    assert lab.asked == []
    assert len(lab.settled(2)) == 2


def test_the_alert_is_a_fatal_access_denied() -> None:
    assert bytes((21, 3, 3, 0, 2, 2, 49)) == ALERT_ACCESS_DENIED


@pytest.mark.parametrize(
    "first",
    [
        b"\r\nGET /search?q=x HTTP/1.1\r\n",
        b"\r\n" * 3000 + b"GET /search?q=x HTTP/1.1\r\n",
        b"get /search?q=x HTTP/1.1\r\n",
        b"MKCOL-X /search?q=x HTTP/1.1\r\n",
    ],
    ids=["an empty line", "many empty lines", "lower case", "another method"],
)
@pytest.mark.parametrize("pieces", [1, 2])
def test_what_an_origin_takes_for_a_request_is_judged(lab: Lab, first: bytes, pieces: int) -> None:
    """SafeSearch cannot be slipped past as bytes that are not HTTP."""
    data = first + b"Host: www.google.com\r\nConnection: close\r\n\r\n"
    begin = data.index(b"/search") - 3
    with lab.tunnel(f"www.google.com:{lab.origin_port}") as sock:
        if pieces == 2:
            sock.sendall(data[:begin])
            time.sleep(0.1)
            data = data[begin:]
        sock.sendall(data)
        everything(sock)
    assert all(b"safe=active" in asked for asked in lab.asked)
    assert len(lab.settled(1)) == 1


@pytest.mark.parametrize("first", [b"\x00\x01\x02", b"SSH-2.0-x\r\n"])
def test_bytes_that_would_have_to_be_rewritten_do_not_pass(lab: Lab, first: bytes) -> None:
    with lab.tunnel(f"www.google.com:{lab.origin_port}") as sock:
        sock.sendall(first)
        assert everything(sock) == b""
    assert lab.asked == []
    (seen,) = lab.settled(1)
    assert seen.problem == Gap.NOT_HTTP


def test_an_endless_first_line_is_refused(lab: Lab) -> None:
    with lab.tunnel(f"www.allowed.example:{lab.origin_port}") as sock:
        sock.sendall(b"a" * 20_000)
        assert everything(sock) == b""
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.TOO_LARGE


def test_an_odd_record_version_does_not_hide_a_hello(lab: Lab) -> None:
    """Servers ignore the minor version of the first record; so do we."""
    client, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = lab.client_tls().wrap_bio(client, sent, server_hostname="www.google.com")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    hello = bytearray(sent.read())
    hello[2] = 9
    with lab.tunnel(f"www.google.com:{lab.tls_port}") as sock:
        sock.sendall(hello)
        client.write(sock.recv(65536))
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                client.write(sock.recv(65536))
        der = session.getpeercert(binary_form=True)
    assert der is not None
    ours = x509.load_pem_x509_certificate(lab.ca.read_bytes())
    x509.load_der_x509_certificate(der).verify_directly_issued_by(ours)


@pytest.mark.parametrize(
    ("first", "category"),
    [
        (bytes.fromhex("000e3811223344556677880000000000"), "vpn"),
        (b"\x05\x01\x00", "proxy"),
        (b"\x13BitTorrent protocol" + bytes(28), "p2p"),
    ],
)
def test_tunnels_are_refused_towards_known_places_too(
    lab: Lab, first: bytes, category: str
) -> None:
    with lab.tunnel(f"www.allowed.example:{lab.origin_port}") as sock:
        sock.sendall(first)
        assert everything(sock) == b""
    assert lab.asked == []
    (seen,) = lab.settled(1)
    assert [one.category for one in seen.facts.seen] == [category]


@pytest.mark.parametrize("line", ["CONNECT www.example.com:443", "GET http://www.example.com/"])
def test_a_proxy_behind_the_tunnel_is_not_asked(lab: Lab, line: str) -> None:
    with lab.tunnel(f"www.allowed.example:{lab.origin_port}") as sock:
        sock.sendall(
            f"{line} HTTP/1.1\r\nHost: www.example.com\r\nConnection: close\r\n\r\n".encode()
        )
        assert status(everything(sock)) in (400, 403)
    assert lab.asked == []


def test_dns_over_tls_is_known_by_its_alpn(lab: Lab) -> None:
    with (
        lab.tunnel(f"www.allowed.example:{lab.tls_port}") as plain,
        lab.client_tls("dot").wrap_socket(plain, server_hostname="www.allowed.example") as sock,
    ):
        sock.sendall(b"\x00\x21\x00\x01")
        assert everything(sock) == b""
    assert lab.asked == []
    assert "encrypted-dns" in {one.category for seen in lab.settled(1) for one in seen.facts.seen}
