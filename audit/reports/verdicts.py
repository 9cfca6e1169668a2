"""Chapters 6 to 10 of a report: issues, high risks, the conclusion, repairs, what is unknown.

What is unknown has a chapter of its own, with the reason and the question that would settle it:
it is never read as a pass. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.model import Severity, State, Why
from audit.reports.blocks import TONES, Block, Heading, Para, Voice, cell, number, row, table
from audit.reports.clean import clean
from audit.reports.model import MARK, Issue, Report
from audit.reports.words import REPAIRS, SEVERITIES, WHYS, moment, percent, state
from audit.risk import RiskState

SEVERITY_TONE = {
    Severity.HIGH: TONES[State.FAIL],
    Severity.MEDIUM: TONES[State.PARTIAL],
    Severity.LOW: TONES[State.UNKNOWN],
}
COUNTS = (("符合", 1.0), ("部分符合", 1.2), ("不符合", 1.1), ("不适用", 1.1), ("未知", 1.0))


def summary(report: Report) -> Iterator[Block]:
    score = report.run.score
    yield table(
        COUNTS,
        (
            row(
                number(score.passed, TONES[State.PASS]),
                number(score.partial, TONES[State.PARTIAL]),
                number(score.failed, TONES[State.FAIL]),
                score.not_applicable,
                number(score.unknown, TONES[State.UNKNOWN]),
            ),
        ),
        "各项结果",
    )
    yield Para(
        text=f"结论：{score.conclusion.zh}。"
        + (
            f"符合率 {percent(score.rate)}。"
            if score.rate is not None
            else f"符合率尚不能确定，在 {percent(score.floor)} 与 {percent(score.ceiling)} 之间。"
        )
        + f"高风险 {report.high_count.text.zh} 项，重大风险隐患 {report.hazard_count.text.zh} 项"
        + f"（另有待判定或未知 {_open(report)} 项）；问题 {len(report.issues)} 个。",
        voice=Voice.MARK,
    )


def _open(report: Report) -> int:
    undecided = (RiskState.CANDIDATE, RiskState.UNKNOWN)
    return sum(one.state in undecided for one in (*report.high, *report.hazards))


def clauses_of(report: Report) -> dict[str, str]:
    return {one.id: one.clause for one in report.run.controls}


def issues(report: Report) -> Iterator[Block]:
    count = [sum(one.severity is each for one in report.issues) for each in SEVERITIES]
    yield Para(
        text=f"共 {len(report.issues)} 个问题：高 {count[0]}，中 {count[1]}，低 {count[2]}。"
        "同一问题出现在多个对象上只编一个号。"
    )
    names = {one.id: one.name for one in report.run.targets}
    clauses = clauses_of(report)
    yield table(
        (("编号", 0.8), ("等级", 0.6), ("问题", 3.2), ("涉及对象", 2), ("条款", 1.5)),
        (
            row(one.number, cell(SEVERITIES[one.severity], SEVERITY_TONE[one.severity]),
                one.problem.zh, _where(one, names),
                " ".join(clauses[name] for name in one.controls))
            for one in report.issues
        ),
        "安全问题清单",
    )  # fmt: skip


def _where(issue: Issue, names: dict[str, str]) -> str:
    shown = [clean(names.get(one.target, one.target), 60) for one in issue.places[:8] if one.target]
    more = len(issue.places) - 8
    return "、 ".join(shown) + (f" 等 {len(issue.places)} 个" if more > 0 else "") or "系统整体"


def risky(report: Report) -> Iterator[Block]:
    yield table(
        (("类别", 1.6), ("整改前（已整改）", 1.4), ("待判定", 0.8), ("未知", 0.8), ("已缓解", 0.8)),
        (
            row(title, counted.text.zh, *(
                sum(one.state is each for one in risks)
                for each in (RiskState.CANDIDATE, RiskState.UNKNOWN, RiskState.LOWERED)))
            for title, counted, risks in (
                ("高风险", report.high_count, report.high),
                ("重大风险隐患", report.hazard_count, report.hazards),
            )
        ),
        "数量按整改前填写，括号内为已整改",
    )  # fmt: skip
    for title, risks in (("7.1 高风险", report.high), ("7.2 重大风险隐患", report.hazards)):
        yield Heading(level=2, text=title)
        yield table(
            (("编号", 1), ("名称", 2.2), ("对象", 1.4), ("依据", 3.4)),
            (
                row(one.rule.id, one.rule.title.zh, place.target or "系统整体", place.reason.zh)
                for one in risks
                for place in one.places
                if place.state is RiskState.TRIGGERED
            ),
            "判定成立",
        )
    yield Para(
        text="逐条判定见附录F、附录G。自动检查只能触发高风险判例；重大风险隐患须由人按"
        "相关性、严重性、高发性三项原则判定。",
        voice=Voice.NOTE,
    )


def conclusion(report: Report) -> Iterator[Block]:
    score = report.run.score
    yield from summary(report)
    yield table(
        (("算法", 2.4), ("结果", 1)),
        (
            row("符合率（部分符合计 0）", percent(score.rates.get("0"))),
            row("符合率（部分符合计 0.5）", percent(score.rates.get("0.5"))),
            row("未知全部不符合时的符合率", percent(score.floor)),
            row("未知全部符合时的符合率", percent(score.ceiling)),
            row("加权得分（内部比较用）",
                "—" if score.weighted is None else f"{score.weighted:.2f}"),
        ),
        "符合率与其范围；“未知”留在分母中",
    )  # fmt: skip
    for reason in score.reasons:
        yield Para(text=reason.zh)
    yield Para(
        text="结论用语取自 2025 版报告模板，仅表示按同一规则自查的结果，" + MARK.zh + "。",
        voice=Voice.MARK,
    )


def repairs(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="9.1 整改建议")
    yield table(
        (("编号", 0.8), ("等级", 0.6), ("整改建议", 5.4), ("高风险判例", 1.4)),
        (
            row(one.number, cell(SEVERITIES[one.severity], SEVERITY_TONE[one.severity]),
                one.remedy.zh if one.remedy else "由责任单位提出", "、".join(one.risks) or "—")
            for one in report.issues
        ),
        "整改建议（编号同第6章）",
    )  # fmt: skip
    clauses = clauses_of(report)
    yield Heading(level=2, text="9.2 整改台账")
    yield table(
        (("编号", 1), ("条款", 1), ("对象", 1.2), ("来源", 1.2), ("责任人", 1), ("期限", 1.1),
         ("状态", 1)),
        (
            row(one.id, clauses.get(one.control, one.control), one.target, one.source, one.owner,
                one.due, REPAIRS[one.state])
            for one in report.repairs
        ),
        "整改台账",
    )  # fmt: skip
    yield Heading(level=2, text="9.3 暂缓与接受的风险")
    yield table(
        (("编号", 1), ("条款", 1), ("对象", 1.2), ("理由", 2.6), ("批准人", 1), ("到期", 1.1)),
        (
            row(one.id, clauses.get(one.control, one.control), one.target or "全部", one.reason,
                one.approver, one.expires)
            for one in report.waivers
        ),
        "暂缓（不改变结果，只记录由谁批准、到何日为止）",
    )  # fmt: skip


def unknown(report: Report) -> Iterator[Block]:
    items = [one for one in report.run.items if one.state is State.UNKNOWN]
    yield table(
        (("原因", 1), ("要求项数", 1), ("含义", 3)),
        (
            row(word, sum(one.why is why for one in items), _MEANING[why])
            for why, word in WHYS.items()
        ),
        "未查明的原因",
    )
    yield Heading(level=2, text="10.1 未能取得的证据")
    names = {one.id: one.name for one in report.run.targets}
    yield table(
        (("对象", 1.4), ("探针", 1), ("时间", 1.4), ("原因", 3.4)),
        (
            row(names.get(one.target, one.target), one.probe, moment(one.taken), one.problem)
            for one in report.run.evidence
            if one.problem
        ),
        "未能取得的证据",
    )
    yield Heading(level=2, text="10.2 未查明的要求项")
    controls = {one.id: one for one in report.run.controls}
    yield table(
        (("条款", 1), ("控制点", 1.4), ("原因", 1), ("还需要什么", 4.2)),
        (
            row(
                controls[one.control].clause,
                controls[one.control].point_title.zh,
                WHYS[one.why] if one.why else state(one.state),
                controls[one.control].questions[0].text.zh
                if controls[one.control].questions
                else "",
            )
            for one in items
        ),
        "未查明的要求项与待问的问题",
    )
    used = {one.check for one in report.run.findings}
    limits = sorted(
        (one.title.zh, one.limits.zh)
        for one in report.checks.values()
        if one.limits and one.id in used
    )
    yield Heading(level=2, text="10.3 自动检查的局限")
    yield table((("检查", 1.5), ("局限", 3)), (row(*one) for one in limits), "检查的局限")


_MEANING = {
    Why.NOT_CHECKED: "既没有自动检查结果，也没有人工答复",
    Why.ERROR: "试图检查而失败：不可达、被拒绝或读不出",
    Why.PENDING: "已有证据，须由人判定",
}
