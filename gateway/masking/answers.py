"""A whole answer, masked: undo its codings, read its letters, mask its form. Pure.

Which forms there are stands in one table. Whatever is not in it, or cannot be read without a
doubt, is refused with a reason.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import partial
from typing import Protocol

from gateway.content import charset_of, media_type
from gateway.masking.lens import Lens, Look
from gateway.masking.pages import html_body
from gateway.masking.tables import (
    Unmasked,
    UnmaskedError,
    csv_body,
    json_body,
    json_lines,
    text_body,
)
from gateway.unpack import Unpacker
from rules.model import Gap

SLICE = 64 * 1024
_CHARSETS = {"utf-8": "utf-8", "gb2312": "gb18030", "gbk": "gb18030", "gb18030": "gb18030"}
_META = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)


class _Form(Protocol):
    def __call__(self, text: str, lens: Lens, look: Look, *, inside: bool) -> str: ...


FORMS: dict[str, _Form] = {
    "application/json": json_body,
    "application/x-ndjson": json_lines,
    "application/ndjson": json_lines,
    "application/jsonl": json_lines,
    "application/x-jsonlines": json_lines,
    "text/html": html_body,
    "text/csv": csv_body,
    "text/tab-separated-values": partial(csv_body, tabs=True),
    "text/plain": text_body,
}


def form_of(header: str) -> tuple[str, _Form]:
    """The media type of a Content-Type header and how it is masked. Raises UnmaskedError."""
    if "," in header:
        raise UnmaskedError(Unmasked.AMBIGUOUS)
    media = media_type(header)
    form = FORMS.get(media) or (json_body if media.endswith("+json") else None)
    if media == "text/event-stream":
        raise UnmaskedError(Unmasked.STREAM)
    if form is None:
        raise UnmaskedError(Unmasked.TYPE)
    return media, form


def masked(
    body: bytes, *, coding: str, kind: str, lens: Lens, look: Look, inside: bool
) -> tuple[bytes, str]:
    """The masked body (UTF-8, no coding) and its Content-Type. Raises UnmaskedError."""
    media, form = form_of(kind)
    data = plain(body, coding, lens.part.largest)
    if not data:
        return b"", typed(kind)
    text = letters(data, charset_of(kind), media)
    made = form(text, lens, look, inside=inside)
    try:
        out = made.encode("utf-8")
    except UnicodeEncodeError:  # half a character, written as an escape
        out = made.encode("utf-8", "replace")
    return out, typed(kind)


def typed(header: str) -> str:
    """The Content-Type of the masked answer, also of one without a body. Raises UnmaskedError."""
    media, form = form_of(header)
    return media if form in (json_body, json_lines) else f"{media}; charset=utf-8"


def plain(body: bytes, coding: str, most: int) -> bytes:
    """The body without its content codings. Raises UnmaskedError."""
    if len(body) > most:
        raise UnmaskedError(Unmasked.TOO_LARGE)
    if coding.strip().lower() in ("", "identity"):
        return body
    unpack: Callable[[bytes], bytes | Gap] = Unpacker(coding).feed
    out = bytearray()
    for at in range(0, len(body), SLICE):
        found = unpack(body[at : at + SLICE])
        if found is Gap.BOMB:
            raise UnmaskedError(Unmasked.BOMB)
        if isinstance(found, Gap):
            raise UnmaskedError(Unmasked.ENCODING)
        out += found
        if len(out) > most:
            raise UnmaskedError(Unmasked.BOMB)
    if body and not out:
        raise UnmaskedError(Unmasked.ENCODING)
    return bytes(out)


def letters(data: bytes, said: str, media: str) -> str:
    """The text of a body, where it can be only one. Raises UnmaskedError."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\x00" in data:
        raise UnmaskedError(Unmasked.CHARSET)
    marked = data.startswith(codecs.BOM_UTF8)
    if not said and not marked and "html" in media:
        found = _META.search(data[:1024])
        said = found[1].decode() if found is not None else ""
    name = said.lower().replace("utf8", "utf-8") or "utf-8"
    charset = "utf-8" if marked else _CHARSETS.get(name, "")
    if not charset or ("json" in media and charset != "utf-8"):
        raise UnmaskedError(Unmasked.CHARSET)
    try:
        return data[3 if marked else 0 :].decode(charset)
    except UnicodeDecodeError:
        raise UnmaskedError(Unmasked.CHARSET) from None
