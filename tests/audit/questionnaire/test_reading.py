"""A returned workbook: answers, and all that people and enemies do to a file."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from audit.model import State
from audit.questionnaire.model import PLACE, Returned
from audit.questionnaire.reading import read
from audit.questionnaire.workbook import COVER, FIRST
from rules.load import DataError
from tests.audit.questionnaire.sheets import KEYS, TODAY, blank, catalog, changed, form

SHEETS = form().sheets


def fill(sheet: Any, row: int, **values: Any) -> None:
    for name, value in values.items():
        sheet.cell(row, PLACE[name], value)


def got(data: bytes) -> Returned:
    return read(data, "f.xlsx", catalog(), TODAY)


def test_a_blank_form_is_all_unknown() -> None:
    found = got(blank())
    assert (found.answers, found.problems) == ((), ())
    assert sorted(found.open) == sorted(KEYS)
    assert found.header == form().header


def test_filled_in() -> None:
    def change(book: Workbook) -> None:
        for name in SHEETS:
            fill(book[name], FIRST, result="符合", by="李", date=datetime(2026, 9, 1))  # noqa: DTZ001
        fill(book[SHEETS[0]], FIRST + 1, result="不适用", reason="无", approver="王", by="李",
             date="2026-09-02")  # fmt: skip

    found = got(changed(change))
    assert found.complete
    assert sorted(one.state for one in found.answers) == [
        State.NOT_APPLICABLE, State.PASS, State.PASS,
    ]  # fmt: skip


def test_every_fault_by_sheet_and_cell_at_once() -> None:
    def change(book: Workbook) -> None:
        sheet = book[SHEETS[0]]
        fill(sheet, FIRST, result="=1+1", by="李", date="2026-09-01")
        fill(sheet, FIRST + 1, result="不错", by="李", date=46266, key="x")
        sheet.merge_cells(f"H{FIRST + 3}:I{FIRST + 4}")
        book.create_sheet("我的表")
        del book[SHEETS[1]]

    found = got(changed(change))
    said = [str(one) for one in found.problems]
    for place in (f"!H{FIRST}:", f"!A{FIRST + 1}:", f"!H{FIRST + 3}:I", "我的表", SHEETS[1]):
        assert any(place in one for one in said), place
    assert not found.answers


def test_a_merged_row_stays_open() -> None:
    def change(book: Workbook) -> None:
        fill(book[SHEETS[0]], FIRST, result="符合", by="李", date="2026-09-01")
        book[SHEETS[0]].merge_cells(f"H{FIRST}:H{FIRST + 1}")

    found = got(changed(change))
    assert not found.answers
    assert set(KEYS) == set(found.open)
    assert len(found.problems) == 1


@pytest.mark.parametrize("place", ["B3", "B8"])
def test_a_spoiled_cover(place: str) -> None:
    with pytest.raises(DataError, match=COVER):
        got(changed(lambda book: book[COVER].__setitem__(place, None)))


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (100 * 1024 * 1024))
    return out.getvalue()


def stranger() -> bytes:
    out = io.BytesIO()
    Workbook().save(out)
    return out.getvalue()


def entities() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(blank())) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "xl/workbook.xml":
                data = b'<!DOCTYPE a [<!ENTITY b "cc">]><workbook>&b;</workbook>'
            new.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no workbook"), (b"PK\3\4", "no workbook"), (b"\xd0\xcf\x11\xe0", "no workbook"),
        (bomb(), "too much"), (stranger(), "not a questionnaire"), (entities(), "a DTD"),
        (b"x" * (17 << 20), "too large"),
    ],
    ids=["empty", "cut", "xls", "bomb", "stranger", "entities", "large"],
)  # fmt: skip
def test_what_is_no_questionnaire(data: bytes, said: str) -> None:
    with pytest.raises(DataError, match=said):
        got(data)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, len(blank()) - 1), st.binary(min_size=1, max_size=8))
def test_spoiled_bytes(at: int, noise: bytes) -> None:
    data = blank()
    with contextlib.suppress(DataError):
        got(data[:at] + noise + data[at + len(noise) :])
