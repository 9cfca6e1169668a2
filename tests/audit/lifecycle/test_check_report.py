"""The report in its four forms: the same findings, with what to do about each."""

import io
import json
from html.parser import HTMLParser

from openpyxl import load_workbook

from audit.checks import CHECKS, load_checks
from audit.lifecycle.breaches import breach, unknown
from audit.lifecycle.check_report import Report, document, html, lines, told, xlsx
from audit.lifecycle.model import Address
from rules.model import Basis, Status, Text
from tests.audit.lifecycle.check_world import AT

PLACE = Address(source="district", table="=students<b>")
BASIS = (Basis(source="个人信息保护法", clause="19", status=Status.CONFIRMED),)
FOUND = (
    breach("overdue", "roll/left", PLACE, "3 行超过", "3 rows beyond", count=3, basis=BASIS),
    unknown("grant", "roll", PLACE, Text(zh="无权查看", en="denied")),
)
REPORT = Report(
    district="示例区", at=AT, rules="abc", told=told(FOUND, load_checks(CHECKS / "dataset")),
    sources={"district": "pg · 表 tables 3"},
)  # fmt: skip


def test_counts_and_json() -> None:
    assert (REPORT.known, REPORT.unknown) == (1, 1)
    made = json.loads(json.dumps(document(REPORT), ensure_ascii=False))
    assert made["breaches"] == 1
    assert made["found"][0]["code"] == "overdue"
    assert made["found"][0]["remedy"]["zh"]
    assert made["found"][0]["clauses"]
    assert made["found"][1]["known"] is False


def test_lines() -> None:
    said = "\n".join(lines(REPORT))
    assert "[高 high] overdue" in said
    assert "[未知 unknown] grant" in said
    assert "→" in said
    assert "违反 breaches 1 · 未知 unknown 1" in said


def test_html_escapes_and_stands_alone() -> None:
    class Look(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.tags: set[str] = set()
            self.outside: list[str] = []

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            self.outside += [v or "" for k, v in attrs if k in ("src", "href")]

    made = html(REPORT)
    look = Look()
    look.feed(made)
    assert "script" not in look.tags
    assert not [one for one in look.outside if "//" in one]
    assert "students<b>" not in made
    assert "3 行超过" in made
    assert "无权查看" in made


def test_xlsx_has_no_formulas() -> None:
    book = load_workbook(io.BytesIO(xlsx(REPORT)))
    findings, sources = book.worksheets
    rows = list(findings.iter_rows(values_only=True))
    assert len(rows) == 3
    assert rows[1][0] == "违反"
    assert rows[2][0] == "未知"
    assert "个人信息保护法 19" in rows[1]
    kinds = {cell.data_type for row in findings.iter_rows() for cell in row}
    assert "f" not in kinds
    assert [row[0] for row in sources.iter_rows(values_only=True)][1:] == ["district"]
