"""How the shots of `rules/evasions/` are fired at a running gateway: one driver for each `Wire`.

Each driver fires one shot over real sockets and says whether it was caught: refused by us
without the origin having been asked, or (pages) kept back, or (headers) taken out.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import re
import socket
import ssl
import struct
import subprocess
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from gzip import compress

import brotli
import dns.edns
import dns.message
import dns.query
import zstandard

from rules.evasions import Shot, Wire
from tests.conftest import World
from tests.pages import RTA, Reply
from tests.running import Gateway

OURS = (400, 403, 408, 413, 414, 431)
LURE = (
    "澳门新葡京娱乐城官方网站，真人百家乐、老虎机、体育投注，注册就送88元彩金，"
    "首存100送100，提款秒到账。线上赌场、网上博彩、时时彩、六合彩一肖一码，信誉平台，"
    "下注请联系客服。"
)
LESSON = "今天我们学习光合作用：植物在阳光下把二氧化碳和水变成有机物，并放出氧气。请完成课后练习。"
PAGES = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Range:
    """What a driver may use."""

    gateway: Gateway
    world: World
    router: Callable[[int], bool] = field(default=lambda _: False)


def told(shot: Shot) -> str:
    """The fields of a shot that were set."""
    plain = Shot()
    set_ = {
        one.name: getattr(shot, one.name)
        for one in fields(shot)
        if getattr(shot, one.name) != getattr(plain, one.name)
    }
    return str(set_)


def escaped(text: str) -> str:
    for mark, real in (("\\r", "\r"), ("\\n", "\n"), ("\\t", "\t"), ("\\x00", "\0")):
        text = text.replace(mark, real)
    return text


def data_of(shot: Shot, port: int = 0) -> bytes:
    """The bytes to send."""
    if shot.hex:
        return bytes.fromhex(shot.hex.replace(" ", ""))
    text = escaped(shot.send).replace("{port}", str(port)).replace("{long}", "a" * 70_000)
    return text.encode("utf-8", "surrogateescape")


def filled(text: str) -> str:
    for mark, real in (
        ("{rta}", RTA.decode()),
        ("{lure64}", base64.b64encode(f"<p>{LURE}</p>".encode()).decode()),
        ("{lure}", LURE),
        ("{lesson}", LESSON),
        ("{long}", "".join(f"<p>{n * 7919 % 10007}</p>" for n in range(3000))),
        ("{zeros}", "\0" * 40_000_000),
    ):
        if mark in text:
            text = text.replace(mark, real)
    return text


def drained(sock: socket.socket) -> bytes:
    got = b""
    with contextlib.suppress(OSError):
        while part := sock.recv(65536):
            got += part
            if len(got) > 1_000_000:
                break
    return got


def status(answer: bytes) -> int:
    found = re.match(rb"HTTP/[\d.]+ (\d{3})", answer)
    return int(found[1]) if found else 0


def refused(answer: bytes, contacted: bool) -> bool:
    """Was this our refusal, and nobody asked? A page that could not be reached is none."""
    if contacted:
        return False
    code = status(answer)
    return code in OURS or (code == 502 and "证书".encode() in answer)


def split(url: str, port: int) -> tuple[str, str]:
    """(authority with a port, path) of a shot's URL."""
    cut = min((url.find(mark) for mark in "/?\\" if mark in url), default=len(url))
    authority, path = url[:cut], url[cut:] or "/"
    if "@" in url and "{port}" in url:
        authority, slash, rest = url.partition("/")
        path = slash + rest
    if "{port}" in authority:
        authority = authority.replace("{port}", str(port))
    elif not re.search(r":\d+$", authority):
        authority += f":{port}"
    return authority, path


def asked_bytes(shot: Shot, target: str, host: str) -> bytes:
    body = shot.body.encode()
    lines = [f"{shot.method} {target} HTTP/1.1", f"Host: {host}", *shot.headers]
    if not any(one.lower().startswith("connection:") for one in shot.headers):
        lines.append("Connection: close")
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def request(on: Range, shot: Shot) -> bool:
    port = on.world.http.port
    authority, path = split(shot.url, port)
    host = shot.host.replace("{port}", str(port)) or authority.rpartition("@")[2]
    data = asked_bytes(shot, f"http://{authority}{path}", host)
    seen = len(on.world.origins.seen)
    at = on.gateway.proxy
    with socket.create_connection((at.host, at.port), 20) as sock:
        sock.sendall(data)
        answer = drained(sock)
    return refused(answer, len(on.world.origins.seen) > seen)


def connected(on: Range, host: str, port: int) -> tuple[socket.socket, bytes]:
    """A CONNECT tunnel and what was answered to it."""
    at = on.gateway.proxy
    sock = socket.create_connection((at.host, at.port), 20)
    sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head and (part := sock.recv(4096)):
        head += part
    return sock, head


