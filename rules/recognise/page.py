"""A body → Page: what people can read of it, and what a machine could show them later.

One function for every kind of body that carries text, within a Budget: nothing beyond it is
decoded, copied or parsed, and `Page.cut` says that something was left out. Visible text,
attributes, hidden text and what scripts and data carry are kept apart, because they do not
weigh the same: which of them counts how much is for the recognisers to decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote_to_bytes

from rules.recognise import charset as charsets
from rules.recognise.charset import Decoded, How
from rules.recognise.json_text import event_text, json_text
from rules.recognise.loose import Loose, collapse, read_loose, read_xml
from rules.recognise.markup import Parts, read_markup
from rules.recognise.parts import split_parts
from rules.recognise.script_text import script_text, style_text, unpack
from rules.recognise.shape import Shape, form, tame


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How much of a body is looked at. What is beyond is for the policy to judge."""

    bytes: int = 256 * 1024  # of the body, content-decoded
    characters: int = 256 * 1024  # of each kind of text
    links: int = 256
    nesting: int = 2  # pages inside pages: parts, data: URLs, srcdoc


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The text of a body. Lines are blocks: a phrase never runs over a line end."""

    title: str = ""
    text: str = ""  # visible, in document order, white space collapsed
    extras: str = ""  # alt, title, placeholder, meta description …, one a line
    strings: str = ""  # what JSON, scripts and styles carry, one a line
    hidden: str = ""  # made invisible in the markup: stuffing, evasion, or a menu
    links: tuple[str, ...] = ()  # absolute ones, each once
    charset: str = ""
    how: How = How.DEFAULT
    cut: bool = False  # something was left out for the budget


@dataclass(slots=True)
class _Found:
    """A Page while it grows."""

    budget: Budget
    title: str = ""
    text: list[str] = field(default_factory=list)
    extras: list[str] = field(default_factory=list)
    strings: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    links: dict[str, None] = field(default_factory=dict)
    cut: bool = False

    def page(self, decoded: Decoded) -> Page:
        return Page(
            title=self.title[:1000],
            text=self._joined(self.text),
            extras=self._joined(self.extras),
            strings=self._joined(self.strings),
            hidden=self._joined(self.hidden),
            links=tuple(self.links),
            charset=decoded.charset,
            how=decoded.how,
            cut=self.cut,
        )

    def _joined(self, pieces: list[str]) -> str:
        text = "\n".join(dict.fromkeys(pieces)) if len(pieces) > 1 else "".join(pieces)
        if len(text) > self.budget.characters:
            self.cut = True
            return text[: self.budget.characters]
        return text


DEFAULT: Final = Budget()


def read_page(
    body: bytes | memoryview, media_type: str, charset: str = "", *, budget: Budget = DEFAULT
) -> Page:
    """What can be read of a body of this type. `charset` is the header's parameter."""
    window = bytes(body[: budget.bytes])
    found = _Found(budget)
    found.cut = len(body) > budget.bytes
    decoded = _read(found, window, media_type.strip().lower(), charset, budget.nesting)
    return found.page(decoded)


def read_text(text: str, kind: str, decoded: Decoded, *, budget: Budget = DEFAULT) -> Page:
    """The same for text that is decoded already; `kind` is one of `kind_of`."""
    found = _Found(budget)
    if kind == "html":
        _html(found, text.encode("utf-8", "replace"), replace(decoded, text=text), budget.nesting)
    elif kind in _READERS:
        _READERS[kind](found, text)
    return found.page(decoded)


_MARKUP_START: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<[!?a-zA-Z]")


def kind_of(media_type: str, body: bytes) -> str:
    """Which reader: html, xml, json, events, script, style, parts, plain, or "" for none."""
    kind = _KINDS.get(media_type)
    if kind is not None:
        return kind
    if media_type.endswith("+xml"):
        return "xml"
    if media_type.endswith("+json"):
        return "json"
    if media_type.startswith("multipart/"):
        return "parts"
    if media_type.startswith("text/"):
        return "plain"
    if media_type not in ("", "*/*", "unknown/unknown", "application/unknown"):
        return ""
    if _MARKUP_START.match(body):
        return "html"
    return "json" if body[:64].lstrip()[:1] in (b"{", b"[") else "html"


_KINDS: Final = {
    "text/html": "html",
    "application/xhtml+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/xsl": "xml",
    "application/json": "json",
    "text/json": "json",
    "application/manifest+json": "json",
    "text/event-stream": "events",
    "application/x-ndjson": "events",
    "application/jsonl": "events",
    "application/json-seq": "events",
    "application/stream+json": "events",
    "application/javascript": "script",
    "application/x-javascript": "script",
    "application/ecmascript": "script",
    "text/javascript": "script",
    "text/ecmascript": "script",
    "text/css": "style",
    "message/rfc822": "parts",
    "application/vnd.apple.mpegurl": "plain",
}


def _read(found: _Found, body: bytes, media_type: str, charset: str, nesting: int) -> Decoded:
    kind = kind_of(media_type, body)
    if not kind:
        return Decoded(text="", charset="", how=How.DEFAULT)
    if kind == "parts":
        return _parts(found, body, nesting)
    decoded = charsets.decode(body, charset, xml=kind == "xml")
    if kind == "html":
        if decoded.charset != "utf-8" or decoded.how in (How.MIXED, How.BOM):
            body = decoded.text.encode("utf-8", "replace")
        _html(found, body, decoded, nesting)
    else:
        _READERS[kind](found, decoded.text)
    return decoded


