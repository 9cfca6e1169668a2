"""Marked-up text read without a tree: one linear pass, for what no HTML parser should get.

XML and its dialects (XHTML, SVG, RSS), snippets of markup inside strings, and pages built to
choke a parser. It prefers to read too much: a comment that may not be one is text.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

_TAG: Final = re.compile(r"<[/!?a-zA-Z][^<>]*>")
_XML_COMMENT: Final = re.compile(r"<!--(?:(?!-->).)*+(?:-->|\Z)", re.DOTALL)
_CDATA: Final = re.compile(r"<!\[CDATA\[((?:(?!\]\]>).)*+)(?:\]\]>|\Z)", re.DOTALL)
_RAW: Final = re.compile(r"<(/?)(?:\w{1,20}:)?(script|style)\b[^<>]*>", re.IGNORECASE)
_TITLE: Final = re.compile(r"<title\b[^<>]*>([^<]{0,2000})", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"""\s(alt|title|placeholder|aria-label|content|href|xlink:href|src|url)\s*=\s*"""
    r"""(?:"([^"<]{1,2000})"|'([^'<]{1,2000})')""",
    re.IGNORECASE,
)
LINKS: Final = frozenset({"href", "xlink:href", "src", "url"})
INLINE: Final = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd mark q rb ruby s samp small span "
    "strike strong sub sup tspan tt u var wbr"
)
_INLINE_TAG: Final = re.compile(
    rf"</?(?:{INLINE.replace(' ', '|')})(?:\s[^<>]*)?/?>", re.IGNORECASE
)


def is_inline(tag: str) -> bool:
    """Does this tag (from `<` to `>`) stand inside a sentence?"""
    return _INLINE_TAG.fullmatch(tag) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loose:
    """What one pass finds: text with a line per block, attributes, links, scripts apart."""

    title: str
    text: str
    extras: tuple[str, ...]
    links: tuple[str, ...]
    scripts: tuple[str, ...]


def collapse(text: str) -> str:
    """White space collapsed; line ends kept as the only boundary that means anything."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def strip(markup: str) -> str:
    """The text of a snippet: tags out, entities decoded, blocks apart."""
    if "<" in markup:
        markup = _TAG.sub("\n", _INLINE_TAG.sub("", markup))
    if "&" in markup:
        markup = html.unescape(markup)
    return collapse(markup)


def read_xml(markup: str) -> Loose:
    """XML as it is meant: comments are comments, CDATA is text (often markup itself)."""
    if "<!--" in markup:
        markup = _XML_COMMENT.sub("", markup)
    if "<![CDATA[" in markup:
        markup = _CDATA.sub(lambda found: "\n" + _unmark(found[1]) + "\n", markup)
    return read_loose(markup)


def _unmark(cdata: str) -> str:
    """CDATA: of a feed it is HTML, of a page it is script; `<` must not open tags again."""
    return html.escape(strip(cdata), quote=False)


def read_loose(markup: str) -> Loose:
    """Everything between tags is text; attributes that people read are kept."""
    title = _TITLE.search(markup)
    markup, scripts = _without_raw(markup)
    extras: list[str] = []
    links: list[str] = []
    for name, double, single in _ATTRIBUTE.findall(markup):
        value = html.unescape(double or single)
        (links if name.lower() in LINKS else extras).append(value)
    return Loose(
        title=collapse(html.unescape(title[1])) if title else "",
        text=strip(markup),
        extras=tuple(extras),
        links=tuple(links),
        scripts=tuple(scripts),
    )


def _without_raw(markup: str) -> tuple[str, list[str]]:
    """Scripts and styles taken out; one that never ends is text, as is an end without a start."""
    kept: list[str] = []
    scripts: list[str] = []
    start, name, at = 0, "", 0
    for found in _RAW.finditer(markup):
        if not name:
            if not found[1] and not found[0].endswith("/>"):
                start, name = found.end(), found[2].lower()
                kept.append(markup[at : found.start()])
                at = found.start()
        elif found[1] and found[2].lower() == name:
            scripts.append(markup[start : found.start()])
            name, at = "", found.end()
    kept.append(markup[at:])
    return "\n".join(kept), scripts
