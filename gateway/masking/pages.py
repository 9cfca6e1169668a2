"""HTML masked in place: text, attributes, comments and scripts, through a Lens. Pure.

Only the characters that are masked change, so that a browser builds the same page. Text is
read as it is seen: entities undone, zero-width letters and tags inside a line left out. Cells
are masked under what their column or row is called, form fields under their name.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import unquote

from gateway.masking.lens import Lens, Look, Spot
from gateway.masking.tables import Unmasked, UnmaskedError, json_body
from rules.recognise.json_text import unescape

_TOKEN = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))"
    r"|(?P<raw><(?P<which>script|style)\b(?P<told>(?:[^\"'>]|\"[^\"]*\"|'[^']*')*+)>)"
    r"|(?P<tag><[/!?a-zA-Z](?:[^\"'>]|\"[^\"]*\"|'[^']*')*+>)"
    r"|(?P<text>[^<]+|<)",
    re.DOTALL | re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([^\s=>\"'/]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)")
_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_ODD = re.compile(
    r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,7}|[A-Za-z][A-Za-z0-9]{1,31});?|[\u00ad\u200b-\u200f\u2060\ufeff]"
)
_MAYBE = re.compile("[0-9@\u0080-\U0010ffff]")  # no find in a tag is without one of these
_HIDDEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr",
})  # fmt: skip
_FORM = frozenset({"input", "option", "button", "meta", "param", "data", "textarea", "select"})

type Edit = tuple[int, int, str]
type Unit = tuple[int, int, int, int, bool]  # seen from, to; stands from, to; is it one thing


@dataclass(slots=True)
class _Cell:
    head: bool
    place: int
    pieces: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Table:
    columns: list[Spot] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    cell: _Cell | None = None
    place: int = 0
    data: bool = False  # the row holds a cell of data
    somebody: bool = False
    label: Spot | None = None


def html_body(text: str, lens: Lens, look: Look, *, inside: bool) -> str:
    """A page. Raises UnmaskedError."""
    if not lens.scan:
        raise UnmaskedError(Unmasked.NOT_NAMED)
    page = _Page(text, lens, look, inside)
    page.read()
    if not look.subjects:
        look.subjects = max((*look.shown.values(), *look.masked.values()), default=0)
    return page.written()


class _Page:
    """One page being read: edits gathered, in no order."""

    def __init__(self, text: str, lens: Lens, look: Look, inside: bool) -> None:
        self.text = text
        self.lens = lens
        self.look = look
        self.inside = inside
        self.edits: list[Edit] = []
        self.run: list[tuple[int, int]] = []
        self.tables: list[_Table] = [_Table()]

    def read(self) -> None:
        text, at = self.text, 0
        while at < len(text):
            found = _TOKEN.match(text, at)
            if found is None:  # a tag that never ends
                self.run.append((at, at + 1))
                at += 1
                continue
            at = found.end()
            if found["text"] is not None:
                self.run.append(found.span())
            elif found["comment"] is not None:
                self._stretch(*found.span(), escape=False)
            elif found["raw"] is not None:
                self._tag(found.start(), found["raw"])
                end = re.compile(f"</{found['which']}", re.IGNORECASE).search(text, at)
                stop = len(text) if end is None else end.start()
                self._script(at, stop, found["which"].lower(), found["told"])
                at = stop
            else:
                self._element(found.start(), found["tag"])
        self._cell_ends()
        self._flush()

    def written(self) -> str:
        pieces, done = [], 0
        for start, end, made in sorted(self.edits):
            if start < done:
                raise UnmaskedError(Unmasked.AMBIGUOUS)
            pieces += [self.text[done:start], made]
            done = end
        return "".join((*pieces, self.text[done:]))

    # elements

    def _element(self, start: int, tag: str) -> None:
        named = _NAME.match(tag)
        name = named[1].lower() if named is not None else ""
        closing = tag.startswith("</")
        if name not in _INLINE:
            self._structure(name, closing=closing)
        self._tag(start, tag, closing=closing)

    def _structure(self, name: str, *, closing: bool) -> None:
        """What begins and ends tables, rows, cells, and lines of text."""
        table = self.tables[-1]
        if name in ("td", "th", "dt", "dd"):
            self._cell_ends()
            if not closing:
                table.cell = _Cell(head=name in ("th", "dt"), place=table.place)
                table.place += 1
                if name == "dt":
                    table.label = None
        elif name in ("tr", "table", "dl", "tbody", "thead", "tfoot"):
            self._cell_ends()
            self._row_ends(table)
            if name in ("table", "dl"):
                if not closing:
                    self.tables.append(_Table())
                elif len(self.tables) > 1:
                    self.tables.pop()
        elif table.cell is None:
            self._flush()
        else:
            table.cell.pieces += [*self.run, (-1, -1)]
            self.run = []

    def _row_ends(self, table: _Table) -> None:
        if table.heads and not table.data:
            table.columns = [self.lens.column(one) for one in table.heads]
        self.look.subjects += table.somebody
        table.heads, table.place, table.data = [], 0, False
        table.somebody, table.label = False, None

    def _cell_ends(self) -> None:
        table = self.tables[-1]
        cell, table.cell = table.cell, None
        if cell is None:
            self._flush()
            return
        pieces = cell.pieces + self.run
        self.run = []
        if cell.head:
            seen = "".join(_seen(self.text, pieces)[0]).strip()
            table.heads.append(seen)
            table.label = self.lens.column(seen) if seen else None
        table.data = table.data or not cell.head
        spot = None
        if not cell.head and cell.place < len(table.columns):
            spot = table.columns[cell.place]
        elif not cell.head:
            spot = table.label
        if spot is None or spot.mask is None:
            self._search(pieces)
            return
        table.somebody = table.somebody or spot.personal
        self._whole(pieces, spot)

    def _whole(self, pieces: list[tuple[int, int]], spot: Spot) -> None:
        """A cell whose column says what it is: all of its text is the value."""
        seen = "".join(_seen(self.text, pieces)[0]).strip()
        made = self.lens.cell(seen, spot, self.look, inside=self.inside)
        if made == seen:
            return
        first = True
        for start, end in pieces:
            if start >= 0 and self.text[start:end].strip():
                self.edits.append((start, end, html.escape(made) if first else ""))
                first = False

    # text

    def _flush(self) -> None:
        pieces, self.run = self.run, []
        if pieces:
            self._search(pieces)

    def _search(self, pieces: list[tuple[int, int]]) -> None:
        seen, units = _seen(self.text, pieces)
        text = "".join(seen)
        for hit in self.lens.hits(text):
            if self.lens.sees(hit.kind, inside=self.inside):
                self.look.shown[hit.kind] += 1
                continue
            self.look.masked[hit.kind] += 1
            made = self.lens.mask(hit.kind)(text[hit.start : hit.end])
            self._replace(units, hit.start, hit.end, "" if made is None else html.escape(str(made)))

    def _replace(self, units: list[Unit], low: int, high: int, made: str) -> None:
        for seen, seen_end, start, end, one in units:
            if seen_end <= low or seen >= high:
                continue
            first = start if one else start + max(0, low - seen)
            last = end if one else end - max(0, seen_end - high)
            self.edits.append((first, last, made))
            made = ""

    def _stretch(self, start: int, end: int, *, escape: bool) -> None:
        """A comment or a style sheet: text without tags."""
        before = self.text[start:end]
        made = self.lens.found(before, self.look, inside=self.inside)
        if made != before:
            self.edits.append((start, end, html.escape(made) if escape else made))

    def _script(self, start: int, end: int, which: str, told: str) -> None:
        code = self.text[start:end]
        if which == "script" and "json" in told.lower():
            made = json_body(code, self.lens, self.look, inside=self.inside) if code.strip() else ""
            made = made.replace("<", "\\u003c")
            self.edits.append((start, end, made))
            return
        plain = unescape(code) if "\\" in code else code
        if plain != code and len(self.lens.hits(plain)) > len(self.lens.hits(code)):
            raise UnmaskedError(Unmasked.SCRIPT)
        self._stretch(start, end, escape=False)

    # attributes

    def _tag(self, start: int, tag: str, *, closing: bool = False) -> None:
        told = list(_attributes(tag)) if "=" in tag and not closing else []
        self._names(start, tag, told)
        named = _NAME.match(tag)
        form = named is not None and named[1].lower() in _FORM
        called = next((value for name, value, *_ in told if name == "name"), "")
        called = called or next((value for name, value, *_ in told if name == "id"), "")
        for name, value, low, high in told:
            spot = None
            if name.startswith("data-"):
                spot = self.lens.column(name.removeprefix("data-"))
            elif form and called and name in ("value", "content", "placeholder"):
                spot = self.lens.column(called)
            made = self._attribute(value, spot)
            if made != value:
                self.edits.append((start + low, start + high, f'"{html.escape(made)}"'))

    def _names(self, start: int, tag: str, told: list[tuple[str, str, int, int]]) -> None:
        """What of a tag is no value of an attribute: nobody stands there either."""
        rest, done = [], 0
        for _, _, low, high in told:
            rest += [tag[done:low], " " * (high - low)]
            done = high
        text = "".join((*rest, tag[done:]))
        if _MAYBE.search(text) is None:
            return
        for hit in self.lens.hits(text):
            if not self.lens.sees(hit.kind, inside=self.inside):
                self.look.masked[hit.kind] += 1
                self.edits.append((start + hit.start, start + hit.end, "***"))

    def _attribute(self, value: str, spot: Spot | None) -> str:
        lens, look, inside = self.lens, self.look, self.inside
        if not value:
            return value
        if value[0] in "{[":
            try:
                return json_body(value, lens, look, inside=inside)
            except UnmaskedError:
                return lens.found(value, look, inside=inside)
        if spot is not None and spot.mask is not None:
            return lens.cell(value, spot, look, inside=inside)
        made = lens.found(value, look, inside=inside)
        if made == value and "%" in value:
            plain = unquote(value)
            if lens.found(plain, look, inside=inside) != plain:
                return "#"
        return made


def _attributes(tag: str) -> Iterator[tuple[str, str, int, int]]:
    for found in _ATTRIBUTE.finditer(tag):
        raw = found[2]
        bare = raw[1:-1] if raw[0] in "\"'" else raw
        yield found[1].lower(), _HIDDEN.sub("", html.unescape(bare)), found.start(2), found.end(2)


def _seen(text: str, pieces: list[tuple[int, int]]) -> tuple[list[str], list[Unit]]:
    """The letters of these pieces as they are seen, and where each stands."""
    seen: list[str] = []
    units: list[Unit] = []
    size = 0

    def add(letters: str, start: int, end: int, *, one: bool) -> None:
        nonlocal size
        if letters:
            seen.append(letters)
            units.append((size, size + len(letters), start, end, one))
            size += len(letters)

    for start, end in pieces:
        if start < 0:  # between lines of one cell
            seen.append("\n")
            size += 1
            continue
        done = start
        for odd in _ODD.finditer(text, start, end):
            add(text[done : odd.start()], done, odd.start(), one=False)
            letters = html.unescape(odd[0]) if odd[0][0] == "&" else ""
            add(_HIDDEN.sub("", letters), odd.start(), odd.end(), one=True)
            done = odd.end()
        add(text[done:end], done, end, one=False)
    return seen, units
