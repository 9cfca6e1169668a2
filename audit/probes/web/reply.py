"""One HTTP reply from bytes: status, headers, body. Pure and total.

Foreign bytes: sizes are capped, chunks are joined as far as they came, text is decoded by what
the reply or the page names, else as UTF-8, else as GB 18030.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_HEAD = 65536
MAX_BODY = 262144
_START = re.compile(rb"HTTP/1\.[01] (\d{3})\b[^\r\n]*\r?\n")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9_-]{2,20})", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a server answered. Header names are in lower case."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""

    def header(self, name: str) -> str | None:
        """The values of a header, joined; None where there is none."""
        held = [value for key, value in self.headers if key == name]
        return ", ".join(held) if held else None

    def every(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def parse(data: bytes) -> Reply | None:
    """The reply in these bytes, or None where they are none."""
    start = _START.match(data[:1024])
    if start is None:
        return None
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        head, gap, body = data.partition(b"\n\n")
    headers = tuple(_headers(head[start.end() : MAX_HEAD]))
    plain = body[: MAX_BODY * 2]
    if any(key == "transfer-encoding" and "chunked" in value for key, value in headers):
        plain = _joined(plain)
    return Reply(
        status=int(start[1]), headers=headers, text=decoded(plain[:MAX_BODY], dict(headers))
    )


def _headers(head: bytes) -> list[tuple[str, str]]:
    found = []
    for line in head.decode("utf-8", "replace").replace("\r", "").split("\n")[:200]:
        key, colon, value = line.partition(":")
        if colon and key.strip():
            found.append((key.strip().lower()[:60], value.strip()[:2000]))
    return found


def _joined(body: bytes) -> bytes:
    found, at = b"", 0
    while len(found) < MAX_BODY:
        end = body.find(b"\n", at, at + 40)
        size = body[at:end].split(b";")[0].strip() if end >= 0 else b""
        if not re.fullmatch(rb"[0-9A-Fa-f]{1,8}", size) or int(size, 16) == 0:
            break
        found += body[end + 1 : end + 1 + int(size, 16)]
        at = end + 1 + int(size, 16) + 2
    return found


def decoded(body: bytes, headers: dict[str, str]) -> str:
    """The page as text."""
    named = _CHARSET.search(headers.get("content-type", "")) or _CHARSET.search(
        body[:2048].decode("ascii", "replace")
    )
    for name in (named[1] if named else "utf-8", "utf-8", "gb18030"):
        try:
            return body.decode("gb18030" if name.lower().startswith("gb") else name)
        except (LookupError, ValueError):
            continue
    return body.decode("utf-8", "replace")
