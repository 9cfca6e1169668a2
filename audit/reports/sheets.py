"""The report as tables: the sheets of a workbook (XLSX) and one flat table (CSV).

Whoever opens them in a table program must not run what a target wrote: cells that would be
formulas are defused, and numbers stay numbers. Sheets are values first (`sheets`).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill

from audit.model import State
from audit.reports.clean import clean, defused
from audit.reports.model import MARK, TIERS, Report
from audit.reports.words import (
    DEFENCES,
    OBJECTS,
    REPAIRS,
    RISKS,
    SEVERITIES,
    STATES,
    STATUSES,
    WHYS,
    moment,
)

LONGEST = 8_000
type Value = str | int | float
_FILL = {
    STATES[State.PASS]: "CFE8D5",
    STATES[State.PARTIAL]: "FBE7B5",
    STATES[State.FAIL]: "F6C6C0",
    STATES[State.UNKNOWN]: "E3E6EA",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One table: titles with widths in characters, and its rows."""

    name: str
    columns: tuple[tuple[str, int], ...]
    rows: tuple[tuple[Value, ...], ...]


def sheets(report: Report) -> tuple[Sheet, ...]:
    return (_summary(report), _items(report), _issues(report), _findings(report), _single(report),
            _risks(report), _matrix(report), _repairs(report), _evidence(report),
            _targets(report))  # fmt: skip


def _summary(report: Report) -> Sheet:
    score = report.run.score
    rows: list[tuple[Value, ...]] = [
        ("标记", MARK.zh),
        ("密级", report.label),
        ("定级对象", report.system.name),
        ("责任单位", report.organisation.name),
        ("等级", report.run.level),
        ("报告时间", moment(report.made)),
        ("结论", score.conclusion.zh),
        ("符合率", "未定" if score.rate is None else round(score.rate, 4)),
        ("符合率下限", round(score.floor, 4)),
        ("符合率上限", round(score.ceiling, 4)),
        ("符合", score.passed),
        ("部分符合", score.partial),
        ("不符合", score.failed),
        ("不适用", score.not_applicable),
        ("未知", score.unknown),
        ("高风险（整改前）", report.high_count.text.zh),
        ("重大风险隐患（整改前）", report.hazard_count.text.zh),
        ("目录版本", "" if report.masked else report.run.catalog),
    ]
    return Sheet(name="摘要", columns=(("项目", 26), ("内容", 70)), rows=tuple(rows))


def _items(report: Report) -> Sheet:
    controls = {one.id: one for one in report.run.controls}
    return Sheet(
        name="单项结果",
        columns=(("条款", 14), ("控制点", 20), ("要求（转述）", 60), ("结果", 11), ("原因", 12),
                 ("等级", 7), ("说明", 50), ("不符合的检查", 40), ("来源状态", 10)),
        rows=tuple(
            (
                (c := controls[one.control]).clause,
                c.point_title.zh,
                c.text.zh,
                STATES[one.state],
                WHYS[one.why] if one.why else "",
                SEVERITIES[one.severity] if one.severity else "",
                one.reason.zh if one.reason else "",
                " ".join(dict.fromkeys(f.check for f in one.findings if f.state in _LACKING)),
                STATUSES[c.status],
            )
            for one in report.run.items
        ),
    )  # fmt: skip


_LACKING = (State.FAIL, State.PARTIAL)


def _issues(report: Report) -> Sheet:
    return Sheet(
        name="问题与整改",
        columns=(("编号", 8), ("等级", 7), ("问题", 50), ("对象", 30), ("条款", 26), ("所见", 50),
                 ("整改建议", 60), ("高风险判例", 14), ("检查", 30)),
        rows=tuple(
            (
                one.number,
                SEVERITIES[one.severity],
                one.problem.zh,
                "、".join(each.target for each in one.places),
                " ".join(name.rpartition(":")[2] for name in one.controls),
                "\n".join(dict.fromkeys(each.seen for each in one.places if each.seen)),
                one.remedy.zh if one.remedy else "",
                " ".join(one.risks),
                one.check,
            )
            for one in report.issues
        ),
    )  # fmt: skip


def _findings(report: Report) -> Sheet:
    return Sheet(
        name="检查结果",
        columns=(("对象", 18), ("检查", 34), ("标题", 40), ("结果", 11), ("原因", 12), ("等级", 7),
                 ("说明", 40), ("所见", 50), ("证据", 34), ("检查版本", 18)),
        rows=tuple(
            (
                one.target,
                one.check,
                report.checks[one.check].title.zh if one.check in report.checks else "",
                STATES[one.state],
                WHYS[one.why] if one.why else "",
                SEVERITIES[one.severity],
                one.reason.zh,
                one.seen,
                " ".join(one.evidence),
                one.version,
            )
            for one in report.run.findings
        ),
    )  # fmt: skip


def _single(report: Report) -> Sheet:
    return Sheet(
        name="对象×条款",
        columns=(("对象", 18), ("条款", 14), ("结果", 11), ("原因", 12), ("说明", 60)),
        rows=tuple(
            (one.target, one.control.rpartition(":")[2], STATES[one.state],
             WHYS[one.why] if one.why else "", one.reason.zh if one.reason else "")
            for one in report.run.single
        ),
    )  # fmt: skip


