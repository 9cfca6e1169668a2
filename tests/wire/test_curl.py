"""The first thing a person tries: curl and dig through every listener of a fresh gateway."""

from __future__ import annotations

import json
import socket
import subprocess

import pytest

from gateway.node import ListenerKind
from tests.conftest import World
from tests.pages import FIXED, page
from tests.running import Gateway, curl

pytestmark = pytest.mark.wire

SENIOR, TEACHER, VISITOR = "127.0.1.5", "127.0.2.5", "127.0.3.5"


def marker(category: str, scheme: str = "http") -> str:
    return f"{scheme}://{category}.test.qinglang.invalid/"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("category", "status"), [("gambling", 403), ("education", 200), ("crisis", 200), ("porn", 403)]
)
def test_markers(gateway: Gateway, scheme: str, category: str, status: int) -> None:
    got = gateway.curl(marker(category, scheme))
    assert (got.status, got.exit) == (status, 0)
    if status == 403:
        assert "未成年人网络保护条例" in got.text
        assert got.headers["x-qinglang-code"] in got.text
        assert got.headers["cache-control"] == "no-store"


def test_https_is_not_trusted_without_our_ca(gateway: Gateway, world: World) -> None:
    assert gateway.curl(marker("gambling", "https"), trust=world.root).exit == 60


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/html", "text/html"),
        ("image/avif,image/*", "image/svg+xml"),
        ("application/json", "json"),
        ("text/css", "text/css"),
    ],
)
def test_the_page_takes_the_form_asked_for(gateway: Gateway, accept: str, kind: str) -> None:
    got = gateway.curl(marker("gambling"), "-H", f"Accept: {accept}")
    assert got.status == 403
    assert kind in got.headers["content-type"]
    if kind == "json":
        assert json.loads(got.body)


@pytest.mark.parametrize(("language", "lang"), [("en-GB,en", "en"), ("zh-CN", "zh-CN")])
def test_language(gateway: Gateway, language: str, lang: str) -> None:
    got = gateway.curl(marker("gambling"), "-H", f"Accept-Language: {language}")
    assert got.text.index(f'<html lang="{lang}"') < 40


@pytest.mark.parametrize("option", ["--socks5", "--socks5-hostname"])
def test_socks5(gateway: Gateway, world: World, option: str) -> None:
    way = [option, str(gateway.listener(ListenerKind.SOCKS5))]
    origin = f"http://127.0.0.2:{world.http.port}/page"
    assert gateway.curl(origin, proxy=way).body == page()
    if option == "--socks5-hostname":
        assert gateway.curl(marker("gambling"), proxy=way).status == 403
        assert gateway.curl(marker("gambling", "https"), proxy=way).status == 403


def dig(gateway: Gateway, name: str, *more: str) -> str:
    at = gateway.dns
    argv = ["dig", f"@{at.host}", "-p", str(at.port), "+tries=1", "+timeout=5", *more, name]
    return subprocess.run(argv, capture_output=True, text=True, timeout=30).stdout


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig(gateway: Gateway, world: World, transport: str) -> None:
    blocked = dig(gateway, "gambling.test.qinglang.invalid", transport)
    assert "status: NOERROR" in blocked
    assert "0.0.0.0" in dig(gateway, "www.blocked.example", transport, "+short")
    assert "www.blocked.example" not in world.origins.asked_names
    assert dig(gateway, "upstream.allowed.example", transport, "+short") == "203.0.113.7\n"
    assert dig(gateway, "www.allowed.example", transport, "+short") == "127.0.0.2\n"
    assert "NXDOMAIN" in dig(gateway, "no-such-name.allowed.example", transport)


@pytest.mark.parametrize("path", ["/page", "/gz", "/deflate", "/br", "/zstd", "/chunked"])
@pytest.mark.parametrize("kind", ["http", "h1", "h2"])
def test_an_allowed_page_is_untouched(gateway: Gateway, world: World, kind: str, path: str) -> None:
    place = getattr(world, kind)
    scheme = "http" if kind == "http" else "https"
    name = "www.allowed.example" if kind == "h2" else "plain.allowed.example"
    got = gateway.curl(f"{scheme}://{name}:{place.port}{path}")
    assert got.status == 200
    if kind == "h2":  # an origin without HTTP/2 is known as such from its second connection on
        assert got.version == "2"
    expected = page() if path == "/chunked" else FIXED[path].body
    assert got.body == expected


@pytest.mark.parametrize(
    ("source", "status"), [("", 403), (SENIOR, 403), (TEACHER, 403), (VISITOR, 403)]
)
def test_gambling_is_blocked_for_everyone(gateway: Gateway, source: str, status: int) -> None:
    assert gateway.curl(marker("gambling"), source=source).status == status


