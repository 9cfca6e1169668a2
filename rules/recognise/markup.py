"""HTML → what people read of it, by a real parser (Lexbor), in few calls.

The tree is built once; scripts and hidden parts are taken out, inline elements melted into
their sentence (`赌<b>博</b>` is one word, two list items are two), and the text read in one
call. Which elements and styles mean what stands in the tables. Style sheets are not applied:
what only they hide counts as visible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from selectolax.lexbor import LexborDocumentOptions, LexborHTMLParser, create_tag

from rules.recognise.loose import INLINE, collapse

_MARK: Final = " \0 "  # between texts of different blocks; the parser lets no NUL into a text
_OUT: Final = "script style noscript noembed noframes iframe title template"
_CARRIERS: Final = (
    "a area img input textarea button meta iframe frame form object embed video audio source "
    "optgroup option base link"
)


LINK, SHOWN, STYLE, META, FRAMED, VEILED, BUTTON = range(1, 8)  # what an attribute means to us

_WHAT: Final = {
    **dict.fromkeys(("alt", "title", "aria-label", "placeholder", "label"), SHOWN),
    **dict.fromkeys(("href", "src", "action", "data", "xlink:href"), LINK),
    "style": STYLE, "content": META, "srcdoc": FRAMED,
    "hidden": VEILED, "value": BUTTON,
}  # fmt: skip
_BUTTONS: Final = frozenset({"submit", "button", "reset"})
_METAS: Final = frozenset(
    {
        "description", "keywords", "og:title", "og:description", "og:site_name", "twitter:title",
        "twitter:description", "title", "abstract", "subject",
    }
)  # fmt: skip
_HIDING: Final = re.compile(
    r"display:none|visibility:(?:hidden|collapse)|font-size:0(?:[a-z%]*)(?:;|!|$)|"
    r"opacity:0?(?:\.0+)?(?:;|!|$)|text-indent:-\d{3,}|(?:left|top):-\d{3,}"
)
_COLOUR: Final = re.compile(r"(?:^|;)color:([^;!]+)")
_GROUND: Final = re.compile(r"(?:^|;)background(?:-color)?:([^;! ]+)")
_NAMED: Final = {
    "white": "#fff", "#ffffff": "#fff", "rgb(255,255,255)": "#fff",
    "black": "#000", "#000000": "#000", "rgb(0,0,0)": "#000",
}  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Parts:
    """What was found, while it is gathered; every list is bounded by its reader."""

    title: str = ""
    text: str = ""
    extras: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    scripts: list[tuple[str, str]] = field(default_factory=list)  # (type, source)
    styles: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    veiled: int = 0  # characters in `hidden`
    framed: list[str] = field(default_factory=list)  # srcdoc: pages in attributes
    cut: bool = False


# what is done with an element, added up; plain numbers, for there are thousands of elements
MELT: Final = 1  # inline: its text belongs to the sentence around it
OUT: Final = 2  # not shown, or kept elsewhere
CARRY: Final = 4  # its attributes are read


@cache
def _roles() -> dict[int, int]:
    """Element → what to do. A link is a block: menus stand side by side without a space."""
    roles: dict[int, int] = {}
    for names, role in ((INLINE[2:], MELT), (_OUT, OUT), (_CARRIERS, CARRY)):
        for name in names.split():
            tag = create_tag(name).tag_id
            if tag < 1000:  # names that the parser does not know have no fixed id
                roles[tag] = roles.get(tag, 0) | role
    return roles


_ANYWHERE: Final = {  # attributes that any element may have
    "title": "[title]:not(a,img)",  # those are carriers
    "style": "[style]",
    "hidden": "[hidden]",
    "aria-label": "[aria-label]",
}


def read_markup(body: bytes, *, limit: int, links: int, commented: bool = True) -> Parts:
    """The parts of a page given as UTF-8: at most `limit` characters hidden, `links` links.

    `commented`: comments may stand inside words and have to be looked for.
    """
    parts = Parts()
    tree: Any = LexborHTMLParser(body, options=LexborDocumentOptions.WO_EVENTS)
    root = tree.root
    if root is None:
        return parts
    role_of = _roles().get
    marked = [(role, node) for node in root.css("*") if (role := role_of(node.tag_id))]
    melted = [node for role, node in marked if role & MELT]
    carriers = [node for role, node in marked if role & CARRY]
    out = [node for role, node in marked if role & OUT]
    veiled = _attributes(parts, carriers, links)
    for name, selector in _ANYWHERE.items():
        veiled += _attributes(parts, root.css(selector), links, name)
    for node in reversed(veiled):  # inner ones first: each text is taken once
        if node.tag not in ("html", "body"):  # shown by a script as soon as it has loaded
            _hide(parts, node, limit)
    parts.hidden.reverse()
    for node in out:
        _take_out(parts, node, limit)
    if commented:
        for node in list(root.traverse(include_text=True)):
            if node.tag in ("-comment", None):  # None: a processing instruction
                node.decompose()
    for node in melted:
        node.unwrap(delete_empty=True)
    root.merge_text_nodes()
    parts.text = _text(root)
    return parts


def _text(node: Any) -> str:
    """The text below a node, a line per block, white space collapsed."""
    text: str = node.text(separator="\0", strip=True, skip_empty=True)
    if "\n" in text or "  " in text or "\t" in text or "\xa0" in text or "\r" in text:
        text = " ".join(text.replace("\0", _MARK).split()).replace(_MARK, "\n")
    return text.replace("\0", "\n")


def _take_out(parts: Parts, node: Any, limit: int) -> None:
    tag = node.tag
    if tag == "script":
        parts.scripts.append(((node.attributes.get("type") or "").lower(), node.text()))
    elif tag == "style":
        parts.styles.append(node.text())
    elif tag == "title":
        if parts.title:
            return  # a further one, of an SVG: part of the text
        parts.title = collapse(node.text())
    elif tag == "template":
        parts.extras += [part.text(separator="\n") for part in node.template_fragments()]
    elif tag == "noscript":
        _hide(parts, node, limit)
        return
    node.decompose()


def _hide(parts: Parts, node: Any, limit: int) -> None:
    if limit > parts.veiled:
        if text := _text(node):
            parts.hidden.append(text)
            parts.veiled += len(text)
    else:
        parts.cut = True
    node.decompose()


def _attributes(parts: Parts, nodes: list[Any], links: int, only: str = "") -> list[Any]:
    """What attributes show and link to; the nodes that they hide are returned."""
    veiled = []
    what_is = _WHAT.get
    for node in nodes:
        attributes: dict[str, str | None] = node.attributes
        for name, value in ((only, attributes.get(only)),) if only else attributes.items():
            what = what_is(name)
            if what is None:
                continue
            if not value:
                if what == VEILED:
                    veiled.append(node)
            elif what == LINK:
                if value[0] not in "/#?." or value[1:2] == "/":
                    if len(parts.links) < links:
                        parts.links.append(value)
                    else:
                        parts.cut = True
            elif what == SHOWN:
                parts.extras.append(value)
            elif what == STYLE:
                if hides(value):
                    veiled.append(node)
            elif what == META:
                _meta(parts, attributes, value)
            elif what == FRAMED:
                parts.framed.append(value)
            elif what == VEILED:
                veiled.append(node)
            elif (attributes.get("type") or "").lower() in _BUTTONS:
                parts.extras.append(value)
    return veiled


def _meta(parts: Parts, attributes: dict[str, str | None], value: str) -> None:
    name = (attributes.get("name") or attributes.get("property") or "").lower()
    if name in _METAS:
        parts.extras.append(value)
    elif (attributes.get("http-equiv") or "").lower() == "refresh" and "=" in value:
        parts.links.append(value.partition("=")[2].strip(" '\""))


def hides(style: str) -> bool:
    """Does this inline style make its text invisible?"""
    if ":" not in style or len(style) > 4096:
        return False
    plain = style.lower().replace(" ", "").replace("\n", "")
    if _HIDING.search(plain):
        return True
    if "color:" not in plain:
        return False
    colour, ground = _COLOUR.search(plain), _GROUND.search(plain)
    if colour is None or ground is None:
        return False
    return _NAMED.get(colour[1], colour[1]) == _NAMED.get(ground[1], ground[1])