def _risks(report: Report) -> Sheet:
    return Sheet(
        name="高风险与隐患",
        columns=(("类别", 14), ("编号", 14), ("名称", 34), ("判定", 10), ("对象", 24), ("依据", 60),
                 ("来源状态", 10)),
        rows=tuple(
            (
                "重大风险隐患" if one.hazard else "高风险判例",
                one.rule.id,
                one.rule.title.zh,
                RISKS[one.state],
                "、".join(p.target for p in one.places if p.state is one.state and p.target),
                next((p.reason.zh for p in one.places if p.state is one.state), ""),
                STATUSES[one.rule.basis.status],
            )
            for one in (*report.high, *report.hazards)
        ),
    )  # fmt: skip


def _matrix(report: Report) -> Sheet:
    return Sheet(
        name="六层六防",
        columns=(("层面", 8), ("防御", 12), ("目标", 40), ("条款", 40), ("结果", 11), ("符合", 7),
                 ("部分符合", 9), ("不符合", 8), ("未知", 7)),
        rows=tuple(
            (TIERS[one.cell.tier].zh, DEFENCES[one.cell.defence], one.cell.aim.zh,
             " ".join(one.cell.clauses), STATES[one.state], one.passed, one.partial, one.failed,
             one.unknown)
            for one in report.cells
        ),
    )  # fmt: skip


def _repairs(report: Report) -> Sheet:
    return Sheet(
        name="整改台账",
        columns=(("编号", 14), ("条款", 14), ("对象", 18), ("检查", 28), ("来源", 20),
                 ("发现", 12), ("期限", 12), ("责任人", 14), ("状态", 10), ("记录", 50)),
        rows=tuple(
            (one.id, one.control.rpartition(":")[2], one.target, one.check, one.source, one.opened,
             one.due, one.owner, REPAIRS[one.state], "\n".join(one.notes))
            for one in report.repairs
        ),
    )  # fmt: skip


def _evidence(report: Report) -> Sheet:
    return Sheet(
        name="证据",
        columns=(("编号", 34), ("对象", 18), ("探针", 14), ("方法", 40), ("取得", 18),
                 ("证据日期", 18), ("采集者", 20), ("版本", 18), ("摘要", 68),
                 ("未能取得的原因", 50)),
        rows=tuple(
            (one.id, one.target, one.probe, one.method, moment(one.taken), moment(one.dated),
             one.collector, one.version, one.digest, one.problem)
            for one in report.run.evidence
        ),
    )  # fmt: skip


def _targets(report: Report) -> Sheet:
    return Sheet(
        name="资产",
        columns=(("编号", 18), ("名称", 24), ("类别", 12), ("平台", 14), ("地址", 20), ("数量", 7),
                 ("互联网可达", 11)),
        rows=tuple(
            (one.id, one.name, OBJECTS[one.kind], one.platform, one.address, one.count,
             "是" if one.exposed else "否")
            for one in report.run.targets
        ),
    )  # fmt: skip


def _safe(value: Value) -> Value:
    return defused(clean(value, LONGEST)) if isinstance(value, str) else value


def workbook(report: Report) -> bytes:
    """XLSX: a sheet a table, first row fixed, filters on."""
    book = Workbook(write_only=True)
    for sheet in sheets(report):
        page = book.create_sheet(sheet.name)
        page.freeze_panes = "A2"
        page.oddHeader.left.text = clean(report.label, 40).replace("&", "&&")
        page.oddHeader.right.text = MARK.zh
        page.oddFooter.center.text = "&P / &N"
        page.page_setup.orientation = "landscape"
        page.page_setup.fitToHeight = 0
        page.sheet_properties.pageSetUpPr.fitToPage = True
        for number, (_, wide) in enumerate(sheet.columns):
            page.column_dimensions[_letter(number)].width = wide
        page.auto_filter.ref = f"A1:{_letter(len(sheet.columns) - 1)}{len(sheet.rows) + 1}"
        page.append([_styled(page, title, head=True) for title, _ in sheet.columns])
        for row in sheet.rows:
            page.append([_styled(page, one) for one in row])
    at = datetime.fromtimestamp(report.made, UTC).replace(tzinfo=None)
    book.properties.title, book.properties.created = MARK.zh, at
    book.properties.creator, book.properties.modified = "清朗 Qinglang", at
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _letter(number: int) -> str:
    return chr(ord("A") + number)


_WRAP = Alignment(wrap_text=True, vertical="top")
_HEAD = PatternFill("solid", fgColor="E8EEF5")
_BOLD = Font(bold=True)
_TONES = {word: PatternFill("solid", fgColor=color) for word, color in _FILL.items()}


def _styled(page: object, value: Value, *, head: bool = False) -> WriteOnlyCell:
    safe = _safe(value)
    one = WriteOnlyCell(page, value=safe)
    if isinstance(safe, str):
        one.data_type = "s"
        one.alignment = _WRAP
    if head:
        one.font, one.fill = _BOLD, _HEAD
    elif value in _TONES:
        one.fill = _TONES[value]
    return one


def table(report: Report) -> bytes:
    """CSV: the items, one a line, with a mark above; a byte order mark for table programs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    for row in _lines(report):
        writer.writerow([_safe(one) for one in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _lines(report: Report) -> Iterator[tuple[Value, ...]]:
    sheet = _items(report)
    yield (*(title for title, _ in sheet.columns), "标记", "密级")
    for row in sheet.rows:
        yield (*row, MARK.zh, report.label)