def secure(on: Range, shot: Shot) -> bool:
    name, _, rest = shot.url.partition("/")
    port = on.world.bad["self"].port if shot.port == -1 else shot.port or on.world.h1.port
    seen = len(on.world.origins.seen)
    sock, head = connected(on, shot.connect or name, port)
    with sock:
        if status(head) != 200:
            return refused(head, len(on.world.origins.seen) > seen)
        context = ssl.create_default_context(cafile=str(on.gateway.ca))
        context.check_hostname = False
        if shot.alpn:
            context.set_alpn_protocols(list(shot.alpn))
        try:
            with context.wrap_socket(sock, server_hostname=shot.sni or name) as inner:
                inner.sendall(asked_bytes(shot, f"/{rest}", f"{shot.host or name}:{port}"))
                answer = drained(inner)
        except ssl.SSLError as error:
            return "ACCESS_DENIED" in str(error)
    return refused(answer, len(on.world.origins.seen) > seen)


def raw(on: Range, shot: Shot) -> bool:
    seen = len(on.world.origins.seen)
    at = on.gateway.proxy
    with socket.create_connection((at.host, at.port), 20) as sock:
        with contextlib.suppress(OSError):
            sock.sendall(data_of(shot, on.world.http.port))
            if "Connection: close" not in shot.send:
                sock.shutdown(socket.SHUT_WR)
        answer = drained(sock)
    return len(on.world.origins.seen) == seen and status(answer) not in range(200, 400)


def tunnel(on: Range, shot: Shot) -> bool:
    strange = on.world.strange.port
    accepted = on.world.origins.accepted.count(strange)
    sock, head = connected(on, shot.connect, shot.port or strange)
    with sock:
        if status(head) != 200:
            return refused(head, contacted=False)
        sock.sendall(data_of(shot))
        got = sock.recv(4096)
    contacted = on.world.origins.accepted.count(strange) > accepted
    return not contacted and (got == b"" or status(got) in OURS)


def extension(kind: int, content: bytes) -> bytes:
    return struct.pack("!HH", kind, len(content)) + content


def client_hello(sni: str, alpn: tuple[str, ...] = (), *, ech: bool = False) -> bytes:
    """A TLS 1.3 ClientHello as a browser's, with or without ECH."""
    name = sni.encode("ascii")
    parts = extension(0, struct.pack("!HBH", len(name) + 3, 0, len(name)) + name)
    parts += extension(10, b"\0\4\0\x1d\0\x17") + extension(11, b"\1\0")
    parts += extension(13, b"\0\x08\x04\x03\x08\x04\x04\x01\x05\x03")
    parts += extension(43, b"\x04\x03\x04\x03\x03") + extension(45, b"\1\1")
    parts += extension(51, b"\0\x24\0\x1d\0\x20" + bytes(range(1, 33)))
    if alpn:
        offers = b"".join(bytes([len(one)]) + one.encode() for one in alpn)
        parts += extension(16, struct.pack("!H", len(offers)) + offers)
    if ech:
        parts += extension(0xFE0D, b"\0\0\1\0\1\x2a\0\x20" + bytes(32) + b"\0\x90" + bytes(144))
    body = b"\3\3" + bytes(range(32)) + b"\x20" + bytes(32)
    body += b"\0\x0a\x13\1\x13\2\x13\3\xc0\x2b\xc0\x2f" + b"\1\0"
    body += struct.pack("!H", len(parts)) + parts
    shake = b"\1" + struct.pack("!I", len(body))[1:] + body
    return b"\x16\3\1" + struct.pack("!H", len(shake)) + shake


def blocked_events(gateway: Gateway, host: str) -> int:
    return sum(one["host"] == host and one["action"] == "block" for one in gateway.events())


def hello(on: Range, shot: Shot) -> bool:
    """What a hello alone leads to stands in the event: a page could still be shown inside."""
    before = blocked_events(on.gateway, shot.connect)
    least = on.gateway.counts()["exchanges"] + 1
    sock, head = connected(on, shot.connect, shot.port or on.world.h1.port)
    with sock:
        if status(head) == 200:
            sock.sendall(client_hello(shot.sni, shot.alpn, ech=shot.ech))
            sock.recv(4096)
    on.gateway.settled(least)
    return blocked_events(on.gateway, shot.connect) > before


def packed(body: bytes, codings: tuple[str, ...]) -> bytes:
    for coding in codings:
        match coding:
            case "gzip":
                body = compress(body, 9, mtime=0)
            case "deflate":
                body = zlib.compress(body, 9)
            case "raw-deflate":
                body = zlib.compress(body, 9)[2:-4]
            case "br":
                body = brotli.compress(body, quality=5)
            case "zstd":
                body = zstandard.compress(body)
            case _:
                raise ValueError(f"no coding {coding}")
    return body


