"""A web application, looked at as any visitor may: a short list of GETs, one TRACE, one OPTIONS.

A door. What is asked stands in `audit/probes/web/answers.py` and is printed by `--show`; never
more than PER_SECOND a second, never a login, never a guessed name. Whatever the server does,
`look` returns Evidence within its time.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from audit.model import Evidence, Target
from audit.probes.host import made, redact
from audit.probes.web.answers import FOLDERS, MISSING, ORIGIN, PLACES, document
from audit.probes.web.reply import MAX_BODY, MAX_HEAD, Reply, parse

PROBE = "http"
FORMAT = "qinglang-http/1"
METHOD = "HTTP 只读请求（清单内）/ read-only HTTP requests from a fixed list"
PER_SECOND = 10.0
HOPS = 4


def questions() -> Iterator[tuple[str, str, str]]:
    """Everything that is sent: method, path, why."""
    yield "GET", "/", "首页 / the first page (HTTP and HTTPS)"
    yield "TRACE", "/", "是否回显请求 / whether requests are echoed"
    yield "OPTIONS", "/", "允许的方法 / allowed methods"
    yield "GET", MISSING, "错误页 / the error page"
    yield from (("GET", one.path, f"{one.zh} / {one.en}") for one in PLACES)
    yield from (("GET", one, "目录列表 / folder listing") for one in FOLDERS)


@dataclass(slots=True, kw_only=True)
class _Door:
    """One application: where it is and how long it may take."""

    address: str
    name: str
    ends: float
    wait: float
    context: ssl.SSLContext | None = None
    last: float = 0.0
    lost: dict[str, str] = field(default_factory=dict)

    def ask(self, question: str, port: int, tls: bool, method: str, path: str) -> Reply | None:
        """One reply; None and a line in `lost` where there was none in time."""
        try:
            data = self._raw(port, tls, method, path)
        except (OSError, ValueError) as error:
            self.lost[question] = (str(error) or type(error).__name__)[:160]
            return None
        reply = parse(data)
        if reply is None:
            self.lost[question] = "http: 应答不是 HTTP / the answer is no HTTP"
        return reply

    def _raw(self, port: int, tls: bool, method: str, path: str) -> bytes:
        pause = self.last + 1 / PER_SECOND - time.monotonic()
        if pause > 0:
            time.sleep(pause)
        self.last = time.monotonic()
        if self.last >= self.ends:
            raise TimeoutError("timeout: 时间用尽 / out of time")
        ends = min(self.ends, self.last + self.wait)
        with socket.create_connection((self.address, port), timeout=self.wait) as plain:
            if not tls or self.context is None:
                return _exchange(plain, self._request(method, path, port), ends)
            with self.context.wrap_socket(plain, server_hostname=self.name) as opened:
                return _exchange(opened, self._request(method, path, port), ends)

    def _request(self, method: str, path: str, port: int) -> bytes:
        host = self.name if port in (80, 443) else f"{self.name}:{port}"
        clean = path.replace("\r", "").replace("\n", "").replace(" ", "%20")[:500]
        return (
            f"{method} {clean} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: qinglang-audit/1\r\n"
            f"Accept: */*\r\nOrigin: {ORIGIN}\r\nConnection: close\r\n\r\n"
        ).encode("utf-8", "replace")


def _exchange(opened: socket.socket, request: bytes, ends: float) -> bytes:
    """Send, and read until the end, the cap or the time. Raises OSError where nothing came."""
    opened.sendall(request)
    data = b""
    while len(data) < MAX_HEAD + MAX_BODY:
        left = ends - time.monotonic()
        if left <= 0:
            break
        opened.settimeout(left)
        try:
            more = opened.recv(65536)
        except TimeoutError:
            break
        except OSError:  # closed without a goodbye: what came is what there is
            break
        if not more:
            break
        data += more
        if _whole(data):
            break
    if not data:
        raise TimeoutError("timeout: 没有应答 / no answer")
    return data


def _whole(data: bytes) -> bool:
    """Whether the length the server named has come."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        return False
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            size = line[15:].strip()
            return size.isdigit() and len(size) < 12 and len(body) >= int(size)
    return False


