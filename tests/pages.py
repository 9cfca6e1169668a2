"""What the test origins answer: path → Reply. Pure, deterministic, the same in every run.

Among ordinary pages there is everything an origin can do wrong; `raw` replies are sent
as they stand and the connection is closed.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import parse_qsl

import brotli
import zstandard

BLOCK = 64 * 1024
HTML = ("content-type", "text/html; charset=utf-8")
BINARY = ("content-type", "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as the origin received it. `body` is kept to its first kilobyte."""

    method: str
    target: str
    version: str
    headers: tuple[tuple[str, str], ...]
    length: int = 0
    sha256: str = ""
    body: bytes = b""
    port: int = 0

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key.lower() == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer. With `parts` the body is streamed: by `length` or, without one, chunked.

    `pause` seconds pass between parts. `raw` replaces everything (HTTP/1 only).
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = (HTML,)
    body: bytes = b""
    parts: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None
    pause: float = 0.0
    trailers: tuple[tuple[str, str], ...] = field(default=())
    raw: bytes | None = None


@cache
def page() -> bytes:
    """A 50 KiB page of ordinary Chinese prose, deterministic and not too compressible."""
    text = "学校图书春天数学同学老师实验操场阅读历史音乐科学城市河流植物天文"
    words = [text[at : at + 2] for at in range(0, len(text), 2)]
    out, seed = io.StringIO(), 1
    out.write("<!doctype html><html lang=zh-CN><head><meta charset=utf-8><title>")
    out.write("校园网测试页</title></head><body><h1 id=title>校园网测试页</h1>\n")
    while out.tell() < 17_000:  # characters; three bytes each
        line = []
        for _ in range(12):
            seed = seed * 1103515245 + 12345 & 0x7FFFFFFF
            line.append(words[(seed >> 8) % len(words)])
        out.write(f"<p>{'，'.join(line)}。</p>\n")
    out.write("</body></html>\n")
    return out.getvalue().encode()


@cache
def block(number: int) -> bytes:
    """Block `number % 64` of the deterministic byte stream."""
    return hashlib.shake_128(b"qinglang %d" % number).digest(BLOCK)


def stream(size: int) -> Iterator[bytes]:
    """`size` deterministic bytes in blocks."""
    for number in range((size + BLOCK - 1) // BLOCK):
        yield block(number % 64)[: size - number * BLOCK]


def digest(size: int) -> str:
    """The SHA-256 of `stream(size)`."""
    seen = hashlib.sha256()
    for part in stream(size):
        seen.update(part)
    return seen.hexdigest()


@cache
def bomb() -> bytes:
    """40 MiB of zeros in 40 KiB of gzip, the first window of which exceeds any budget."""
    return gzip.compress(bytes(40 * 1024 * 1024), 9, mtime=0)


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
    + b"\0\0\0\rIDATx\xdac\xfc\xcf\xc0P\x0f\0\4\x85\1\x80\x84\xa9\x8c!"
    + b"\0\0\0\0IEND\xaeB`\x82"
)
RTA = b'<html><head><meta name="RATING" content="RTA-5042-1996-1400-1577-RTA"></head><body>x</body>'
SOCKET = b"""<!doctype html><meta charset=utf-8><title>ws</title><pre id=log></pre><script>
const s = new WebSocket(location.href.replace(/^http/, "ws").replace(/\\/socket.*/, "/ws"));
const out = t => document.getElementById("log").textContent += t + "\\n";
s.onopen = () => s.send("\\u4f60\\u597d, qinglang");
s.onmessage = e => { out("got " + e.data); s.close(); };
s.onerror = () => out("error"); s.onclose = e => out("closed " + e.code);
</script>"""


def _deflate(data: bytes) -> bytes:
    return zlib.compress(data)


def _coded(coding: str, data: bytes) -> Reply:
    return Reply(headers=(HTML, ("content-encoding", coding)), body=data)


def _dribble() -> Iterator[bytes]:
    for number in range(12):
        yield b"<p>%d</p>" % number


def _events() -> Iterator[bytes]:
    for number in range(5):
        yield b"data: %d\n\n" % number


def _images() -> bytes:
    return (
        b"<!doctype html><meta charset=utf-8><title>images</title>"
        b'<img id=own src="/image.png"><img id=blocked src="%s">'
    )


