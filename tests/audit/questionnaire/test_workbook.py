"""The workbook that goes out: protected, with a drop-down, printable, keys hidden."""

from __future__ import annotations

import io

from openpyxl import load_workbook

from audit.questionnaire.model import PLACE
from audit.questionnaire.workbook import COVER, FIRST, KEYS, lines
from tests.audit.questionnaire.sheets import blank, form


def test_the_form() -> None:
    book = load_workbook(io.BytesIO(blank()))
    assert book.sheetnames == [COVER, *form().sheets, KEYS]
    assert book[KEYS].sheet_state == "veryHidden"
    assert book[COVER]["B3"].value == "q1"
    sheet = book[form().sheets[0]]
    assert sheet.protection.sheet
    assert sheet.cell(FIRST, PLACE["text"]).protection.locked
    assert not sheet.cell(FIRST, PLACE["result"]).protection.locked
    assert sheet.column_dimensions["A"].hidden
    rules = {one.type: one for one in sheet.data_validations.dataValidation}
    assert rules["list"].formula1 == '"符合,部分符合,不符合,不适用"'
    assert "date" in rules
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == f"${FIRST - 1}:${FIRST - 1}"


def test_rows_are_tall_enough_for_their_text() -> None:
    assert [lines("", 10), lines("a\nb", 10), lines("字" * 20, 11.5)] == [1, 2, 4]
    sheet = load_workbook(io.BytesIO(blank()))[form().sheets[0]]
    texts = [str(sheet.cell(FIRST, PLACE[name]).value) for name in ("text", "questions")]
    assert sheet.row_dimensions[FIRST].height >= 13 * max(lines(one, 38) for one in texts)