def look(
    target: Target,
    *,
    now: float,
    timeout: float = 30.0,
    port: int = 443,
    plain_port: int = 80,
    authority: str = "",
) -> Evidence:
    """Evidence of one application. A port of 0 is not asked."""
    secure = int(target.access.get("port", port))
    plain = int(target.access.get("plain-port", plain_port))
    name = target.access.get("name", target.address or target.id)
    door = _Door(
        address=target.address or target.id,
        name=name,
        ends=time.monotonic() + timeout,
        wait=min(5.0, timeout / 3),
    )
    replies: dict[str, Reply | None] = {}
    if plain:
        replies["plain"] = _first(door, "plain", plain, tls=False)
    trusted: bool | None = None
    if secure:
        trusted = _trust(door, secure, target.access.get("tls-ca", authority))
        replies["first"] = _first(door, "first", secure, tls=True)
    if not any(replies.values()):
        said = next(iter(door.lost.values()), "http: 没有服务 / nobody answers")
        return _nothing(target, said, now)
    _refused(door, replies)
    tls = replies.get("first") is not None
    _rest(door, replies, secure if tls else plain, tls=tls)
    found = redact(document(replies, host=name, lost=door.lost, trusted=trusted))
    return _evidence(target, now, found)


def _refused(door: _Door, replies: dict[str, Reply | None]) -> None:
    """A closed port is a fact and no gap; only what went wrong otherwise stays one."""
    for question in ("plain", "first"):
        if "refused" in door.lost.get(question, "").lower():
            del door.lost[question]
    if "first" not in replies and "plain" not in replies:
        door.lost.setdefault("first", "not asked")


def _first(door: _Door, question: str, port: int, *, tls: bool) -> Reply | None:
    """The first page; redirects within this very service are followed."""
    path, reply = "/", None
    for _ in range(HOPS):
        reply = door.ask(question, port, tls, "GET", path)
        where = (reply.header("location") or "") if reply else ""
        if not reply or reply.status not in (301, 302, 303, 307, 308) or not where:
            return reply
        after = _own(where, door.name, "https" if tls else "http")
        if not after or after == path:
            return reply
        path = after
    return reply


def _own(where: str, name: str, scheme: str) -> str:
    """The path of a redirect that stays on this server and scheme, else ""."""
    try:
        said = urlsplit(where)
        if said.netloc and (said.hostname != name.lower() or said.scheme != scheme):
            return ""
    except ValueError:
        return ""
    if said.scheme not in ("", scheme):
        return ""
    path = said.path if said.path.startswith("/") else f"/{said.path}"
    return f"{path}?{said.query}" if said.query else path


def _rest(door: _Door, replies: dict[str, Reply | None], port: int, *, tls: bool) -> None:
    for method, path, _ in questions():
        key = {"TRACE": "trace", "OPTIONS": "options"}.get(method, path)
        if path == "/" and method == "GET":
            continue
        key = "missing" if path == MISSING else key
        replies[key] = door.ask(key, port, tls, method, path)


def _trust(door: _Door, port: int, authority: str) -> bool | None:
    """Whether name and chain verify; the requests that follow then believe what was found."""
    context = ssl.create_default_context(cafile=authority or None)
    try:
        with (
            socket.create_connection((door.address, port), timeout=door.wait) as plain,
            context.wrap_socket(plain, server_hostname=door.name),
        ):
            door.context = context
            return True
    except ssl.SSLCertVerificationError:
        found: bool | None = False
    except (OSError, ValueError):
        found = None
    door.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # nothing secret is ever sent over it
    door.context.check_hostname = False
    door.context.verify_mode = ssl.CERT_NONE
    return found


def _nothing(target: Target, problem: str, now: float) -> Evidence:
    return _evidence(target, now, None, problem=problem)


def _evidence(target: Target, now: float, found: Any, *, problem: str = "") -> Evidence:
    return made(
        target.id, PROBE, found, method=METHOD, taken=now, collector="qinglang-probe",
        version=FORMAT, problem=problem,
    )  # fmt: skip
