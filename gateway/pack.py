"""The yearly pack for the audit of minors' personal information, made of real records.

未成年人网络保护条例 art. 37 (confirmed): a yearly compliance audit of how minors'
personal information is handled; filed by the end of January for the year before (CAC
notice of 2025-12-29; secondary). The pack holds counts, looks, deletions and the
verification: no name, no pseudonym, no event code of a pupil's. Pure: records in,
text out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway import reveal
from gateway.findings import Report
from gateway.ledger import Checkpoint
from gateway.retain import RECORD, Retention
from gateway.rows import SHANGHAI

BASIS = (
    ("未成年人网络保护条例", "art. 36", "confirmed", "最小授权、审批、访问记录 / approval, record"),
    ("未成年人网络保护条例", "art. 37", "confirmed", "年度合规审计 / yearly compliance audit"),
    ("网信办通知 2025-12-29", "", "secondary", "次年一月底前报送 / filed by the end of January"),
    (
        "网络安全法(2025 年修订)",
        "art. 23",
        "secondary",
        "网络日志不少于六个月 / six months of logs",
    ),
)
LIMITS = (
    "只覆盖本节点的网关记录,不含其他系统 / covers this node's gateway records, no other system",
    "解密与内容检查只对下发了区级证书的设备有效 / content was seen only on managed devices",
    "未锚定的末尾(至多 60 秒)无法证明 / an unanchored tail of at most 60 s cannot be proven",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Events of the year, counted."""

    events: int = 0
    passed: int = 0
    lost: int = 0
    by_month: Mapping[str, int] = field(default_factory=dict)
    by_action: Mapping[str, int] = field(default_factory=dict)
    by_category: Mapping[str, int] = field(default_factory=dict)
    by_school: Mapping[str, int] = field(default_factory=dict)


def local(second: float) -> str:
    return datetime.fromtimestamp(second, SHANGHAI).isoformat(timespec="seconds")


def pack(
    year: int,
    *,
    node: str,
    tally: Tally,
    checkpoints: Iterable[Checkpoint],
    report: Report,
    rules: Retention,
    now: float,
) -> dict[str, Any]:
    """The pack as one document with stable keys."""
    every = list(checkpoints)
    known = reveal.book(every)
    mine = [one for one in every if local(one.time).startswith(f"{year}-")]
    kinds = Counter(one.kind for one in mine)
    requests = [one for one in known.requests.values() if local(one.made).startswith(f"{year}-")]
    looks = [one for one in mine if one.kind == reveal.LOOK]
    return {
        "year": year,
        "node": node,
        "made": local(now),
        "basis": [dict(zip(("source", "clause", "status", "what"), b, strict=True)) for b in BASIS],
        "processing": {
            "events": tally.events,
            "let_through_counted": tally.passed,
            "only_counted": tally.lost,
            "by_month": dict(sorted(tally.by_month.items())),
            "by_action": dict(sorted(tally.by_action.items())),
            "by_category": dict(sorted(tally.by_category.items())),
            "by_school": dict(sorted(tally.by_school.items())),
            "identified_by": "keyed pseudonym per school; names apart, encrypted",
        },
        "access": {
            "approvers": sorted(known.approvers),
            "requests": len(requests),
            "looks": len(looks),
            "looks_by_school": dict(Counter(str(one.body.get("school", "")) for one in looks)),
            "emergencies": sum(one.break_glass for one in requests),
            "emergencies_not_reviewed": [one.id for one in known.unreviewed(now)],
            "each": [_look(one, known) for one in looks],
        },
        "retention": {
            "floor_months": rules.floor_months,
            "ceiling_days": rules.ceiling_days,
            "holds": [{"id": h.id, "first": h.first, "last": h.last} for h in rules.holds],
            "deletions": [
                {
                    "checkpoint": one.seq,
                    "at": local(one.time),
                    **{name: one.body.get(name) for name in ("day", "rows", "why", "by")},
                }
                for one in mine
                if one.kind == RECORD
            ],
        },
        "integrity": {
            "holds": report.holds,
            "checkpoints": report.checkpoints,
            "anchors": report.anchors,
            "rows_verified": dict(report.rows),
            "rows_not_sealed_yet": dict(report.unsealed),
            "rows_deleted_on_record": report.deleted,
            "findings": [f"{one.what} {one.day} {one.kind} {one.near}" for one in report.findings],
            "gaps": [f"{one.missing} {one.worker} {one.count}" for one in report.gaps],
            "statements": dict(sorted(kinds.items())),
        },
        "limits": list(LIMITS),
    }


