"""Reports for people."""

import io

from openpyxl import load_workbook

from audit.lifecycle.inventory_report import html, xlsx
from audit.lifecycle.model import Address, By, Inventory, Judged, Table
from rules.model import Text
from rules.recognise.personal.kinds import Kind


def inventory(name="手机"):
    at = Address(source="s", schema="p", table="=cmd()", column=name)
    column = Judged(
        at=at,
        kind=Kind.PHONE,
        by=By.VALUES,
        sampled=3,
        suspected=1.0,
        conflict=True,
        header_says=Kind.ID_CARD,
        values_say=Kind.PHONE,
        mixed=(Kind.NAME,),
    )
    table = Table(source="s", schema="p", name="=cmd()", rows=3, columns=(column,), minors=0.25)
    lost = Table(
        source="s",
        schema="p",
        name="lost",
        rows=None,
        columns=(),
        problem=Text(zh="没有读取权限", en="no right"),
    )
    return Inventory(at=0.0, seed=1, tables=(table, lost))


def test_html_stands_alone_and_escapes():
    made = html(inventory("<script>"))
    assert "&lt;script&gt;" in made
    assert "<script>" not in made
    assert "没有读取权限" in made
    assert "http" not in made
    assert "1970-01-01 08:00" in made
    assert "@media print" in made


def test_the_workbook():
    book = load_workbook(io.BytesIO(xlsx(inventory("a\x07b"))))
    assert book.sheetnames == ["表 Tables", "列 Columns", "关联 Links"]
    cells = list(book["列 Columns"].iter_rows(min_row=2, values_only=True))
    assert cells[0][3] == "ab"
    assert book["表 Tables"]["C2"].data_type == "s"
    assert cells[0][5] == "手机号"


def test_nothing_at_all():
    assert "表 0" in html(Inventory(at=0.0, seed=1, tables=()))
