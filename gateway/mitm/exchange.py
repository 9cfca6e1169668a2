"""flow → Facts and Page → flow: the translation between mitmproxy's values and ours."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from mitmproxy import http

from gateway.page.model import Page
from gateway.pipeline import Outcome
from rules.hosts import canonical, is_address
from rules.model import Facts, Gap, Signal, Stage

if TYPE_CHECKING:
    from gateway.masking.site import Seat
    from gateway.mitm.connection import EdgeClient
    from policies.model import Subject

Fields = tuple[tuple[bytes, bytes], ...]
Headers = Callable[[str], str]
Watching = Callable[[bytes | None], bytes | None]
"""A piece of a body (b"": its end, None: look at what waits) → the bytes that may leave by now;
None: cut it here."""


class Exchange:
    """One exchange in the making: what was observed, decided and recorded of it so far."""

    __slots__ = (
        "bytes_down",
        "bytes_up",
        "charset",
        "cookie",
        "counted",
        "encoding",
        "facts",
        "hold",
        "left",
        "method",
        "noted",
        "outcome",
        "own",
        "picture",
        "recorded",
        "seat",
        "stamp",
        "started",
        "watch",
        "who",
    )

    def __init__(self, facts: Facts, outcome: Outcome) -> None:
        self.facts = facts
        self.outcome = outcome
        self.started = time.monotonic()
        self.recorded = False
        self.own = False  # the answer is ours, not an origin's
        self.hold = False  # the first window must be judged before it leaves
        self.picture = 0  # bytes of an image that are held at most; 0: it is none
        self.encoding = ""
        self.charset = ""
        self.watch: Watching | None = None  # reads the body while it streams
        self.cookie = ""  # the Cookie header as it came, where something of ours was in it
        self.bytes_up = 0
        self.bytes_down = 0
        self.seat: Seat | None = None  # an application's answer, and who looks at it
        self.who: Subject | None = None  # whom the record names, where it is not the device
        self.counted = 0  # bytes told to quotas
        self.left: tuple[Facts, Outcome, str] | None = None  # what it carried out, and what of it
        self.noted: tuple[Signal, ...] = ()  # what of it could not be read
        self.stamp: tuple[object, ...] | None = None  # under what it was last judged

    def unread(self) -> None:
        """A body goes on that is too long to be read: said at once, for the answer may come,
        and be recorded, before the last of the body."""
        self.facts = replace(self.facts, gap=self.facts.gap or Gap.OVER_BUDGET)


def reader(fields: Fields) -> Callable[[str], str]:
    """`headers("name")` over raw fields, read once; a repeated header is joined by commas."""
    table: dict[bytes, bytes] = {}
    for raw_name, raw_value in fields:
        name = raw_name.lower()
        before, value = table.get(name), raw_value
        if before is not None:  # HTTP/2 splits cookies (RFC 9113 section 8.2.3)
            value = before + (b"; " if name == b"cookie" else b", ") + value
        table[name] = value

    def headers(name: str) -> str:
        value = table.get(name.encode("latin-1"))
        return "" if value is None else value.decode("utf-8", "replace")

    return headers


def claimed(text: str) -> str:
    """The canonical host of a Host header or authority, without its port. Raises ValueError."""
    if not text:
        return ""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and not (host.count(":") and not host.endswith("]")):
        text = host
    return canonical(text)


def other_names(host: str, *claims: str) -> tuple[str, ...]:
    """The claimed names that differ from `host`, each once, in order."""
    found: list[str] = []
    for claim in claims:
        if claim and claim != host and claim not in found:
            found.append(claim)
    return tuple(found)


def request_facts(
    client: EdgeClient, request: http.Request, headers: Callable[[str], str]
) -> Facts:
    """What a request says, with the real destination first. Raises ValueError for a hostile name.

    The real destination is where we would connect: the CONNECT target (or, where that
    is only an address, the TLS name that its certificate must match, else the Host it is
    asked for by name), or the host of an absolute-form URI. Every other name is a claim.
    """
    asked = claimed(headers("host"))
    authority = claimed(request.authority) if request.authority else ""
    target = client.target
    address = ""
    if target is None:
        host, port = canonical(request.data.host), request.data.port
    else:
        host, port = target
        if not host or is_address(host):
            sni = client.sni_name
            named = sni or asked or authority
            if named and not is_address(named):
                address, host = host, named
    names = other_names(host, *client.claims, asked, authority)
    if address:
        names = tuple(name for name in names if name != address)
    return Facts(
        stage=Stage.REQUEST,
        host=host,
        names=names,
        address=address,
        port=port,
        scheme="https" if client.tls_established else "http",
        method=request.method,
        path=request.path,
        seen=client.seen,
        gap=Gap.NAME_CONFLICT if names else None,
    )


def relayed(client: EdgeClient, request: http.Request) -> str:
    """The host of a full URL inside a tunnel: only a proxy behind it would expect one."""
    if client.target is None or request.is_http2 or not request.authority:
        return ""
    return claimed(request.authority)


def respond(flow: http.HTTPFlow, page: Page) -> None:
    """Make the page the flow's answer; the connection closes where a body is still coming."""
    body = b"" if flow.request.method == "HEAD" else page.body
    fields = [(name.encode(), value.encode("latin-1", "replace")) for name, value in page.headers]
    fields.append((b"Content-Length", b"%d" % len(page.body)))
    now = time.time()
    version = b"HTTP/2.0" if flow.request.is_http2 else b"HTTP/1.1"
    flow.response = http.Response(
        version, page.status, b"", http.Headers(fields), body, None, now, now
    )


def head_bytes(page: Page) -> bytes:
    """The page as raw HTTP/1.1 bytes, closing the connection: for requests that never were."""
    lines = [f"HTTP/1.1 {page.status} {_REASON.get(page.status, 'Refused')}"]
    lines += [f"{name}: {value}" for name, value in page.headers]
    lines += [f"Content-Length: {len(page.body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace") + page.body


_REASON = {
    400: "Bad Request",
    403: "Forbidden",
    408: "Request Timeout",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    502: "Bad Gateway",
}
