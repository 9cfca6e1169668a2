"""Small request bodies → (name or JSON path, text): forms, multipart, JSON, NDJSON, Connect. Pure.

Bounded and total: whatever the bytes are, the answer is a tuple. A JSON document inside a
string is read too, because web APIs like to wrap their messages once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from rules.recognise.parameters import pairs, text_of

MOST_BYTES = 64 * 1024
MOST_FIELDS = 2_000
DEEPEST = 32
_LONGEST = 16_384  # characters of one value

_NAME = re.compile(rb'name="?([^";\r\n]{1,100})"?')

type Fields = tuple[tuple[str, str], ...]


def fields(body: bytes, media_type: str) -> Fields:
    """The texts of a body with their names, in order. () where nothing can be read.

    Names of JSON values are paths: `messages.*.content` (`*` is any place of a list).
    """
    body = body[:MOST_BYTES]
    media = media_type.partition(";")[0].strip().lower()
    if media == "multipart/form-data":
        return tuple(_multipart(body, media_type))
    if media == "application/x-www-form-urlencoded":
        return tuple(_form(body))
    start = body.lstrip()[:1]
    if media.startswith("application/connect+") and len(body) > 5:
        body = body[5:]  # one envelope: flags and four bytes of length (Connect protocol)
        start = body.lstrip()[:1]
    if start in (b"{", b"["):
        return tuple(_documents(body))
    if media in ("", "text/plain") and b"=" in body[:64] and b"\n" not in body:
        return tuple(_form(body))
    if media in ("text/plain", ""):
        return (("", body.decode("utf-8", "replace")[:_LONGEST]),)
    return ()


def document(text: str) -> Any:
    """The value of a JSON text; None where it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def leaves(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every text of a JSON value with its path; JSON inside a text is entered (`…@json…`)."""
    if depth > DEEPEST:
        return
    if isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, f"{path}.{name}" if path else str(name), depth + 1)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, f"{path}.*" if path else "*", depth + 1)
    elif isinstance(value, str):
        inner = document(value) if value[:1] in ("{", "[") and len(value) > 2 else None
        if isinstance(inner, dict | list):
            yield from leaves(inner, path, depth + 1)
        else:
            yield path, value[:_LONGEST]


def _documents(body: bytes) -> Iterator[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    value = document(text)
    if value is None:  # cut off, or one document a line
        for line in text.splitlines():
            value = document(line)
            if value is not None:
                yield from _first(leaves(value))
        return
    yield from _first(leaves(value))


def _first(found: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(found):
        if number >= MOST_FIELDS:
            return
        yield one


def _form(body: bytes) -> Iterator[tuple[str, str]]:
    for name, value in pairs(body.decode("utf-8", "surrogateescape")):
        text = text_of(value)
        inner = document(text) if text[:1] in ("{", "[") else None
        if isinstance(inner, dict | list):
            yield from _first(leaves(inner, name))
        elif text:
            yield name, text


def _multipart(body: bytes, media_type: str) -> Iterator[tuple[str, str]]:
    """The text fields of a multipart form; files are left alone."""
    found = re.search(r'boundary="?([^";,\s]{1,100})', media_type, re.IGNORECASE)
    if not found:
        return
    for part in body.split(b"--" + found[1].encode("latin-1", "replace"))[:MOST_FIELDS]:
        head, gap, content = part.partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not gap or name is None or b"filename" in head.lower():
            continue
        text = content.removesuffix(b"\r\n").decode("utf-8", "replace")[:_LONGEST]
        inner = document(text) if text[:1] in ("{", "[") else None
        key = name[1].decode("utf-8", "replace").lower()
        if isinstance(inner, dict | list):
            yield from _first(leaves(inner, key))
        elif text:
            yield key, text
