"""Several bodies in one: multipart messages, MHTML, server push. Bounded, any bytes.

The delimiter is taken from the body itself (its first line), as a browser would have to find
it there too; a part says its own type, encoding of transfer and character set.
"""

from __future__ import annotations

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_PARTS: Final = 64
MAX_HEAD: Final = 8 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of them, transfer-decoded. `name` and `file` are those of a form's field."""

    media_type: str
    charset: str
    body: bytes
    name: str = ""
    file: str | None = None


_DELIMITER: Final = re.compile(rb"(?:\A|\n)--([^\r\n]{1,200}?)(?:--)?[ \t]*\r?\n")
_HEADER: Final = re.compile(rb"(?im)^(content-[a-z-]{1,30})[ \t]*:[ \t]*((?:[^\r\n]|\r?\n[ \t])*)")
_PARAMETER: Final = re.compile(r';\s*([a-z*]{1,20})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))', re.I)


def split_parts(body: bytes, delimiter: bytes = b"") -> Iterator[Part]:
    """The parts in order; what stands before the first delimiter is no part."""
    if not delimiter:
        found = _DELIMITER.search(body[: 2 * MAX_HEAD])
        if found is None:
            return
        delimiter = found[1]
    mark = re.compile(rb"(?:\A|\r?\n)--" + re.escape(delimiter) + rb"(--)?[ \t]*(?:\r?\n|\Z)")
    found = mark.search(body)
    for _ in range(MAX_PARTS):
        if found is None or found[1] or found.end() == len(body):
            return
        start = found.end()
        # the line end before a delimiter belongs to it: also that of an empty part
        found = mark.search(body, start - 1)
        yield _part(body[start : max(start, found.start()) if found else len(body)])


def _part(piece: bytes) -> Part:
    first = piece[:2]
    if first == b"\r\n" or first[:1] == b"\n":  # no head at all
        return Part(media_type="text/plain", charset="", body=piece.lstrip(b"\r\n"))
    ends = [
        at
        for at in (piece.find(b"\r\n\r\n", 0, MAX_HEAD), piece.find(b"\n\n", 0, MAX_HEAD))
        if at >= 0
    ]
    end = min(ends) if ends else len(piece)
    head, body = piece[:end], piece[end:].lstrip(b"\r\n")
    headers = {
        name.decode("ascii").lower(): value.decode("utf-8", "replace")
        for name, value in _HEADER.findall(head)
    }
    media_type, charset = type_of(headers.get("content-type", "text/plain"))
    fields = parameters(headers.get("content-disposition", ""))
    return Part(
        media_type=media_type,
        charset=charset,
        body=_transferred(body, headers.get("content-transfer-encoding", "").strip().lower()),
        name=fields.get("name", ""),
        file=fields.get("filename"),
    )


def type_of(header: str) -> tuple[str, str]:
    """(media type, charset) of a Content-Type."""
    return header.partition(";")[0].strip().lower(), parameters(header).get("charset", "")


def parameters(header: str) -> dict[str, str]:
    """`; name="value"` of a header, the first of a name counts."""
    found: dict[str, str] = {}
    for name, quoted, bare in _PARAMETER.findall(header[:MAX_HEAD]):
        found.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
    return found


def _transferred(body: bytes, coding: str) -> bytes:
    if coding == "quoted-printable":
        return quopri.decodestring(body)
    if coding == "base64":
        try:
            return base64.b64decode(body[: len(body)], validate=False)
        except (binascii.Error, ValueError):
            return body
    return body