def test_a_name_depth_subject_is_refused_by_alert(gateway: Gateway, world: World) -> None:
    """Teachers' devices have no CA of ours: TLS ends at the ClientHello, allowed names pass."""
    blocked = gateway.curl(f"https://www.blocked.example:{world.h1.port}/page", source=TEACHER)
    assert blocked.status == 0
    assert blocked.exit == 35
    passed = gateway.curl(
        f"https://www.allowed.example:{world.h1.port}/page", source=TEACHER, trust=world.root
    )
    assert passed.body == page()


def test_a_private_class_is_never_decrypted(gateway: Gateway, world: World) -> None:
    url = f"https://www.bank.example:{world.h1.port}/page"
    assert gateway.curl(url, trust=world.root).body == page()
    assert gateway.curl(url).exit == 60  # the certificate is the bank's own, not ours


def test_url_rules(gateway: Gateway, world: World) -> None:
    for scheme, place in (("http", world.http), ("https", world.h2)):
        url = f"{scheme}://www.mixed.example:{place.port}"
        assert gateway.curl(f"{url}/page").status == 200
        assert gateway.curl(f"{url}/bad/thing").status == 403


def test_labels_block_a_page_before_it_leaves(gateway: Gateway, world: World) -> None:
    for path in ("/rta", "/rta-header", "/rta-gz", "/rta-br"):
        got = gateway.curl(f"https://www.allowed.example:{world.h2.port}{path}")
        assert got.status == 403, path
        assert "RTA-5042" not in got.text


def test_alt_svc_is_taken_out(gateway: Gateway, world: World) -> None:
    for scheme, place in (("http", world.http), ("https", world.h2)):
        got = gateway.curl(f"{scheme}://www.allowed.example:{place.port}/altsvc")
        assert got.status == 200
        assert "alt-svc" not in got.headers


def test_expect_continue_and_echo(gateway: Gateway, world: World) -> None:
    for scheme, place in (("http", world.http), ("https", world.h1), ("https", world.h2)):
        got = gateway.curl(
            f"{scheme}://www.allowed.example:{place.port}/echo?q=%E6%B8%85",
            *("-H", "Expect: 100-continue", "-H", "X-Test: 1", "--data-binary", "x" * 3000),
            *("-H", "Proxy-Connection: keep-alive"),
        )
        told = json.loads(got.body)
        assert (told["method"], told["target"], told["length"]) == (
            "POST",
            "/echo?q=%E6%B8%85",
            3000,
        )
        names = {name for name, _ in told["headers"]}
        assert "x-test" in names
        assert not names & {"proxy-connection", "proxy-authorization", "via", "x-forwarded-for"}


def test_streams_arrive_in_pieces(gateway: Gateway, world: World) -> None:
    """Server-sent events must not wait for the end: the first is here before the last is sent."""
    for path, first, last in (("/sse", b"data: 0", b"data: 4"), ("/slow", b"<p>0", b"<p>11")):
        at = gateway.proxy
        url = f"http://www.allowed.example:{world.http.port}{path}"
        with socket.create_connection((at.host, at.port), 10) as sock:
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: www.allowed.example\r\n\r\n".encode())
            got = b""
            while first not in got:
                got += sock.recv(65536)
            assert last not in got
            while last not in got:
                got += sock.recv(65536)


def test_proxy_protocol(gateway: Gateway, world: World) -> None:
    """The balancer's word decides who the client is: a teacher's address passes a vpn page."""
    behind = gateway.listener(ListenerKind.EXPLICIT, behind_balancer=True)
    url = marker("vpn")
    plain = curl(url, "-x", f"http://{behind}", "--haproxy-protocol")
    assert plain.status == 403  # curl's own address: the default subject, a pupil
    assert curl(url, "-x", f"http://{behind}").status == 0  # no header: refused
    for source, status in ((TEACHER, b"200"), (SENIOR, b"403")):
        with socket.create_connection((behind.host, behind.port), 10) as sock:
            sock.sendall(f"PROXY TCP4 {source} 127.0.0.1 4000 80\r\n".encode())
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: vpn.test.qinglang.invalid\r\n\r\n".encode())
            assert sock.recv(4096).split(b" ")[1] == status


def test_the_transparent_listener_refuses_direct_connections(gateway: Gateway) -> None:
    """Not redirected by the kernel means somebody speaks to the port itself: no answer."""
    at = gateway.listener(ListenerKind.TRANSPARENT)
    got = curl(f"http://{at}/", "-H", "Host: www.allowed.example")
    assert got.status == 0
    assert got.exit in (52, 56)


def test_pages_for_names_blocked_by_dns(gateway: Gateway) -> None:
    http = gateway.listener(ListenerKind.PAGE_HTTP)
    https = gateway.listener(ListenerKind.PAGE_HTTPS)
    name = "www.blocked.example"
    to = ["--connect-to", f"{name}:80:{http}", "--connect-to", f"{name}:443:{https}"]
    for scheme in ("http", "https"):
        got = gateway.curl(f"{scheme}://{name}/any", *to, proxy=[])
        assert got.status == 403
        assert "未成年人网络保护条例" in got.text
