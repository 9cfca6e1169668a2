"""Bytes of a page → title and lines, by the product's own reader where it is built in."""

from __future__ import annotations

from rules.training.pages import Paper


def read(body: bytes, charset: str) -> Paper:
    """What a recogniser gets to see of a page sent in this charset."""
    try:
        from rules.recognise.page import Budget, read_page
    except ImportError:
        return _plainly(body, charset)
    page = read_page(body, "text/html", charset, budget=Budget())
    return Paper(title=page.title, lines=(page.text,))


def _plainly(body: bytes, charset: str) -> Paper:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(body.decode(charset, "replace"))
    title = tree.css_first("title")
    text = tree.body.text(separator="\n") if tree.body else ""
    return Paper(title=title.text() if title else "", lines=(text,))
