"""DOCX and PDF: paragraphs, tables and pages. Pictures of text are not read, and said so."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.etree.ElementTree import Element

import pypdf
from defusedxml.ElementTree import fromstring

from rules.model import Text
from rules.readers.headers import name_like
from rules.readers.model import Bounds, Piece, Unread

BROKEN = Text(zh="文档已损坏，未能读取", en="a damaged document, not read")
LOCKED = Text(zh="有密码，未能读取", en="protected by a password, not read")
LARGE = Text(zh="文档过大，未读取", en="too large, not read")
PICTURE = Text(zh="此页没有文字层（可能是扫描图片）", en="this page has no text (perhaps a scan)")
PAGES = Text(zh="页数过多，其余未读取", en="too many pages, the rest was not read")
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_PARTS = ("word/document", "word/header", "word/footer", "word/footnotes", "word/endnotes",
          "word/comments")  # fmt: skip


def docx_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Paragraphs and cells of the body, headers, footers, notes and comments."""
    number = 0
    try:
        with zipfile.ZipFile(stream) as packed:
            for part in packed.infolist():
                if not part.filename.startswith(_PARTS) or not part.filename.endswith(".xml"):
                    continue
                if part.file_size > bounds.whole:
                    yield Unread(path=f"{path}#{part.filename}", what=LARGE)
                    continue
                for piece in _body(path, fromstring(packed.read(part))):
                    number += 1
                    yield piece if piece.row else piece._replace(row=number)
    except Exception:  # a reader of foreign bytes; nothing of them is quoted
        yield Unread(path=path, what=BROKEN)


def _body(path: str, root: Element) -> Iterator[Piece]:
    in_tables = {id(inner) for table in root.iter(f"{_W}tbl") for inner in table.iter(f"{_W}p")}
    for number, table in enumerate(root.iter(f"{_W}tbl"), 1):
        yield from _table(f"{path}#table{number}", table)
    for paragraph in root.iter(f"{_W}p"):
        if id(paragraph) not in in_tables and (text := _text(paragraph)).strip():
            yield Piece(path, "", text)


def _text(element: Element) -> str:
    parts = []
    for one in element.iter():
        if one.tag == f"{_W}t":
            parts.append(one.text or "")
        elif one.tag in (f"{_W}tab", f"{_W}br", f"{_W}cr"):
            parts.append("\t" if one.tag == f"{_W}tab" else "\n")
    return "".join(parts)


def _table(path: str, table: Element) -> Iterator[Piece]:
    """A table with a row of headers, or a form: label, value, label, value."""
    rows = [
        [
            "\n".join(_text(one) for one in cell.iter(f"{_W}p")).strip()
            for cell in row.findall(f"{_W}tc")
        ]
        for row in table.findall(f"{_W}tr")
    ]
    if not rows:
        return
    head = rows[0]
    listed = len(rows) > 2 and all(map(name_like, head)) and len({len(row) for row in rows}) == 1
    for number, row in enumerate(rows[1:] if listed else rows, 2 if listed else 1):
        for place, cell in enumerate(row):
            left = row[place - 1] if place else ""
            header = head[place] if listed else (left if name_like(left) else "")
            if cell:
                yield Piece(path, header, cell, number)


def pdf_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """The text of every page."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it would quote what it cannot read
    stream.seek(0, 2)
    if stream.tell() > bounds.whole:
        yield Unread(path=path, what=LARGE)
        return
    stream.seek(0)
    try:
        book: Any = pypdf.PdfReader(stream)
        if book.is_encrypted and not book.decrypt(""):
            yield Unread(path=path, what=LOCKED)
            return
        for number, page in enumerate(book.pages, 1):
            if number > bounds.pages:
                yield Unread(path=path, what=PAGES, row=number)
                return
            try:
                text = page.extract_text()[: bounds.cell]
            except Exception:  # one page; the others are read
                yield Unread(path=path, what=BROKEN, row=number)
                continue
            if text.strip():
                yield Piece(path, "", text, number)
            else:
                yield Unread(path=path, what=PICTURE, row=number, fatal=False)
    except Exception:  # a reader of foreign bytes; nothing of them is quoted
        yield Unread(path=path, what=BROKEN)
