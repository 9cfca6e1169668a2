"""DOCX and PDF: paragraphs, tables, forms, pages; damaged and locked ones."""

import io

import docx
import pypdf
import pytest

from rules.readers.model import Bounds, Piece, Unread
from rules.readers.papers import (
    BROKEN,
    LARGE,
    LOCKED,
    PAGES,
    PICTURE,
    docx_pieces,
    pdf_pieces,
)


def paper() -> bytes:
    made = docx.Document()
    made.add_paragraph("联系电话：13800000000")
    listed = made.add_table(3, 2)
    form = made.add_table(1, 4)
    for row, values in enumerate([("姓名", "手机"), ("张小萌", "13800000000"), ("李明", "1")]):
        for column, value in enumerate(values):
            listed.cell(row, column).text = value
    for column, value in enumerate(["姓名", "张小萌", "学号", "20260001"]):
        form.cell(0, column).text = value
    made.sections[0].header.paragraphs[0].text = "页眉"
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def test_paragraphs_and_tables() -> None:
    got = list(docx_pieces("f", io.BytesIO(paper()), Bounds()))
    cells = [(one.path, one.header, one.text) for one in got if isinstance(one, Piece)]
    assert ("f", "", "联系电话：13800000000") in cells
    assert ("f", "", "页眉") in cells
    assert ("f#table1", "手机", "13800000000") in cells
    assert ("f#table2", "学号", "20260001") in cells


def sheet(text: str = "", password: str = "", pages: int = 1) -> bytes:
    made = pypdf.PdfWriter()
    for _ in range(pages):
        page = made.add_blank_page(200, 200)
        if text:
            stream = pypdf.generic.StreamObject()
            stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
            font = pypdf.generic.DictionaryObject({
                pypdf.generic.NameObject("/Type"): pypdf.generic.NameObject("/Font"),
                pypdf.generic.NameObject("/Subtype"): pypdf.generic.NameObject("/Type1"),
                pypdf.generic.NameObject("/BaseFont"): pypdf.generic.NameObject("/Helvetica"),
            })  # fmt: skip
            fonts = pypdf.generic.DictionaryObject({pypdf.generic.NameObject("/F1"): font})
            page[pypdf.generic.NameObject("/Resources")] = pypdf.generic.DictionaryObject(
                {pypdf.generic.NameObject("/Font"): fonts}
            )
            page[pypdf.generic.NameObject("/Contents")] = stream
    if password:
        made.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    made.write(out)
    return out.getvalue()


def test_pages() -> None:
    got = list(pdf_pieces("f", io.BytesIO(sheet("tel 13800000000")), Bounds()))
    assert got == [Piece("f", "", "tel 13800000000", 1)]


@pytest.mark.parametrize(
    ("data", "bounds", "what"),
    [
        (sheet(), Bounds(), PICTURE),
        (sheet(password="x"), Bounds(), LOCKED),
        (sheet(), Bounds(whole=10), LARGE),
        (sheet(), Bounds(pages=0), PAGES),
        (b"%PDF-1.7 nothing", Bounds(), BROKEN),
        (b"", Bounds(), BROKEN),
    ],
)
def test_pages_that_are_not_read(data: bytes, bounds: Bounds, what: object) -> None:
    got = list(pdf_pieces("f", io.BytesIO(data), bounds))
    assert [one.what for one in got if isinstance(one, Unread)] == [what]


def test_documents_that_are_not_read() -> None:
    assert list(docx_pieces("f", io.BytesIO(b"zz"), Bounds())) == [Unread(path="f", what=BROKEN)]
    got = list(docx_pieces("f", io.BytesIO(paper()), Bounds(whole=10)))
    assert all(isinstance(one, Unread) and one.what == LARGE for one in got)
