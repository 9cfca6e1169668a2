"""A body read while it streams: each look gives the text that is new since the last one.

Chunks may end anywhere: inside a character, a tag, a comment, a script. What is unfinished
waits (bounded); the context that is open at a cut is opened again for the next piece; and
each piece of text begins with the end of the one before, so that a phrase across the cut is
still found. What a piece cannot know: that an element opened in an earlier one hides it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from rules.recognise.charset import Decoded, How, Stream, decode
from rules.recognise.loose import is_inline
from rules.recognise.page import DEFAULT, Budget, Page, kind_of, read_page, read_text

OVERLAP: Final = 64  # characters of the last piece's text that begin the next
DECIDING: Final = 1024  # bytes that the choice of an encoding waits for
MARK: Final = "\ue0fe"  # private use: behind a piece, to see where its end stands
WAITING: Final = 64 * 1024  # characters of an unfinished tag that are waited for

_OPENS: Final = re.compile(
    r"<(script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>])[^>]{0,500}>|(<!--)",
    re.IGNORECASE,
)
_ENDS: Final = ('",', '"}', '"]', '":')


class Growing:
    """Feed chunks of a content-decoded body; look when a window's worth has come.

    Holds at most the budget's bytes between two looks: what comes beyond is left out, and the
    next Page says so (`cut`).
    """

    def __init__(self, media_type: str, charset: str = "", *, budget: Budget = DEFAULT) -> None:
        self._media_type = media_type.strip().lower()
        self._declared = charset
        self._budget = budget
        self._waiting: list[bytes] = []
        self._size = 0
        self._cut = False
        self._stream: Stream | None = None
        self._decoded = Decoded(text="", charset="", how=How.DEFAULT)
        self._kind = ""
        self._carry = ""  # text that was too unfinished to be read
        self._open = ""  # the tag that is open at the cut and changes how text is read
        self._tail = ""  # the end of what was seen last
        self._glue = ""

    def feed(self, chunk: bytes) -> None:
        """Keep a chunk for the next look, as far as the budget goes."""
        room = self._budget.bytes - self._size
        if len(chunk) > room:
            self._cut = True
            chunk = chunk[: max(0, room)]
        if chunk:
            self._waiting.append(chunk)
            self._size += len(chunk)

    @property
    def size(self) -> int:
        """Bytes that wait for the next look."""
        return self._size

    def look(self, *, last: bool = False) -> Page:
        """The Page of what is new. `last`: nothing follows, so nothing is waited for."""
        first = self._stream is None
        if first and not last and self._size < min(DECIDING, self._budget.bytes):
            return Page()
        body = b"".join(self._waiting)
        self._waiting, self._size = [], 0
        cut, self._cut = self._cut, False
        if first:
            self._begin(body)
        if self._kind == "parts":  # bodies in a body: whole ones only
            page = read_page(body, self._media_type, self._declared, budget=self._budget)
            return replace(page, cut=page.cut or cut)
        text = self._carry + self._stream_text(body, first, last)
        end = len(text) if last else self._safe_end(text)
        piece, self._carry = text[:end], text[end:]
        if len(self._carry) > WAITING:
            piece, self._carry, cut = text, "", True
        page = self._read(piece)
        page = replace(page, text=self._continued(piece, page.text), cut=page.cut or cut)
        self._follow(piece, page)
        return page

    def _read(self, piece: str) -> Page:
        """Of HTML, the parser says what is open at the end: where does a mark come to stand?"""
        if self._kind != "html":
            return read_text(piece, self._kind, self._decoded, budget=self._budget)
        page = read_text(
            f"{self._open}{piece}{MARK}", self._kind, self._decoded, budget=self._budget
        )
        shown = page.text.endswith(MARK) or page.hidden.endswith(MARK)
        self._open = "" if shown else open_at_end(piece, self._open)
        return replace(
            page,
            title=page.title.removesuffix(MARK),
            text=page.text.removesuffix(MARK).removesuffix("\n"),
            strings=page.strings.replace(MARK, ""),
            hidden=page.hidden.removesuffix(MARK).removesuffix("\n"),
        )

    def _begin(self, body: bytes) -> None:
        self._kind = kind_of(self._media_type, body)
        self._decoded = decode(body, self._declared, xml=self._kind == "xml")
        self._stream = Stream(self._decoded.charset)

    def _stream_text(self, body: bytes, first: bool, last: bool) -> str:
        if self._stream is None:
            return ""
        text = self._stream.feed(body, last=last)
        return text.removeprefix("\ufeff") if first else text

    def _safe_end(self, text: str) -> int:
        """Where the text can be cut so that both sides read as they would together."""
        if self._kind in ("html", "xml"):
            start = text.rfind("<")
            if start >= 0 and text.find(">", start) < 0:
                return start
            return len(text) - (len(text[-2:]) - len(text[-2:].rstrip("-")))  # of a comment's end
        if self._kind == "json":
            found = max(text.rfind(end) for end in _ENDS)
            return found + 1
        line = text.rfind("\n")
        if self._kind == "events":
            return line + 1
        return line + 1 if line >= len(text) - 4096 and line >= 0 else len(text)

    def _continued(self, piece: str, text: str) -> str:
        if not self._tail or not text:
            return text
        glue = self._glue or (" " if piece[0].isspace() else "")
        return f"{self._tail}{glue}{text}"

    def _follow(self, piece: str, page: Page) -> None:
        """Remember what the next piece continues."""
        if self._open[:2].lower() == "<s":  # a literal may be cut: its line once more
            self._carry = piece[-256:] + self._carry
        elif self._kind == "events":  # words come in pieces: the last lines once more
            again = piece if len(piece) <= 2048 else piece[-2048:].partition("\n")[2]
            self._carry = again + self._carry
            return
        if page.text:
            self._tail = page.text[-OVERLAP:]
        if piece:
            self._glue = _glue(piece)


def _glue(piece: str) -> str:
    """What stands between the text before a cut and after it."""
    if piece[-1].isspace():
        return " "
    if piece[-1] != ">":
        return ""
    return "" if is_inline(piece[piece.rfind("<") :]) else "\n"


def open_at_end(text: str, opened: str) -> str:
    """The start of the script, comment … that is still open at the end, "" where none is."""
    at = 0
    while True:
        if opened:
            name = "-->" if opened == "<!--" else "</" + _name(opened)
            at = text.find(name, at) if name == "-->" else _find_end(text, name, at)
            if at < 0:
                return opened
            at, opened = at + len(name), ""
        found = _OPENS.search(text, at)
        if found is None:
            return ""
        at, opened = found.end(), found[0]


def _name(tag: str) -> str:
    found = _OPENS.match(tag)
    return found[1].lower() if found and found[1] else ""


def _find_end(text: str, name: str, at: int) -> int:
    found = re.compile(re.escape(name), re.IGNORECASE).search(text, at)
    return found.start() if found else -1
