"""Texts of one syntax → their leaves: JSON in any number of documents, forms, plain text. Pure.

The place of every leaf is kept, so that it can be written anew without touching what stands
around it. JSON is read token by token: depth cannot hurt, half a document gives half its leaves,
and NDJSON, server-sent events and JSON behind a guard are read like one document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_plus, unquote_to_bytes

from gateway.outflow.model import Leaf, Write
from rules.recognise.json_text import unescape

LONGEST_HEADER = 64  # characters of a field's name that are read with its value
_TOKEN = re.compile(
    r'"(?P<text>[^"\\]*+(?:\\.[^"\\]*+)*+)"(?P<key>\s*+:)?'
    r"|(?P<number>-?[0-9][0-9.eE+-]*+)|(?P<end>[}\]])",
    re.DOTALL,
)
_PAIR = re.compile(
    r"(?:^|(?<=[&?;\r\n]))([^&=;\r\n]*+)=([^&\r\n]*+)|(?:^|(?<=[&?]))([^&=]++)(?=&|$)"
)
_ESCAPED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_CONTROL = re.compile(r'["\\\x00-\x1f]')


def json_leaves(doc: str) -> Iterator[Leaf]:
    """Strings and numbers under their key; a key that nothing known stands under is a leaf, too."""
    header = ""
    for found in _TOKEN.finditer(doc):
        text = found["text"]
        if text is not None:
            told = unescape(text)
            if found["key"]:
                header = told[-LONGEST_HEADER:]
                if len(told) > 4 and not told.isidentifier():  # a key may be somebody's number
                    yield Leaf("", told, *found.span("text"), Write.FIXED)
            elif told:
                yield Leaf(header, told, *found.span("text"), Write.JSON)
        elif found["number"] is not None:
            if len(found["number"]) > 1:
                yield Leaf(header, found["number"], *found.span("number"), Write.NUMBER)
        elif found["end"] == "}":
            header = ""


def form_leaves(doc: str, charset: str) -> Iterator[Leaf]:
    """Pairs of a form or query, undone."""
    for found in _PAIR.finditer(doc):
        if found[3] is not None:
            yield Leaf("", undone(found[3], charset), *found.span(3), Write.FORM)
            continue
        name, value = undone(found[1], charset), undone(found[2], charset)
        if value:
            yield Leaf(name[-LONGEST_HEADER:], value, *found.span(2), Write.FORM)
        if len(name) > 4 and not name.isidentifier():
            yield Leaf("", name, *found.span(1), Write.FIXED)


def undone(text: str, charset: str) -> str:
    """A percent-encoded text; in the form's charset, UTF-8, or else GB 18030."""
    if "%" not in text and "+" not in text:
        return text
    raw = unquote_to_bytes(text.replace("+", " "))
    for codec in (charset, "utf-8", "gb18030"):
        if codec:
            try:
                return raw.decode(codec)
            except (UnicodeDecodeError, LookupError):
                continue
    return raw.decode("utf-8", "replace")


def written(text: str, how: Write, charset: str) -> str:
    """A text as it stands in its part. FORM is in the form's charset, or UTF-8."""
    match how:
        case Write.JSON:
            return _CONTROL.sub(_escape, text)
        case Write.FORM:
            try:
                return quote_plus(text, encoding=charset or "utf-8")
            except (UnicodeEncodeError, LookupError):
                return quote_plus(text, encoding="utf-8", errors="replace")
        case _:
            return text


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    return _ESCAPED.get(sign) or f"\\u{ord(sign):04x}"
