"""The DOCX: opens, holds every item, repeats header rows, has a TOC field, label and pages."""

import io
import zipfile
from xml.etree.ElementTree import fromstring

from docx import Document as load
from docx.oxml.ns import qn

from audit.reports import word
from audit.reports.chapters import document
from audit.reports.model import MARK
from rules.load import WorldError
from tests.audit.reports.made import hostile, report, small


def no_font(_: str) -> bytes:
    raise WorldError("no font")


def test_it_opens_and_is_whole() -> None:
    found = load(io.BytesIO(word.draw(document(report()), paint=None)))
    tables = [one for one in found.tables if len(one.columns) == 5 and len(one.rows) == 212]
    assert len(tables) == 1
    heads = [one.text for one in found.paragraphs if one.style.name == "Heading 1"]
    assert heads[0] == "声明"
    assert len(heads) == 21
    section = found.sections[0]
    assert "内部资料" in section.header.paragraphs[0].text
    assert MARK.zh in section.header.paragraphs[0].text
    assert abs(section.page_width.cm - 21) < 0.1
    assert found.core_properties.language == "zh-CN"


def test_fields_and_header_rows() -> None:
    raw = zipfile.ZipFile(io.BytesIO(word.draw(document(report()), paint=None)))
    body = raw.read("word/document.xml").decode()
    assert "TOC \\o" in body
    assert body.count("<w:tblHeader/>") >= 20
    footers = [raw.read(name).decode() for name in raw.namelist() if "footer" in name]
    assert any("NUMPAGES" in one and "PAGE" in one for one in footers)


def test_hostile_texts_are_text() -> None:
    raw = zipfile.ZipFile(io.BytesIO(word.draw(document(hostile()), paint=None)))
    for name in raw.namelist():
        if name.endswith((".xml", ".rels")):
            text = raw.read(name).decode()
            fromstring(text)
            assert "file:///etc" not in text or name == "word/document.xml"
    body = fromstring(raw.read("word/document.xml"))
    fields = [one.text for one in body.iter(qn("w:instrText"))]
    assert len(fields) == 1  # the contents


def test_charts_are_pictures_where_there_is_a_font() -> None:
    png = word.draw(document(report()), paint=lambda _: PIXEL)
    assert any(
        name.startswith("word/media") for name in zipfile.ZipFile(io.BytesIO(png)).namelist()
    )
    none = word.draw(document(small()), paint=no_font)
    assert not any("media" in name for name in zipfile.ZipFile(io.BytesIO(none)).namelist())


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a494441"
    "54789c63f80f0001010100b138f6140000000049454e44ae426082"
)
