"""The PDF: Chinese glyphs are there, strings are data, without a font it says what to install."""

import shutil
import subprocess
from pathlib import Path

import pytest

from audit.reports import pdf
from audit.reports.blocks import Chart, Document, Heading, Para, Table, Voice, cell, row, table
from audit.reports.charts import radar
from rules.load import WorldError
from tests.audit.reports.made import HOSTILE, hostile, report


def page(*texts: str) -> Document:
    return Document(
        title="网络安全等级保护自查",
        subtitle=texts[0],
        mark="不构成等级测评结论",
        label="内部资料",
        facts=(("定级对象", texts[0]),),
        blocks=(
            Heading(level=1, text="1 概述"),
            *(Para(text=cell(one).text, voice=Voice.MARK) for one in texts),
            table((("条款", 1), ("说明", 3)), [row(one, one) for one in texts], "单项"),
            Table(columns=(("空", 1),), rows=(), caption="没有"),
            Chart(svg=radar(report().layers), caption="雷达", wide=0.5),
        ),
    )


def test_a_machine_without_chinese_fonts_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="fonts-noto-cjk"):
        pdf.font(str(tmp_path), False)


needs_font = pytest.mark.wire  # the font of `scripts/test-packages.sh`


@needs_font
def test_strings_are_data() -> None:
    made = pdf.draw(page(*(one for one in HOSTILE if one)), at=1.0)
    assert made.startswith(b"%PDF")


@needs_font
def test_the_whole_report_twice_the_same() -> None:
    assert pdf.render(report()) == pdf.render(report())


@needs_font
def test_glyphs(tmp_path: Path) -> None:
    """Every character of our own words comes out again, from an embedded Chinese font."""
    if not shutil.which("pdftotext"):
        pytest.fail("pdftotext is missing: sh scripts/test-packages.sh installs poppler-utils")
    path = tmp_path / "r.pdf"
    path.write_bytes(pdf.render(hostile()))
    fonts = subprocess.run(
        ["pdffonts", str(path)], capture_output=True, text=True, check=True
    ).stdout
    assert "CJK" in fonts
    assert all(line.split()[-5] == "yes" for line in fonts.splitlines()[2:])  # embedded
    text = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(path), "-"], capture_output=True, text=True, check=True
    ).stdout
    for word in (
        "网络安全等级保护",
        "不构成等级测评结论",
        "六层雷达图",
        "符合率",
        "附录",
        "暂不作结论",
    ):
        assert word in text.replace("\n", "").replace(" ", ""), word
    assert '#panic("x")' in text.replace("\n", " ")
    assert "\u202e" not in text


@needs_font
def test_a_chart_as_a_picture() -> None:
    assert pdf.picture(radar(report().layers)).startswith(b"\x89PNG")
