"""What mitmproxy's layers ask of their options, as plain attributes.

The real Options object looks each name up through a manager (a microsecond a
time, dozens of times a request). The layers only read; this is all they read.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Values for mitmproxy 12.2's proxy layers; each is our choice for an inline filter."""

    connection_strategy: str = "lazy"  # a blocked site is never contacted
    validate_inbound_headers: bool = True  # request smuggling
    normalize_outbound_headers: bool = True
    keep_host_header: bool = True
    store_streamed_bodies: bool = False
    stream_large_bodies: None = None  # our stream layer streams
    body_size_limit: None = None
    websocket: bool = True
    rawtcp: bool = False  # an upgrade to an unknown protocol is refused, not tunnelled
    http2: bool = True
    http2_ping_keepalive: int = 58
    http3: bool = False
    http_connect_send_host_header: bool = True
    tcp_timeout: int = 600
    proxy_debug: bool = False
    proxyauth: str | None = None  # SOCKS5 asks for a login; who may in is login.py's word
    show_ignored_hosts: bool = False

    def __contains__(self, name: str) -> bool:
        return name in type(self).__slots__
