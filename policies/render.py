"""Explanations and case results as text, JSON and JUnit XML. Pure: values in, text out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from xml.etree import ElementTree as Xml

from policies.cases import Outcome
from policies.compile import Snapshot
from policies.explain import Explanation
from rules.model import Signals

_MISSED = {
    None: "✓ 命中 decides",
    "subject": "对象不符 other subjects",
    "expiry": "指令不在有效期 order not in force",
    "hours": "不在时段 other hours",
    "days": "日期不符 other days",
    "unknown-year": "年份的节假日未公布 holidays of this year unknown",
    "categories": "类别不符 other categories",
    "hosts": "网站不符 other hosts",
    "gap": "没有这种缺口 no such gap",
    "names": "声明的名称不一致 claimed names conflict",
    "exempt": "不计入限额 exempt from the quota",
    "within": "限额内,由后面的条款决定 within the quota, later clauses decide",
    "carries": "没有带这么多个人信息 does not carry that much",
    "pins": "只决定不解密 only pins undecrypted",
    "not-reached": "已有裁决 already decided",
}


def explanation_lines(found: Explanation, signals: Signals, snapshot: Snapshot) -> list[str]:
    """The explanation for a person: verdict, words, basis, and every clause tried."""
    verdict = found.verdict
    enforced = "" if verdict.enforced is verdict.action else f"(执行 enforced: {verdict.enforced})"
    who = found.subject
    lines = [
        f"裁决 verdict   {verdict.action} {enforced}  {verdict.clause}",
        f"条款 clause    {verdict.reason.title.zh} / {verdict.reason.title.en}",
        f"说明 reason    {verdict.reason.text.zh}",
        f"               {verdict.reason.text.en}",
        f"主体 subject   {who.role} {who.stage or '-'} {who.school or '-'} {who.group or '-'}",
        f"策略 profile   {verdict.profile}  深度 depth {verdict.depth}"
        f"  解密 inspect {'是 yes' if verdict.inspect else '否 no'}",
        f"日期 days      {', '.join(found.days)}",
        f"类别 category  {', '.join(snapshot.kinds.ids(verdict.mask))}",
    ]
    lines += [
        f"线索 signal    {s.category} ← {s.recogniser}: {s.matched} {s.list}".rstrip()
        for s in signals.items
    ]
    lines += [
        f"依据 basis     {b.source} {b.clause} [{b.status}]".rstrip() for b in verdict.reason.basis
    ]
    lines += [f"快照 snapshot  {verdict.snapshot}", f"轨迹 trace     {verdict.trace}"]
    for step in found.steps:
        tail = f": {step.detail}" if step.detail else ""
        lines.append(f"  {step.clause} → {step.action}  {_MISSED[step.missed]}{tail}")
    return lines


def explanation_json(found: Explanation, signals: Signals, snapshot: Snapshot) -> dict[str, Any]:
    """The explanation as one document with stable keys."""
    verdict = asdict(found.verdict)
    verdict["categories"] = list(snapshot.kinds.ids(verdict.pop("mask")))
    return {
        "verdict": verdict,
        "subject": asdict(found.subject),
        "days": list(found.days),
        "signals": [asdict(signal) for signal in signals.items],
        "steps": [asdict(step) for step in found.steps],
        "rulebase": snapshot.rulebase,
    }


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """The cases as a JUnit report, one suite."""
    failures = sum(bool(outcome.wrong) for outcome in outcomes)
    suite = Xml.Element(
        "testsuite", name="policy", tests=str(len(outcomes)), failures=str(failures)
    )
    for outcome in outcomes:
        case = Xml.SubElement(suite, "testcase", classname=outcome.policy, name=outcome.case.title)
        if outcome.wrong:
            text = "; ".join(outcome.wrong)
            Xml.SubElement(case, "failure", message=text).text = text
    return bytes(Xml.tostring(suite, encoding="utf-8", xml_declaration=True))