FIXED: dict[str, Reply] = {
    "/": Reply(body=b"<title>root</title><p>ok"),
    "/page": Reply(body=page()),
    "/small": Reply(body=b"<!doctype html><title>small</title><p>" + b"x" * 980),
    "/empty": Reply(status=204),
    "/image.png": Reply(headers=(("content-type", "image/png"),), body=PNG),
    "/socket": Reply(body=SOCKET),
    "/rta": Reply(body=RTA),
    "/rta-header": Reply(headers=(HTML, ("rating", "RTA-5042-1996-1400-1577-RTA")), body=b"x"),
    "/altsvc": Reply(headers=(HTML, ("alt-svc", 'h3=":443"; ma=86400')), body=b"x"),
    "/gz": _coded("gzip", gzip.compress(page(), mtime=0)),
    "/deflate": _coded("deflate", _deflate(page())),
    "/br": _coded("br", brotli.compress(page())),
    "/zstd": _coded("zstd", zstandard.compress(page())),
    "/rta-gz": _coded("gzip", gzip.compress(RTA, mtime=0)),
    "/rta-br": _coded("br", brotli.compress(RTA)),
    "/badenc": _coded("foo", page()),
    "/lies": _coded("gzip", page()),
    "/chunked": Reply(parts=lambda: iter([page()[:20_000], page()[20_000:]])),
    "/trailers": Reply(parts=lambda: iter([page()]), trailers=(("x-after", "trailer"),)),
    "/slow": Reply(parts=_dribble, pause=0.15),
    "/sse": Reply(headers=(("content-type", "text/event-stream"),), parts=_events, pause=0.15),
    "/bad-chunk": Reply(
        raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\nZZ\r\nworld\r\n0\r\n\r\n"
    ),
    "/two-lengths": Reply(
        raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n"
        b"Content-Length: 9\r\n\r\nhello cat"
    ),
    "/length-and-chunked": Reply(
        raw=b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\n\r\n"
    ),
    "/inject": Reply(
        raw=b"HTTP/1.1 200 OK\r\nX-A: 1\rX-B: 2\r\nX-C: \0\r\nContent-Length: 2\r\n\r\nok"
    ),
    "/garbage": Reply(raw=b"\xff\xfe\0\1 this is not HTTP at all\r\n\r\n"),
    "/cut": Reply(
        raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 999\r\n\r\nhi"
    ),
    "/nothing": Reply(raw=b""),
}


def reply(asked: Asked) -> Reply:
    """The answer to one request."""
    path, _, query = asked.target.partition("?")
    if path in FIXED:
        return FIXED[path]
    if path == "/bomb":
        return _coded("gzip", bomb())
    if path == "/images":
        return Reply(body=_images() % query.encode())
    if path.startswith("/bytes/"):
        size = int(path.removeprefix("/bytes/"))
        return Reply(headers=(BINARY,), parts=lambda: stream(size), length=size)
    if path.startswith("/hold/"):  # a slow download: 40 blocks over some seconds
        size = int(path.removeprefix("/hold/"))
        return Reply(headers=(BINARY,), parts=lambda: stream(size), length=size, pause=0.1)
    if path == "/say":
        return _said(dict(parse_qsl(query)))
    if path in ("/echo", "/upload"):
        return Reply(headers=(("content-type", "application/json"),), body=_echo(asked))
    return Reply(status=404, body=b"<title>404</title>")


def _said(asked: dict[str, str]) -> Reply:
    """What the test asks to be said: `b` (base64 of the bytes), `t` their type, `e` a coding."""
    body = base64.urlsafe_b64decode(asked["b"])
    headers = [("content-type", asked.get("t", HTML[1]))]
    if "e" in asked:
        headers.append(("content-encoding", asked["e"]))
        body = {"gzip": gzip.compress, "br": brotli.compress}[asked["e"]](body)
    return Reply(headers=tuple(headers), body=body)


def _echo(asked: Asked) -> bytes:
    told = {
        "method": asked.method,
        "target": asked.target,
        "version": asked.version,
        "headers": [list(pair) for pair in asked.headers],
        "length": asked.length,
        "sha256": asked.sha256,
    }
    return json.dumps(told, ensure_ascii=False).encode()
