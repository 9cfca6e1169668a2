"""The first window of a body, made readable. Pure; never more memory than the budget.

A body is judged on its first window before any byte leaves. A content-encoding
that is unknown, broken, or expands beyond the budget is a Gap, and the policy
says what happens then: nothing is forwarded unseen to a minor.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable

import brotli
import zstandard

from rules.model import Gap

WINDOW = 64 * 1024  # bytes of the body, as sent, that are judged before any leaves
BUDGET = 8 * 1024 * 1024  # bytes the window may expand to; more is a bomb (128 to 1)
READ = 256 * 1024  # bytes of decoded text that are kept to look at

_Decoder = Callable[[bytes], bytes | Gap]

_ASKED = frozenset({"identity", "gzip", "x-gzip", "deflate", "br", "zstd"})


def _inflate(data: bytes, bits: int) -> bytes | Gap:
    decoder = zlib.decompressobj(bits)
    out = bytearray()
    while data:
        try:
            out += decoder.decompress(data, BUDGET + 1 - len(out))
        except zlib.error:
            return Gap.UNDECODABLE
        if len(out) > BUDGET:
            return Gap.BOMB
        if decoder.unconsumed_tail:
            data = decoder.unconsumed_tail
        elif decoder.unused_data and bits > 0 and decoder.unused_data[:2] == b"\x1f\x8b":
            data = decoder.unused_data  # a further gzip member (RFC 1952 section 2.2)
            decoder = zlib.decompressobj(bits)
        else:
            break
    return bytes(out)


def _gzip(data: bytes) -> bytes | Gap:
    return _inflate(data, 31)


def _deflate(data: bytes) -> bytes | Gap:
    """RFC 9110 means zlib here; some servers send raw deflate, which browsers accept."""
    found = _inflate(data, 15)
    return _inflate(data, -15) if found is Gap.UNDECODABLE else found


def _brotli(data: bytes) -> bytes | Gap:
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        out += decoder.process(data, output_buffer_limit=READ)
        while len(out) <= BUDGET and not decoder.is_finished():
            more = decoder.process(b"", output_buffer_limit=READ)
            if not more:
                break
            out += more
    except brotli.error:
        return Gap.UNDECODABLE
    return Gap.BOMB if len(out) > BUDGET else bytes(out)


def _zstd(data: bytes) -> bytes | Gap:
    # 8 MiB is what browsers accept for the content-encoding (RFC 9659)
    decoder = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
    out = bytearray()
    try:
        with decoder.stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
            while len(out) <= BUDGET and (more := reader.read(READ)):
                out += more
    except zstandard.ZstdError:
        return Gap.UNDECODABLE
    return Gap.BOMB if len(out) > BUDGET else bytes(out)


def _identity(data: bytes) -> bytes | Gap:
    return data


DECODERS: dict[str, _Decoder] = {
    "": _identity,
    "identity": _identity,
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

MAX_CODINGS = 3


def all_codings(content: str, transfer: str) -> str:
    """Content-Encoding with the transfer codings applied after it (RFC 9112 section 7).

    `chunked` is the engine's own business and has been undone.
    """
    more = [coding.strip().lower() for coding in transfer.split(",")]
    more = [coding for coding in more if coding not in ("", "chunked", "identity")]
    return ",".join([content, *more]) if content else ",".join(more)


def acceptable(accept_encoding: str) -> str:
    """Accept-Encoding without codings that nobody here could look into."""
    items = [item.strip() for item in accept_encoding.split(",")]
    return ", ".join(item for item in items if item.partition(";")[0].strip().lower() in _ASKED)


def readable(data: bytes, encoding: str) -> bytes | Gap:
    """The decoded start of a body (at most READ bytes), or the Gap that hides it.

    `data` is the first window as sent; `encoding` is the Content-Encoding header,
    codings in the order they were applied (RFC 9110 section 8.4).
    """
    codings = [coding.strip().lower() for coding in encoding.split(",")]
    if len(codings) > MAX_CODINGS:
        return Gap.BOMB
    for coding in reversed(codings):
        decoder = DECODERS.get(coding)
        if decoder is None:
            return Gap.UNDECODABLE
        if not data:
            return b""
        found = decoder(data)
        if isinstance(found, Gap):
            return found
        if not found and coding not in ("", "identity") and len(data) > 1024:
            return Gap.UNDECODABLE  # a kilobyte in and nothing out: not what it says
        data = found
    return data[:READ]


SNIFFED = ("", "unknown/unknown", "application/unknown", "*/*")
"""Types in place of which a browser guesses, text/html among others (WHATWG MIME Sniffing 7)."""


def media_type(header: str) -> str:
    """The type that a browser reads from a Content-Type header; "" where it would guess.

    Of several values (a repeated header arrives joined by commas) a page counts first,
    else the last one that is a type at all: so does a browser (WHATWG Fetch, "extract a
    MIME type"), and in doubt the strictest reading is the safe one.
    """
    found = ""
    for value in header.lower().split(","):
        essence = _END.split(value.strip(" \t\r\n\f"), maxsplit=1)[0]
        if "/" not in essence.strip("/") or essence in SNIFFED:
            continue
        found = essence
        if is_page(essence):
            break
    return found


def charset_of(header: str) -> str:
    """The charset parameter of a Content-Type header; "" where there is none."""
    found = _CHARSET.search(header)
    return found[1].strip() if found else ""


_CHARSET = re.compile(r""";\s*charset\s*=\s*["']?([^"';,]{1,40})""", re.IGNORECASE)
_END = re.compile(r"[ \t\r\n\f;(]")
_LOOKED_AT = (
    "text/html",
    "application/xhtml",
    "text/plain",
    "application/xml",
    "text/xml",
    "multipart/x-mixed-replace",  # its parts may be pages
)
_TEXT = ("text/", "application/json", "application/javascript", "application/ecmascript")


def is_page(media_type: str) -> bool:
    """Is this a body whose first window is judged before it leaves? Missing type counts."""
    return media_type in SNIFFED or media_type.startswith(_LOOKED_AT)


def is_text(media_type: str) -> bool:
    """Text of any kind: its encoding must at least be one we can decode."""
    return (
        is_page(media_type)
        or media_type.startswith(_TEXT)
        or media_type.endswith(("+xml", "+json"))
    )
