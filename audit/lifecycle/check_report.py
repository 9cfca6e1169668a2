"""Breaches → JSON, lines, HTML and XLSX: what, where, how much, and what to do about it. Pure."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook

from audit.lifecycle.inventory import plain
from audit.lifecycle.inventory_report import environment, sheet
from audit.lifecycle.model import Breach
from audit.model import Check
from rules.model import Text

STAGES = {
    "collect": "收集", "aggregate": "汇聚", "store": "存储",
    "circulate": "流通", "use": "应用", "destroy": "销毁",
}  # fmt: skip
SEVERITIES = {"high": "高", "medium": "中", "low": "低"}
HEADS = [
    "状态", "严重", "环节", "检查", "规则", "位置",
    "情况", "数量", "整改", "条款", "依据", "依据状态",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One breach with what its check says of it."""

    breach: Breach
    remedy: Text
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of one look."""

    district: str
    at: dt.date
    rules: str
    told: Sequence[Told]
    sources: Mapping[str, str]  # name → what it was, or why it could not be looked at

    @property
    def known(self) -> int:
        return sum(one.breach.known for one in self.told)

    @property
    def unknown(self) -> int:
        return len(self.told) - self.known


def told(breaches: Sequence[Breach], checks: Mapping[str, Check]) -> tuple[Told, ...]:
    """Breaches with remedy and clauses."""
    made = []
    for one in breaches:
        check = checks[f"dataset-{one.code}"]
        made.append(
            Told(
                breach=one,
                remedy=check.remedy,
                clauses=tuple(link.control for link in check.serves),
            )
        )
    return tuple(made)


def document(report: Report) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        "qinglang": "data-check",
        "version": 1,
        "district": report.district,
        "at": report.at.isoformat(),
        "rules": report.rules,
        "sources": dict(report.sources),
        "breaches": report.known,
        "unknown": report.unknown,
        "found": [
            {
                **plain(one.breach),
                "known": one.breach.known,
                "place": str(one.breach.at),
                "remedy": plain(one.remedy),
                "clauses": list(one.clauses),
            }
            for one in report.told
        ],
    }


def lines(report: Report) -> list[str]:
    """The report for a terminal."""
    made = [f"{name}: {what}" for name, what in report.sources.items()]
    for one in report.told:
        b = one.breach
        mark = f"[{SEVERITIES[b.severity]} {b.severity}]" if b.known else "[未知 unknown]"
        rule = f"{b.rule} · " if b.rule else ""
        made.append(f"{mark} {b.code} · {rule}{b.at}")
        made.append(f"    {b.what.zh} / {b.what.en}")
        if b.known:
            made.append(f"    → {one.remedy.zh} / {one.remedy.en}")
            made.append(f"    条款 clauses: {', '.join(one.clauses)}")
    made.append(f"违反 breaches {report.known} · 未知 unknown {report.unknown}")
    return made


def html(report: Report) -> str:
    """The report, one file without a network."""
    return (
        environment()
        .get_template("data-check.html")
        .render(report=report, stages=STAGES, severities=SEVERITIES)
    )


def xlsx(report: Report) -> bytes:
    """The workbook: one sheet of findings, one of sources."""
    book = Workbook(write_only=True)
    sheet(book, "发现 Findings", HEADS, (_row(one) for one in report.told))
    sheet(book, "数据源 Sources", ["名称", "情况"], ([*pair] for pair in report.sources.items()))
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _row(one: Told) -> list[Any]:
    b = one.breach
    return [
        "违反" if b.known else "未知",
        SEVERITIES[b.severity],
        STAGES[b.stage],
        b.code,
        b.rule,
        str(b.at),
        b.what.zh,
        b.count,
        one.remedy.zh if b.known else "",
        "、".join(one.clauses),
        "；".join(f"{basis.source} {basis.clause}".strip() for basis in b.basis),
        "；".join(basis.status for basis in b.basis),
    ]
