"""The status port: who may read what, and that no key ever leaves."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway import authority
from gateway.node import Address, Listener, ListenerKind, Node
from gateway.status import Desk, StatusServer, answer, own_metrics, proxy_for, read_status, within

NOW = datetime(2026, 9, 1, tzinfo=UTC)
STATUS = {
    "children": [{"name": "worker-0", "restarts": 2, "rss": 1024}],
    "reloads": {"published": 3, "refused": 1},
    "ca": [
        {"generation": "current", "expires": "2036-09-01T00:00:00+00:00"},
        {"generation": "next", "expires": "2046-09-01T00:00:00+00:00"},
    ],
}


def desk(tmp_path: Path, state: str = "serving", proxy: str = "0.0.0.0:8080") -> Desk:
    listener = Listener(kind=ListenerKind.EXPLICIT, address=Address.parse(proxy))
    node = Node(name="n", data=tmp_path, listeners=(listener,))
    return Desk(
        node=node,
        status=lambda: {**STATUS, "state": state, "节点": "😀"},
        metrics=lambda: b"qinglang_up 1\n",
        scrape=("127.0.0.0/8", "203.0.113.9/32"),
    )


LOCAL, PUPIL, MONITOR, STRANGER = "127.0.0.1", "10.1.2.3", "203.0.113.9", "203.0.113.10"


@pytest.mark.parametrize(
    ("path", "client", "status"),
    [
        ("/metrics", LOCAL, 200),
        ("/metrics", MONITOR, 200),
        ("/metrics", PUPIL, 403),
        ("/metrics", STRANGER, 403),
        ("/metrics", "::ffff:127.0.0.1", 200),
        ("/metrics", "::ffff:10.1.2.3", 403),
        ("/metrics", "not an address", 403),
        ("/status", LOCAL, 200),
        ("/status", PUPIL, 403),
        ("/healthz", PUPIL, 200),
        ("/healthz", STRANGER, 403),
        ("/proxy.pac", PUPIL, 200),
        ("/wpad.dat?x=1", PUPIL, 200),
        ("/ca.pem", PUPIL, 200),
        ("/ca.crt", PUPIL, 200),
        ("/ca-bundle.pem", PUPIL, 200),
        ("/ca-next.pem", PUPIL, 404),
        ("/mitmproxy-ca.pem", LOCAL, 404),
        ("/../ca/mitmproxy-ca.pem", LOCAL, 404),
        ("/ca.pem/", LOCAL, 404),
        ("", LOCAL, 404),
        ("/" + "x" * 60_000, LOCAL, 404),
    ],
)
def test_who_may_read_what(tmp_path: Path, path: str, client: str, status: int) -> None:
    at = desk(tmp_path)
    authority.ensure(at.node.ca, NOW)
    reply = answer(at, path, client, "10.0.0.1")
    assert reply.status == status
    assert b"PRIVATE" not in reply.body


def test_the_supervisor_s_own_figures_are_in_the_metrics(tmp_path: Path) -> None:
    text = answer(desk(tmp_path), "/metrics", LOCAL, "").body.decode()
    families = {one.name: one for one in text_string_to_metric_families(text)}
    assert families["qinglang_up"].samples[0].value == 1
    restarts = families["qinglang_child_restarts"].samples[0]
    assert (restarts.labels, restarts.value) == ({"child": "worker-0"}, 2)
    assert {s.labels["result"]: s.value for s in families["qinglang_publications"].samples} == {
        "published": 3,
        "refused": 1,
    }
    assert [s.value for s in families["qinglang_ca_expiry_timestamp_seconds"].samples] == [
        datetime(2036, 9, 1, tzinfo=UTC).timestamp()
    ]


@pytest.mark.parametrize("ca", [[], [{"generation": "current", "problem": "damaged"}]])
def test_a_damaged_ca_has_no_expiry(ca: list[dict[str, str]]) -> None:
    assert b"expiry_timestamp_seconds 2" not in own_metrics({**STATUS, "ca": ca})


def test_the_next_ca_is_served_once_prepared(tmp_path: Path) -> None:
    at = desk(tmp_path)
    authority.ensure(at.node.ca, NOW)
    prepared = authority.rotate(at.node.ca, NOW)
    assert prepared.next is not None
    assert answer(at, "/ca-next.pem", PUPIL, "").body == prepared.next.pem


def test_a_certificate_file_with_a_key_in_it_is_not_served(tmp_path: Path) -> None:
    at = desk(tmp_path)
    authority.ensure(at.node.ca, NOW)
    (at.node.ca / "qinglang-ca.pem").write_bytes((at.node.ca / "mitmproxy-ca.pem").read_bytes())
    reply = answer(at, "/ca.pem", PUPIL, "")
    assert (reply.status, b"PRIVATE" in reply.body) == (500, False)


@pytest.mark.parametrize(
    ("state", "status"), [("serving", 200), ("starting", 503), ("stopping", 503), ("", 503)]
)
def test_health_follows_the_state(tmp_path: Path, state: str, status: int) -> None:
    assert answer(desk(tmp_path, state), "/healthz", PUPIL, "").status == status


@pytest.mark.parametrize(
    ("listener", "here", "proxy"),
    [
        ("0.0.0.0:8080", "10.0.0.1", "10.0.0.1:8080"),
        ("[::]:8080", "fd00::1", "[fd00::1]:8080"),
        ("10.9.9.9:3128", "10.0.0.1", "10.9.9.9:3128"),
    ],
)
def test_the_proxy_is_named_as_the_client_reached_us(
    tmp_path: Path, listener: str, here: str, proxy: str
) -> None:
    at = desk(tmp_path, proxy=listener)
    assert str(proxy_for(at.node, here)) == proxy
    assert f"PROXY {proxy}".encode() in answer(at, "/proxy.pac", PUPIL, here).body


def test_a_node_without_an_explicit_proxy_has_no_pac(tmp_path: Path) -> None:
    only = Listener(kind=ListenerKind.SOCKS5, address=Address(host="10.0.0.1", port=1080))
    at = desk(tmp_path)
    bare = Desk(
        node=Node(name="n", data=tmp_path, listeners=(only,)),
        status=at.status,
        metrics=at.metrics,
        scrape=at.scrape,
    )
    assert answer(bare, "/proxy.pac", PUPIL, "10.0.0.1").status == 404


@pytest.mark.parametrize(
    ("client", "inside"),
    [("fe80::1%eth0", True), ("::1", False), ("", False), ("10.0.0.1\x00", False)],
)
def test_addresses(client: str, inside: bool) -> None:
    assert within(client, ("10.0.0.0/8", "fe80::/10")) is inside


@pytest.fixture
def port(tmp_path: Path) -> Iterator[tuple[str, int]]:
    opened = socket.create_server(("127.0.0.1", 0))
    server = StatusServer(opened, desk(tmp_path))
    thread = server.start()
    yield opened.getsockname()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.wire
def test_over_a_real_socket(port: tuple[str, int]) -> None:
    asking = http.client.HTTPConnection(*port, timeout=20)
    asking.request("GET", "/status")
    reply = asking.getresponse()
    assert json.loads(reply.read())["节点"] == "😀"
    asking.request("HEAD", "/proxy.pac")
    reply = asking.getresponse()
    assert (reply.status, reply.read()) == (200, b"")
    assert reply.headers["Content-Type"] == "application/x-ns-proxy-autoconfig"
    asking.close()


@pytest.mark.wire
@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x00" * 2000,
        b"GET\r\n\r\n",
        b"POST /metrics HTTP/1.1\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\n" + b"a: b\r\n" * 200,
        b"GET " + b"/" * 100_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
    ids=["empty", "nul", "short", "post", "many-headers", "long", "bytes", "tls"],
)
def test_noise_does_not_stop_it(port: tuple[str, int], noise: bytes) -> None:
    with socket.create_connection(port, timeout=20) as raw:
        raw.sendall(noise)
    asking = http.client.HTTPConnection(*port, timeout=20)
    asking.request("GET", "/healthz")
    assert asking.getresponse().status == 200
    asking.close()


@pytest.mark.wire
def test_idle_connections_are_bounded(port: tuple[str, int]) -> None:
    idle = [socket.create_connection(port, timeout=20) for _ in range(60)]
    closed = 0
    for each in idle:
        each.settimeout(0.2)
        try:
            closed += each.recv(1) == b""
        except TimeoutError:
            continue
        except ConnectionResetError:
            closed += 1
    for each in idle:
        each.close()
    assert closed >= 60 - 32 - 1


def test_status_json_that_does_not_read_is_empty(tmp_path: Path) -> None:
    assert read_status(tmp_path / "none") == {}
    for damage in ("", "[]", "{", "\x00"):
        (tmp_path / "status.json").write_text(damage)
        assert read_status(tmp_path / "status.json") == {}
