"""The report as DOCX: python-docx makes the package, tables are written as XML in one go.

211 rows through python-docx's own cells take seconds; one parsed string a table does not. Has a
table of contents (a field Word fills), header rows that repeat, a header with label and mark
and a footer with page numbers. Text is data: escaped, never a field of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape

from docx import Document as Package
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor

from audit.reports.blocks import (
    Break,
    Cell,
    Chart,
    Document,
    Heading,
    Para,
    Signatures,
    Table,
    Tone,
    Voice,
)
from audit.reports.chapters import document
from audit.reports.model import Report
from audit.reports.pdf import picture
from rules.load import WorldError

WIDE = 9_860  # twentieths of a point between the margins of an A4 page
FONT = "Noto Sans CJK SC"
_NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_FILL = {
    Tone.GOOD: "CFE8D5",
    Tone.PART: "FBE7B5",
    Tone.BAD: "F6C6C0",
    Tone.UNSURE: "E3E6EA",
}
_GREY, _RED = RGBColor(0x5B, 0x67, 0x75), RGBColor(0xB3, 0x26, 0x1E)


def render(report: Report) -> bytes:
    return draw(document(report), at=report.made)


def draw(
    made: Document, *, at: float = 0.0, paint: Callable[[str], bytes] | None = picture
) -> bytes:
    """A Document as DOCX. Charts are pictures where they can be painted, else their caption."""
    file: Any = Package()
    _setup(file, made, at)
    _cover(file, made)
    _contents(file, made)
    after_break = True
    for one in made.blocks:
        match one:
            case Heading():
                heading = file.add_heading(one.text, level=min(one.level, 2))
                heading.paragraph_format.page_break_before = False
            case Para():
                _para(file, one)
            case Table():
                _table(file, one)
            case Chart():
                _chart(file, one, paint)
            case Signatures():
                _signatures(file, one)
            case Break() if not after_break:
                file.add_page_break()
        after_break = isinstance(one, Break)
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def _setup(file: Any, made: Document, at: float) -> None:
    section = file.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(1.8)
    section.top_margin, section.bottom_margin = Cm(2.4), Cm(2)
    for name, size in (("Normal", 10), ("Heading 1", 16), ("Heading 2", 12), ("Title", 25)):
        style = file.styles[name]
        style.font.name, style.font.size = FONT, Pt(size)
        style.font.color.rgb = RGBColor(0x1D, 0x27, 0x33)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for kind in ("w:eastAsia", "w:ascii", "w:hAnsi", "w:cs"):
            fonts.set(qn(kind), FONT)
        for kind in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(kind), None)
    when = datetime.fromtimestamp(at, UTC).replace(tzinfo=None)
    core = file.core_properties
    core.title, core.author, core.language = made.title, "清朗 Qinglang", "zh-CN"
    core.subject, core.keywords = made.mark, made.label
    core.created = core.modified = when
    section.different_first_page_header_footer = False
    header, footer = section.header.paragraphs[0], section.footer.paragraphs[0]
    for part in (header, footer):
        part.style = file.styles["Normal"]
        part.paragraph_format.tab_stops.add_tab_stop(Pt(WIDE / 20), WD_TAB_ALIGNMENT.RIGHT)
    _small(header.add_run(f"{made.label}\t{made.mark}"))
    _small(footer.add_run(f"{made.title}\t第 "))
    _field(footer, "PAGE")
    _small(footer.add_run(" 页 共 "))
    _field(footer, "NUMPAGES")
    _small(footer.add_run(" 页"))


def _small(run: Any) -> None:
    run.font.size, run.font.color.rgb = Pt(8), _GREY


def _field(paragraph: Any, code: str, shown: str = "1") -> None:
    xml = (
        f'<w:fldSimple {_NS} w:instr=" {code} "><w:r><w:rPr><w:sz w:val="16"/></w:rPr>'
        f"<w:t>{shown}</w:t></w:r></w:fldSimple>"
    )
    paragraph._p.append(parse_xml(xml))


def _cover(file: Any, made: Document) -> None:
    middle = WD_ALIGN_PARAGRAPH.CENTER
    for text, size, space, color in (
        (made.label, 13, 70, _RED),
        (made.title, 25, 46, None),
        (made.subtitle, 16, 12, _GREY),
        (made.mark, 11, 16, _RED),
    ):
        one = file.add_paragraph()
        one.alignment, one.paragraph_format.space_before = middle, Pt(space)
        run = one.add_run(text)
        run.bold, run.font.size = True, Pt(size)
        if color is not None:
            run.font.color.rgb = color
    file.add_paragraph().paragraph_format.space_before = Pt(70)
    rows = [(Cell(text=name), Cell(text=value)) for name, value in made.facts]
    _grid(file, [1.0, 3.0], rows, title=None, size=21)
    file.add_page_break()


def _contents(file: Any, made: Document) -> None:
    """A field; its stored text lists the chapters, until the program that opens it fills it."""
    head = file.add_paragraph()
    run = head.add_run("目录")
    run.bold, run.font.size = True, Pt(16)
    titles = [one.text for one in made.blocks if isinstance(one, Heading) and one.level == 1]
    runs = "".join(
        f'<w:p><w:r><w:t xml:space="preserve">{escape(one)}</w:t></w:r></w:p>'
        for one in titles[1:-1]
    )
    begin = (
        '<w:r><w:fldChar w:fldCharType="begin" w:dirty="true"/></w:r><w:r><w:instrText '
        'xml:space="preserve"> TOC \\o "1-2" \\h \\z \\u </w:instrText></w:r>'
        '<w:r><w:fldChar w:fldCharType="separate"/></w:r>'
    )
    xml = (
        f"<w:body {_NS}><w:p>{begin}<w:r><w:t>{escape(titles[0])}</w:t></w:r></w:p>{runs}<w:p>"
        f"<w:r><w:t>{escape(titles[-1])}</w:t></w:r>"
        '<w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:body>'
    )
    _put(file, *parse_xml(xml))
    file.add_page_break()


def _put(file: Any, *elements: Any) -> None:
    body = file.element.body
    for one in elements:
        body.insert(len(body) - 1, one)  # the last child is the section's description


def _para(file: Any, one: Para) -> None:
    paragraph = file.add_paragraph()
    run = paragraph.add_run(one.text)
    if one.voice is Voice.MARK:
        run.bold, run.font.color.rgb = True, _RED
    elif one.voice is Voice.NOTE:
        run.font.size, run.font.color.rgb = Pt(8.5), _GREY


def _caption(file: Any, text: str) -> None:
    paragraph = file.add_paragraph()
    paragraph.paragraph_format.keep_with_next = True
    paragraph.paragraph_format.space_after = Pt(3)
    run = paragraph.add_run(text)
    run.bold, run.font.size = True, Pt(9)


def _table(file: Any, one: Table) -> None:
    if not one.rows:
        _caption(file, one.caption)
        file.add_paragraph("无")
        return
    _caption(file, f"{one.caption}（{len(one.rows)}）")
    titles = tuple(Cell(text=title) for title, _ in one.columns)
    _grid(file, [share for _, share in one.columns], one.rows, title=titles, size=16)
    file.add_paragraph().paragraph_format.space_after = Pt(2)


def _grid(
    file: Any,
    shares: list[float],
    rows: Sequence[tuple[Cell, ...]],
    *,
    title: tuple[Cell, ...] | None,
    size: int,
) -> None:
    widths = [int(WIDE * share / sum(shares)) for share in shares]
    edges = "".join(
        f'<w:{side} w:val="single" w:sz="4" w:color="C4CCD5"/>'
        for side in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    parts = [
        f'<w:tbl {_NS}><w:tblPr><w:tblW w:w="{WIDE}" w:type="dxa"/><w:tblBorders>{edges}'
        '</w:tblBorders><w:tblLayout w:type="fixed"/><w:tblCellMar>'
        '<w:left w:w="70" w:type="dxa"/><w:right w:w="70" w:type="dxa"/></w:tblCellMar></w:tblPr>'
        f"<w:tblGrid>{''.join(f'<w:gridCol w:w="{one}"/>' for one in widths)}</w:tblGrid>"
    ]
    if title is not None:
        head = "".join(map(lambda c, w: _cell(c, w, size, head=True), title, widths))
        parts.append(f"<w:tr><w:trPr><w:cantSplit/><w:tblHeader/></w:trPr>{head}</w:tr>")
    for row in rows:
        cells = "".join(_cell(one, wide, size) for one, wide in zip(row, widths, strict=True))
        parts.append(f"<w:tr>{cells}</w:tr>")
    parts.append("</w:tbl>")
    _put(file, parse_xml("".join(parts)))


def _cell(one: Cell, wide: int, size: int, *, head: bool = False) -> str:
    fill = "E8EEF5" if head else _FILL.get(one.tone)
    shade = f'<w:shd w:val="clear" w:color="auto" w:fill="{fill}"/>' if fill else ""
    bold = "<w:b/>" if head else ""
    breaks = "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in one.text.split("\n")
    )
    return (
        f'<w:tc><w:tcPr><w:tcW w:w="{wide}" w:type="dxa"/>{shade}</w:tcPr><w:p><w:pPr>'
        f'<w:spacing w:before="20" w:after="20" w:line="260" w:lineRule="auto"/></w:pPr><w:r>'
        f'<w:rPr>{bold}<w:sz w:val="{size}"/></w:rPr>{breaks}</w:r></w:p></w:tc>'
    )


def _chart(file: Any, one: Chart, paint: Callable[[str], bytes] | None) -> None:
    try:
        image = paint(one.svg) if paint else None
    except WorldError:  # no font: the numbers stand in the table beside it
        image = None
    paragraph = file.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if image is not None:
        paragraph.add_run().add_picture(io.BytesIO(image), width=Cm(17.4 * one.wide))
        paragraph.add_run().add_break(WD_BREAK.LINE)
    _small(paragraph.add_run(one.caption))


def _signatures(file: Any, one: Signatures) -> None:
    rows = [(Cell(text=f"\n{line}\n"), Cell(text=""), Cell(text="\n日期"), Cell(text=""))
            for line in one.lines]  # fmt: skip
    _grid(file, [1.6, 3.2, 0.7, 1.6], rows, title=None, size=20)