def _parts(found: _Found, body: bytes, nesting: int) -> Decoded:
    """Bodies in one body: each read by its own head."""
    first = Decoded(text="", charset="", how=How.DEFAULT)
    if nesting <= 0:
        found.cut = True
        return first
    for part in split_parts(body):
        decoded = _read(found, part.body, part.media_type, part.charset, nesting - 1)
        first = first if first.charset else decoded
    return first


def _html(found: _Found, body: bytes, decoded: Decoded, nesting: int) -> None:
    """`body` is UTF-8, the same as `decoded.text`."""
    built = form(body)
    if built.shape is Shape.HOSTILE:
        _loose(found, read_loose(decoded.text))
        return
    if built.shape is Shape.COPIOUS:
        body = tame(body)
    parts = read_markup(
        body,
        limit=found.budget.characters,
        links=found.budget.links,
        commented=built.commented,
    )
    found.title = found.title or parts.title
    found.text.append(parts.text)
    if parts.extras:
        found.extras.append(collapse("\n".join(dict.fromkeys(parts.extras))))
    found.hidden += parts.hidden
    found.cut |= parts.cut
    _carried(found, parts)
    _links(found, parts.links, nesting)
    for source in parts.framed[:8]:
        _loose(found, read_loose(source))


_DATA_SCRIPT: Final = ("json", "importmap")
_NO_SCRIPT: Final = ("text/html", "text/template", "text/x-template", "text/x-handlebars")
_ISLAND: Final = re.compile(r"\s*[\[{]")


def _carried(found: _Found, parts: Parts) -> None:
    """Text in scripts (data islands first of all) and styles."""
    left = found.budget.characters
    for kind, source in parts.scripts:
        if left <= 0:
            found.cut = True
            break
        if not source or source.isspace():
            continue
        if kind.endswith(_DATA_SCRIPT) or _ISLAND.match(source):
            pieces, cut = json_text(source, left)
        elif kind.startswith(_NO_SCRIPT):
            pieces, cut = [read_loose(source).text], False
        else:
            pieces, cut = script_text(source, left)
        found.strings += pieces
        found.cut |= cut
        left -= sum(map(len, pieces))
    for source in parts.styles:
        found.strings += style_text(source)


_ABSOLUTE: Final = re.compile(r"\s*(?:[a-zA-Z][a-zA-Z0-9+.-]{0,20}:|//|\\\\)")


def _links(found: _Found, links: list[str] | tuple[str, ...], nesting: int) -> None:
    for link in links:
        if len(found.links) >= found.budget.links:
            found.cut = True
            break
        start = link[:64].lstrip().lower()
        if start.startswith(("http://", "https://", "//")):
            found.links.setdefault(link.strip()[:2048])
            continue
        if not _ABSOLUTE.match(link):
            continue
        if start.startswith("data:"):
            _data_url(found, link.lstrip(), nesting)
        elif start.startswith("javascript:"):
            found.strings += script_text(link, found.budget.characters)[0]
        else:
            found.links.setdefault(link.strip()[:2048])


def _data_url(found: _Found, link: str, nesting: int) -> None:
    """`data:text/html;charset=gbk;base64,…`: a page of its own."""
    head, comma, data = link[5:].partition(",")
    kind, *parameters = [word.strip().lower() for word in head.split(";")]
    if not comma or nesting <= 0 or not kind_of(kind or "text/plain", b""):
        return
    named = [word[8:] for word in parameters if word.startswith("charset=")]
    if "base64" in parameters:
        text = unpack(unquote_to_bytes(data[: found.budget.bytes]).decode("ascii", "ignore"))
        found.strings.append(text)
        return
    body = unquote_to_bytes(data[: found.budget.bytes])
    _read(found, body, kind or "text/plain", named[0] if named else "", nesting - 1)


def _loose(found: _Found, parts: Loose) -> None:
    found.title = found.title or parts.title
    found.text.append(parts.text)
    found.extras += parts.extras
    left = found.budget.characters
    for source in parts.scripts:
        pieces, cut = script_text(source, left)
        found.strings += pieces
        found.cut |= cut
    _links(found, parts.links, 0)


def _xml(found: _Found, text: str) -> None:
    _loose(found, read_xml(text))


def _json(found: _Found, text: str) -> None:
    pieces, cut = json_text(text, found.budget.characters)
    found.strings += pieces
    found.cut |= cut


def _events(found: _Found, text: str) -> None:
    pieces, cut = event_text(text, found.budget.characters)
    found.strings += pieces
    found.cut |= cut


def _script(found: _Found, text: str) -> None:
    """A script, or data wrapped as one (JSONP)."""
    pieces, cut = script_text(text, found.budget.characters)
    found.strings += pieces
    found.cut |= cut


def _style(found: _Found, text: str) -> None:
    found.strings += style_text(text)


def _plain(found: _Found, text: str) -> None:
    found.text.append(collapse(text))


_READERS: Final[dict[str, Callable[[_Found, str], None]]] = {
    "xml": _xml,
    "json": _json,
    "events": _events,
    "script": _script,
    "style": _style,
    "plain": _plain,
}