def page_reply(shot: Shot, port: int) -> Reply:
    body = filled(shot.body).replace("{port}", str(port)).encode(shot.charset, "replace")
    body = packed(body, shot.codings)
    says = shot.says or ", ".join(one.removeprefix("raw-") for one in shot.codings)
    pairs = [("content-type", shot.media)] if shot.media else []
    if shot.header:
        name, _, value = shot.header.partition(":")
        pairs.append((name, value.strip().replace("{port}", str(port))))
    lines = [f"{name}: {value}" for name, value in pairs]
    if says.startswith("te:"):
        lines.append(f"Transfer-Encoding: {says[3:]}")
        head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()
        return Reply(raw=head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    if shot.cut:
        lines += [f"Content-Encoding: {says}", "Connection: close"]
        head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""]).encode()
        return Reply(raw=head + body[: -shot.cut])
    if says:
        pairs.append(("content-encoding", says))
    moved = shot.header.lower().startswith("location")
    return Reply(status=302 if moved else 200, headers=tuple(pairs), body=body)


def fetched(on: Range, shot: Shot) -> bytes:
    """The gateway's answer to a page that the origin was told to serve."""
    path = f"/evasion/{next(PAGES)}"
    on.world.origins.said[path] = page_reply(shot, on.world.http.port)
    at, authority = on.gateway.proxy, f"www.unknown.example:{on.world.http.port}"
    data = asked_bytes(Shot(), f"http://{authority}{path}", authority)
    data = data.replace(b"Connection", b"Accept: text/html\r\nConnection")
    with socket.create_connection((at.host, at.port), 20) as sock:
        sock.sendall(data)
        answer = drained(sock)
    del on.world.origins.said[path]
    return answer


def page(on: Range, shot: Shot) -> bool:
    answer = fetched(on, shot)
    if shot.says.startswith("te:") and status(answer) == 502:
        return True
    return (
        refused(answer, contacted=False) and b"X-Qinglang-Code" in answer.partition(b"\r\n\r\n")[0]
    )


def follow(on: Range, shot: Shot) -> bool:
    answer = fetched(on, shot)
    if status(answer) not in (200, 302):
        raise AssertionError(f"the page itself was refused: {answer[:200]!r}")
    return request(on, Shot(url=shot.leads))


def header(on: Range, shot: Shot) -> bool:
    answer = fetched(on, shot)
    if status(answer) != 200:
        raise AssertionError(f"the page itself was refused: {answer[:200]!r}")
    name = shot.header.partition(":")[0].lower().encode()
    return name + b":" not in answer.partition(b"\r\n\r\n")[0].lower()


def web_socket(on: Range, shot: Shot) -> bool:
    """Caught: refused at the handshake, or closed before the message came back."""
    authority, path = split(shot.url, on.world.http.port)
    upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13")
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
    asked = Shot(headers=(*upgrade, key, *shot.headers))
    at, seen = on.gateway.proxy, len(on.world.origins.seen)
    data = data_of(shot)
    with socket.create_connection((at.host, at.port), 20) as sock:
        sock.sendall(asked_bytes(asked, f"http://{authority}{path}", authority))
        head = b""
        while b"\r\n\r\n" not in head and (part := sock.recv(4096)):
            head += part
        if status(head) != 101:
            return refused(head, len(on.world.origins.seen) > seen)
        sock.sendall(bytes([0x82, 0x80 | len(data)]) + bytes(4) + data)
        got = b""
        while not got.startswith(b"\x82") and (part := sock.recv(4096)):
            got += part
            if got[:1] == b"\x88":
                break
    return data not in got


def name(on: Range, shot: Shot) -> bool:
    query = dns.message.make_query(shot.name, shot.type, use_edns=0, payload=4096)
    at = on.gateway.dns
    answer = dns.query.udp(query, at.host, port=at.port, timeout=10)
    codes = {int(one.code) for one in answer.options if isinstance(one, dns.edns.EDEOption)}
    asked = shot.name.lower().rstrip(".") in on.world.origins.asked_names
    return bool(codes & {15, 16, 17}) or (not answer.answer and not asked)


def router(on: Range, shot: Shot) -> bool:
    return on.router(shot.port)


DRIVERS: dict[Wire, Callable[[Range, Shot], bool]] = {
    Wire.REQUEST: request,
    Wire.SECURE: secure,
    Wire.RAW: raw,
    Wire.TUNNEL: tunnel,
    Wire.HELLO: hello,
    Wire.PAGE: page,
    Wire.FOLLOW: follow,
    Wire.HEADER: header,
    Wire.SOCKET: web_socket,
    Wire.NAME: name,
    Wire.ROUTER: router,
}


# The router: three namespaces, the rules of deploy/ as they are shipped.

ECHO = """
import socket, threading
def serve(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", port))
    while True:
        data, who = s.recvfrom(2048); s.sendto(data, who)
for port in (443, 853, 3478): threading.Thread(target=serve, args=(port,), daemon=True).start()
print("ready", flush=True); threading.Event().wait()
"""
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5)
s.connect(("10.214.78.2", int(sys.argv[1])))
try:
    s.send(b"x"); print("answered" if s.recv(9) else "")
except ConnectionRefusedError: print("rejected")
"""


def do(*argv: str, given: str = "") -> str:
    done = subprocess.run(argv, check=True, capture_output=True, text=True, input=given, timeout=20)
    return done.stdout


def until(sure: Callable[[], bool], patience: float = 10.0) -> None:
    end = time.monotonic() + patience
    while not sure() and time.monotonic() < end:
        time.sleep(0.05)
