"""A request's body → its Parts: forms, multipart, JSON of all sorts, text, files. Pure and total.

What a body is, its bytes say where they can; its Content-Type is only a claim. What cannot be read
is an Opaque, never nothing.
"""

from __future__ import annotations

import binascii
import json
import quopri
import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from gateway.content import charset_of
from gateway.outflow.model import Attached, Leaf, Part, Write
from gateway.outflow.shapes import form_leaves, json_leaves
from rules.readers.signatures import Sort, sort_of
from rules.recognise.personal.carried import Opaque

MOST_PARTS: Final = 2_000
DEEPEST: Final = 3
_BOUNDARY = re.compile(r'boundary=(?:"([^"]{1,200})"|([^;,\s]{1,200}))', re.IGNORECASE)
_NAME = re.compile(rb'(?<!file)name=(?:"([^"\r\n]{0,200})"|([^;\r\n]{1,200}))', re.IGNORECASE)
_FILE = re.compile(rb"filename(\*?)=(?:\"([^\"\r\n]{0,300})\"|([^;\r\n]{1,300}))", re.IGNORECASE)
_TYPE = re.compile(rb"content-type:\s*([^\r\n]{1,200})", re.IGNORECASE)
_CODED = re.compile(rb"content-transfer-encoding:\s*(base64|quoted-printable)", re.IGNORECASE)
_FORM_LIKE = re.compile(r"[\w%.\[\]~-]{1,100}=[^\r\n<>{}]*\Z")
_JSONS = ("application/json", "application/x-ndjson", "application/ndjson", "application/graphql",
          "application/csp-report", "application/jsonl", "text/event-stream")  # fmt: skip
_XMLS = ("application/xml", "application/soap+xml", "application/xhtml")


def parts(body: bytes, content_type: str, path: str = "") -> tuple[Part, ...]:
    """The parts of a body whose content-encoding has been undone."""
    media = content_type.partition(";")[0].strip().lower()
    if media.startswith("multipart/"):
        found = _BOUNDARY.search(content_type)
        if found is not None:
            return tuple(_multipart(body, 0, len(body), found[1] or found[2], 0))
    return (_single(body, 0, len(body), content_type, _name_of(path)),)


def query_part(path: str) -> Part:
    """The query of a URL as a part; `start` and `end` are places in the path's bytes."""
    before, mark, query = path.partition("?")
    start = len((before + mark).encode("utf-8", "surrogateescape"))
    leaves = tuple(form_leaves(query, "")) if query else ()
    end = start + len(query.encode("utf-8", "surrogateescape"))
    return Part(start=start, end=end, codec="utf-8", doc=query, leaves=leaves)


def _single(body: bytes, start: int, end: int, content_type: str, name: str) -> Part:
    """One part that is not made of others."""
    data = body[start:end]
    media = content_type.partition(";")[0].strip().lower()
    if not data.strip():
        return Part(start=start, end=end)
    if media.startswith("application/connect+") and len(data) > 5:  # an envelope: flags, length
        inner = text_of(data[5:], content_type)
        leaves = () if inner is None else _fixed(json_leaves(inner[0]))
        if leaves:
            return Part(start=start, end=end, leaves=leaves)
    text = None if is_media(data) else text_of(data, content_type)
    if text is None or (name and _is_file(name)):
        return Part(start=start, end=end, files=(Attached(name, media, data),))
    doc, codec = text
    leaves = _leaves(doc, media, charset_of(content_type))
    if not codec:
        leaves = _fixed(iter(leaves))
    return Part(start=start, end=end, codec=codec, doc=doc, leaves=leaves)


def _leaves(doc: str, media: str, charset: str) -> tuple[Leaf, ...]:
    first = doc.lstrip("\ufeff \t\r\n)]}',")[:1]
    if media == "application/x-www-form-urlencoded" and not _is_json(doc):
        return tuple(form_leaves(doc, charset))
    if media in _JSONS or media.endswith("+json") or (first in ("{", "[") and _is_json(doc)):
        found = tuple(json_leaves(doc))
        if found:
            return found
    if media in ("", "text/plain") and "=" in doc[:200] and _FORM_LIKE.match(doc):
        return tuple(form_leaves(doc, charset))
    if first in ("{", "[") and '"' in doc[:2000] and media not in _XMLS:
        found = tuple(json_leaves(doc))  # NDJSON, or JSON that was cut
        return (*found, Leaf("", doc, 0, len(doc), Write.FIXED))
    return (Leaf("", doc, 0, len(doc), Write.TEXT),)


