"""What a node says about itself: status.json, and one small HTTP port.

The port serves /healthz, /proxy.pac, /wpad.dat and the CA certificates to the
networks the node serves, and /status and /metrics only to those who may scrape.
Requests are answered from values and files made elsewhere; nothing here decides
anything, and no secret may come in: the CA is served from its certificates.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

from gateway.http_port import Handler, HttpPort
from gateway.node import PRIVATE, Address, ListenerKind, Node
from gateway.pac import pac

CERTIFICATES = {
    "/ca.pem": ("qinglang-ca.pem", "application/x-pem-file"),
    "/ca.crt": ("qinglang-ca.crt", "application/x-x509-ca-cert"),
    "/ca-next.pem": ("qinglang-ca-next.pem", "application/x-pem-file"),
    "/ca-next.crt": ("qinglang-ca-next.crt", "application/x-x509-ca-cert"),
    "/ca-bundle.pem": ("qinglang-ca-bundle.pem", "application/x-pem-file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer."""

    status: int
    media_type: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the port answers from. `metrics` and `status` are asked anew each time."""

    node: Node
    status: Callable[[], Mapping[str, Any]]
    metrics: Callable[[], bytes]
    scrape: tuple[str, ...]
    pac_direct: tuple[str, ...] = ()
    pac_fallback: bool = False


def answer(desk: Desk, path: str, client: str, here: str) -> Reply:
    """The reply to GET `path` for `client`, which reached us at the address `here`."""
    path = path.partition("?")[0]
    if not within(client, PRIVATE) and not within(client, desk.scrape):
        return _text(403, "forbidden")
    if path in ("/metrics", "/status") and not within(client, desk.scrape):
        return _text(403, "not from this address: see --scrape")
    if path == "/metrics":
        return Reply(
            status=200,
            media_type="text/plain; version=0.0.4; charset=utf-8",
            body=desk.metrics() + own_metrics(desk.status()),
        )
    if path == "/status":
        return _json(200, desk.status())
    if path == "/healthz":
        state = str(desk.status().get("state", ""))
        return _text(200 if state == "serving" else 503, state)
    if path in ("/proxy.pac", "/wpad.dat"):
        return _pac(desk, here)
    if path in CERTIFICATES:
        return _certificate(desk.node, *CERTIFICATES[path])
    return _text(404, "not found")


def own_metrics(status: Mapping[str, Any]) -> bytes:
    """What only the supervisor knows, as Prometheus reads it: restarts, publications, CA."""
    lines = [
        "# HELP qinglang_child_restarts_total Unexpected ends of child processes",
        "# TYPE qinglang_child_restarts_total counter",
        *(
            f'qinglang_child_restarts_total{{child="{one["name"]}"}} {one["restarts"]}'
            for one in status["children"]
        ),
        "# HELP qinglang_child_resident_bytes Resident memory of child processes",
        "# TYPE qinglang_child_resident_bytes gauge",
        *(
            f'qinglang_child_resident_bytes{{child="{one["name"]}"}} {one["rss"]}'
            for one in status["children"]
        ),
        "# HELP qinglang_publications_total Compilations of rules and policies by outcome",
        "# TYPE qinglang_publications_total counter",
        *(
            f'qinglang_publications_total{{result="{result}"}} {count}'
            for result, count in status["reloads"].items()
        ),
        "# HELP qinglang_ca_expiry_timestamp_seconds End of the CA that signs",
        "# TYPE qinglang_ca_expiry_timestamp_seconds gauge",
        *(f"qinglang_ca_expiry_timestamp_seconds {end}" for end in _ends(status["ca"])),
    ]
    return "\n".join((*lines, "")).encode()


def _ends(generations: Iterable[Mapping[str, str]]) -> Iterator[float]:
    for one in generations:
        if one["generation"] == "current" and "expires" in one:
            yield datetime.fromisoformat(one["expires"]).timestamp()


def within(client: str, prefixes: Sequence[str]) -> bool:
    """Is the address in one of the prefixes? A mapped IPv4 address counts as IPv4."""
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in ip_network(prefix) for prefix in prefixes)


def proxy_for(node: Node, here: str) -> Address | None:
    """The explicit proxy a browser should use; a wildcard listener is named as `here`."""
    for listener in node.listeners:
        if listener.kind is ListenerKind.EXPLICIT and not listener.proxy_protocol:
            at = listener.address
            wild = ip_address(at.host).is_unspecified
            return Address(host=here, port=at.port) if wild and here else at
    return None


def _pac(desk: Desk, here: str) -> Reply:
    proxy = proxy_for(desk.node, here)
    if proxy is None:
        return _text(404, "this node has no explicit proxy")
    text = pac(proxy, direct=desk.pac_direct, fallback=desk.pac_fallback)
    return Reply(
        status=200, media_type="application/x-ns-proxy-autoconfig", body=text.encode("utf-8")
    )


def _certificate(node: Node, name: str, media_type: str) -> Reply:
    try:
        body = (node.ca / name).read_bytes()
    except OSError:
        return _text(404, "no such certificate")
    if b"PRIVATE KEY" in body:
        return _text(500, "refused")
    return Reply(status=200, media_type=media_type, body=body)


def _text(status: int, text: str) -> Reply:
    return Reply(status=status, media_type="text/plain; charset=utf-8", body=f"{text}\n".encode())


def _json(status: int, document: Mapping[str, Any]) -> Reply:
    body = json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    return Reply(status=status, media_type="application/json; charset=utf-8", body=body)


class StatusServer(HttpPort):
    """The port itself, on a socket that is already bound and listening."""

    def __init__(self, opened: socket.socket, desk: Desk) -> None:
        super().__init__(opened, _Handler, name="status", desk=desk)


class _Handler(Handler):
    def do_GET(self) -> None:  # noqa: N802 - the name is the protocol's
        here = str(self.connection.getsockname()[0])
        reply = answer(self.server.desk, self.path, str(self.client_address[0]), here)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.media_type)
        self.send_header("Content-Length", str(len(reply.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_HEAD = do_GET  # noqa: N815 - the name is the protocol's


def read_status(path: Path) -> dict[str, Any]:
    """status.json as last written; empty where there is none or it does not read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