def _look(one: Checkpoint, known: reveal.Book) -> dict[str, Any]:
    request = known.requests.get(str(one.body.get("request", "")))
    return {
        "checkpoint": one.seq,
        "at": local(one.time),
        "request": one.body.get("request"),
        "by": one.body.get("by"),
        "approvers": one.body.get("approvers"),
        "reason": request.reason if request else "",
        "break_glass": one.body.get("break_glass"),
        "reviewed": request is not None and request.id in known.reviews,
    }


def markdown(found: Mapping[str, Any]) -> str:
    """The same for people: Chinese first, English beside."""
    processing, access = found["processing"], found["access"]
    retention, integrity = found["retention"], found["integrity"]
    late = ", ".join(access["emergencies_not_reviewed"]) or "无 none"
    verdict = "未发现篡改 nothing was changed" if integrity["holds"] else "有问题 PROBLEMS"
    lines = [
        f"# 未成年人个人信息合规审计材料({found['year']} 年度)",
        "",
        f"Yearly pack for the audit of minors' personal information. 节点 node: {found['node']}, "
        f"生成 made: {found['made']}",
        "",
        "## 依据 Basis",
        "",
        *_table(
            ("来源 source", "条款 clause", "核实 status", "内容 what"),
            map(dict.values, found["basis"]),
        ),
        "",
        "## 处理情况 Processing",
        "",
        f"- 事件 events: {processing['events']}",
        f"- 放行(仅汇总)let through, counted: {processing['let_through_counted']}",
        f"- 仅计数 only counted: {processing['only_counted']}",
        "- 主体以分校密钥的假名记录,姓名另表加密 / subjects are keyed pseudonyms, names apart",
        "",
    ]
    for title, name in (
        ("月份 month", "by_month"),
        ("处置 action", "by_action"),
        ("类别 category", "by_category"),
        ("学校 school", "by_school"),
    ):
        lines += [*_table((title, "事件 events"), processing[name].items()), ""]
    lines += [
        "## 查看个人身份 Looks at a person's identity",
        "",
        f"- 批准人 approvers: {', '.join(access['approvers']) or '无 none'}",
        f"- 申请 requests: {access['requests']}; 查看 looks: {access['looks']}; "
        f"应急 emergencies: {access['emergencies']}",
        f"- 未复核的应急 not reviewed: {late}",
        "",
        *_table(
            ("检查点", "时间 at", "申请人 by", "批准人 approvers", "理由 reason", "应急", "复核"),
            (
                (
                    one["checkpoint"],
                    one["at"],
                    one["by"],
                    " ".join(one["approvers"] or ()),
                    one["reason"],
                    _mark(one["break_glass"]),
                    _mark(one["reviewed"]),
                )
                for one in access["each"]
            ),
        ),
        "",
        "## 保存与删除 Retention",
        "",
        f"- 下限 floor: {retention['floor_months']} 个月 months; "
        f"上限 ceiling: {retention['ceiling_days']} 天 days",
        f"- 依法保全 holds: {len(retention['holds'])}",
        "",
        *_table(
            ("检查点", "删除时间 at", "日期 day", "事件 events", "原因 why", "操作人 by"),
            (
                (
                    one["checkpoint"],
                    one["at"],
                    one["day"],
                    (one["rows"] or {}).get("events", 0),
                    one["why"],
                    one["by"],
                )
                for one in retention["deletions"]
            ),
        ),
        "",
        "## 完整性 Integrity",
        "",
        f"- 结果 result: {verdict}",
        f"- 检查点 checkpoints: {integrity['checkpoints']}; 锚定 anchors: {integrity['anchors']}",
        *(f"- 已核对 verified {kind}: {n}" for kind, n in integrity["rows_verified"].items()),
        *(f"- 问题 finding: {text}" for text in integrity["findings"]),
        *(f"- 缺口 gap: {text}" for text in integrity["gaps"]),
        "",
        "## 局限 Limits",
        "",
        *(f"- {text}" for text in found["limits"]),
        "",
    ]
    return "\n".join(lines)


def _mark(value: object) -> str:
    return "是 yes" if value else "否 no"


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    titles = list(head)
    body = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    if not body:
        return ["无 none"]
    return ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles), *body]


def _cell(value: object) -> str:
    text = str(value).replace("|", "\\|").replace("\n", " ")
    return text.replace("<", "&lt;")
