"""The report of a look: the same findings in HTML and XLSX, escaped, without a value."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from audit.checks import CHECKS, load_checks
from audit.lifecycle import access_look
from audit.lifecycle.access_look import blinds
from audit.lifecycle.access_report import WHY, Report, html, xlsx
from audit.lifecycle.gaps import Accepted
from tests.audit.lifecycle.test_access_look import GAP, MORNING, kept, looked

SOURCE = Path(access_look.__file__).read_text(encoding="utf-8")


def report(**more: Any) -> Report:
    look = looked(
        kept(MORNING + n, account="=eve<b>", filtered=False, host="10.0.0.9") for n in range(5)
    )
    made = Report(
        look=look,
        blinds=tuple(blinds(look, [GAP], {}, None)),
        answered=[(replace(GAP, line=9), Accepted(by="ann", reason="停电检修", time=1.0))],
        checks=load_checks(CHECKS / "data-access"),
        rules="abc",
        at=MORNING,
        zone=ZoneInfo("Asia/Shanghai"),
        ends={"db": MORNING},
        shown=lambda name: name.replace("a.log", "<phone>.log"),
    )
    return replace(made, **more)


def test_html(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_look, "KEPT", 3)
    made = html(report())
    assert "2026-11-23 18:00:00" in made  # in the zone
    assert "eve<b>" not in made
    assert "=eve&lt;b&gt;" in made
    assert "a.log" not in made
    assert "&lt;phone&gt;.log:3" in made
    assert "另有 2 条未列出" in made  # of whole-table, five were found
    assert "停电检修" in made
    assert "日志长时间没有一行" in made
    assert "10.0.0.9" not in made
    assert not [one for one in ("src=", "href=", "<script") if one in made]


def test_html_of_nothing() -> None:
    look = looked([kept(tables=("news",))])
    made = html(report(look=look, blinds=(), answered=()))
    assert "没有发现" in made


def test_xlsx_has_no_formulas() -> None:
    book = load_workbook(io.BytesIO(xlsx(report())))
    findings, rules, unknown, answered, logs = (
        list(one.iter_rows(values_only=True)) for one in book.worksheets
    )
    assert findings[1][1] == "whole-table"  # grave first
    assert findings[1][4] == "=eve<b>"
    assert len(findings) == 1 + 6
    assert len(rules) == 1 + len(report().look.file.rules)
    assert unknown[1][0] == "日志长时间没有一行 no line for a long time"
    assert answered[1][3:] == ("ann", "停电检修")
    assert logs[1][0] == "db"
    kinds = {cell.data_type for one in book.worksheets for row in one.iter_rows() for cell in row}
    assert "f" not in kinds


def test_every_reason_has_words() -> None:
    for word in WHY:
        assert word in ("idle", "missing", "unreadable", "changed") or f'"{word}"' in SOURCE
    assert {f'what="{word}"' in SOURCE for word in WHY if " " in word} == {True}