def _is_json(doc: str) -> bool:
    if doc.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return False
    try:
        json.loads(doc.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _fixed(leaves: Iterator[Leaf]) -> tuple[Leaf, ...]:
    return tuple(leaf._replace(write=Write.FIXED) for leaf in leaves)


def text_of(data: bytes, content_type: str) -> tuple[str, str] | None:
    """A text with the codec that gives its bytes again; None where it is none."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16"), ""
        except UnicodeDecodeError:
            return None
    if b"\x00" in data[:4096]:
        return None
    for codec in ("utf-8", charset_of(content_type), "gb18030"):
        if not codec:
            continue
        try:
            doc = data.decode(codec)
        except (UnicodeDecodeError, LookupError):
            continue
        if _printable(doc):
            return doc, codec
    return None


def _printable(doc: str) -> bool:
    """Not mostly control characters or unassigned ones: GB 18030 reads nearly everything."""
    head = doc[:2000]
    odd = sum(not (one.isprintable() or one in "\t\r\n\x0b\x0c\ufeff\u200b\u200d") for one in head)
    return odd * 20 <= len(head)


def is_media(data: bytes) -> bool:
    """Pictures, sound and film, by their first bytes."""
    return sort_of(data) in (Sort.PICTURE, Sort.SOUND)


def _is_file(name: str) -> bool:
    end = name.rpartition(".")[2].lower()
    return end in ("csv", "tsv", "xlsx", "xls", "docx", "pdf", "zip", "gz", "sql", "eml", "txt")


def _name_of(path: str) -> str:
    last = unquote(path.partition("?")[0]).rpartition("/")[2]
    return last if _is_file(last) else ""


def _multipart(body: bytes, start: int, end: int, mark: str, depth: int) -> Iterator[Part]:
    """The parts between boundaries; what stands around them is read as text."""
    line = b"--" + mark.encode("latin-1", "replace")
    at = body.find(line, start, end)
    if at < 0:
        yield _single(body, start, end, "", "")  # not what it says: read as what it is
        return
    if body[start:at].strip():
        yield _single(body, start, at, "text/plain", "")
    number = 0
    while at >= 0:
        begin = at + len(line)
        if body[begin : begin + 2] == b"--":
            begin += 2
            if body[begin:end].strip():
                yield _single(body, begin, end, "text/plain", "")
            return
        after = body.find(line, begin, end)
        stop = after if after >= 0 else end
        number += 1
        if number > MOST_PARTS:
            yield Part(start=begin, end=end, unread=(Opaque.BUDGET,))
            return
        yield from _one(body, begin, stop, depth)
        at = after


def _one(body: bytes, begin: int, stop: int, depth: int) -> Iterator[Part]:
    """One part of a multipart body: its head, then what it is."""
    gap = body.find(b"\r\n\r\n", begin, stop)
    width = 4
    if gap < 0:
        gap, width = body.find(b"\n\n", begin, stop), 2
    if gap < 0:
        yield _single(body, begin, stop, "text/plain", "")
        return
    head, low = body[begin:gap], gap + width
    high = stop - 2 if body[stop - 2 : stop] == b"\r\n" else stop
    high = max(low, high)
    told = _TYPE.search(head)
    content_type = told[1].decode("latin-1") if told else ""
    inner = _BOUNDARY.search(content_type)
    if content_type.lower().startswith("multipart/") and inner is not None and depth < DEEPEST:
        yield from _multipart(body, low, high, inner[1] or inner[2], depth + 1)
        return
    yield _named(body, low, high, head, content_type)


def _named(body: bytes, low: int, high: int, head: bytes, content_type: str) -> Part:
    file = _FILE.search(head)
    coded = _CODED.search(head)
    media = content_type.partition(";")[0].strip().lower()
    if file is not None or coded is not None:
        raw = file[2] or file[3] or b"" if file else b""
        name = raw.decode("utf-8", "replace")
        if file is not None and file[1]:
            name = unquote(name.rpartition("'")[2])
        return Part(
            start=low, end=high, files=(Attached(name, media, _uncoded(body[low:high], coded)),)
        )
    part = _single(body, low, high, content_type or "text/plain", "")
    told = _NAME.search(head)
    name = (told[1] or told[2] or b"").decode("utf-8", "replace") if told else ""
    leaves = tuple(
        leaf._replace(header=name[-64:]) if leaf.write is Write.TEXT else leaf
        for leaf in part.leaves
    )
    return Part(
        start=low, end=high, codec=part.codec, doc=part.doc, leaves=leaves, files=part.files
    )


def _uncoded(data: bytes, coded: re.Match[bytes] | None) -> bytes:
    """A part whose Content-Transfer-Encoding was undone."""
    if coded is None:
        return data
    try:
        if coded[1].lower() == b"base64":
            return binascii.a2b_base64(data)
        return quopri.decodestring(data)
    except binascii.Error:
        return data
