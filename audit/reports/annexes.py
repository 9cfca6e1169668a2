"""The annexes of a report as blocks: assets, earlier runs, items, one record per asset, evidence,
the 81 + 32 risk rules, the 36 cells, sources. What there is none of is said, never left out.

The letters follow what is publicly told of the 2025 template (A to I); J is our own. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from audit.model import Finding, ItemResult, State, Target
from audit.reports import charts
from audit.reports.blocks import (
    RISK_TONES,
    TONES,
    Block,
    Break,
    Cell,
    Chart,
    Heading,
    Para,
    Voice,
    cell,
    row,
    table,
)
from audit.reports.model import TIERS, Report
from audit.reports.words import (
    DEFENCES,
    OBJECTS,
    RISKS,
    STATES,
    STATUSES,
    moment,
    percent,
    state,
)
from audit.risk import Risk
from rules.model import Status


def annexes(report: Report) -> Iterator[Block]:
    for letter, title, write in _ANNEXES:
        yield Break()
        yield Heading(level=1, text=f"附录{letter} {title}", id=f"a{letter}")
        yield from write(report)


def _assets(report: Report) -> Iterator[Block]:
    yield table(
        (("编号", 1.4), ("名称", 1.6), ("类别", 1), ("平台", 1.1), ("地址", 1.5), ("数量", 0.6),
         ("互联网可达", 0.8)),
        (
            row(one.id, one.name, OBJECTS[one.kind], one.platform or "—", one.address or "—",
                one.count, "是" if one.exposed else "否")
            for one in report.run.targets
        ),
        "资产清单",
    )  # fmt: skip


def _earlier(report: Report) -> Iterator[Block]:
    if report.earlier:
        yield Chart(svg=charts.trend(report.earlier), caption="历次符合率", wide=0.9)
        yield Para(
            text="绿色为按“未知全部不符合”计算的符合率，灰色为尚未查明的部分。", voice=Voice.NOTE
        )
    yield table(
        (("运行", 1.6), ("时间", 1.4), ("符合率下限", 1), ("上限", 1), ("不符合", 0.8),
         ("未知", 0.8), ("高风险", 0.8)),
        (
            row(one.id, moment(one.taken), percent(one.floor), percent(one.ceiling), one.failed,
                one.unknown, one.high_risks)
            for one in report.earlier
        ),
        "历次运行",
    )  # fmt: skip


def _items(report: Report) -> Iterator[Block]:
    controls = {one.id: one for one in report.run.controls}
    yield table(
        (("条款", 1.05), ("控制点", 1.15), ("要求（转述）", 3.3), ("结果", 1.5), ("说明", 2.1)),
        (
            row(
                controls[one.control].clause,
                controls[one.control].point_title.zh,
                controls[one.control].text.zh,
                cell(state(one.state, one.why), TONES[one.state]),
                _said(one, report),
            )
            for one in report.run.items
        ),
        "单项结果汇总",
        filters=True,
    )


def _said(result: ItemResult, report: Report) -> str:
    """Why, short: failing checks first, then the reason given."""
    lacking = dict.fromkeys(
        report.checks[one.check].title.zh if one.check in report.checks else one.check
        for one in result.findings
        if one.state in (State.FAIL, State.PARTIAL)
    )
    if lacking:
        more = len(lacking) - 3
        return "；".join(list(lacking)[:3]) + (f" 等 {len(lacking)} 项" if more > 0 else "")
    return result.reason.zh if result.reason else ""


def _records(report: Report) -> Iterator[Block]:
    if not report.run.targets:
        yield Para(text="无")
    for number, target in enumerate(report.run.targets, 1):
        if number > 1:
            yield Break()
        yield Heading(level=2, text=f"D.{number} {cell(target.name, most=60).text}")
        yield from _record(report, target)


def _record(report: Report, target: Target) -> Iterator[Block]:
    controls = {one.id: one for one in report.run.controls}
    mine = [one for one in report.run.single if one.target == target.id]
    count = "，".join(
        f"{word} {sum(one.state is each for one in mine)}" for each, word in STATES.items()
    )
    kind, platform = OBJECTS[target.kind], target.platform or "—"
    yield Para(text=f"类别：{kind}；平台：{platform}；地址：{target.address or '—'}。{count}。")
    yield table(
        (("条款", 1.1), ("控制点", 1.3), ("结果", 1.4), ("说明", 4.2)),
        (
            row(controls[one.control].clause, controls[one.control].point_title.zh,
                cell(state(one.state, one.why), TONES[one.state]), _said(one, report))
            for one in mine
        ),
        "该对象的要求项",
    )  # fmt: skip
    yield table(
        (("检查", 2.2), ("结果", 1.4), ("所见", 3), ("证据", 1.4)),
        (_finding(one, report) for one in report.run.findings
         if one.target == target.id and one.state in _WORTH),
        "该对象的自动检查：不符合、部分符合与未知",
    )  # fmt: skip
    passed = sum(one.target == target.id and one.state not in _WORTH for one in report.run.findings)
    yield Para(text=f"另有 {passed} 次检查为符合或不适用，见 JSON 或 XLSX。", voice=Voice.NOTE)


_WORTH = (State.FAIL, State.PARTIAL, State.UNKNOWN)


def _finding(one: Finding, report: Report) -> tuple[Cell, ...]:
    title = report.checks[one.check].title.zh if one.check in report.checks else one.check
    seen = one.seen or one.reason.zh
    return row(
        title,
        cell(state(one.state, one.why), TONES[one.state]),
        cell(seen, most=300),
        " ".join(one.evidence) or "—",
    )


def _evidence(report: Report) -> Iterator[Block]:
    yield Para(
        text="证据正文不在报告中；下表为何人、何时、以何法取得何物。摘要为去密后正文的 SHA-256。",
        voice=Voice.NOTE,
    )
    yield table(
        (("编号", 1.7), ("对象", 1.2), ("探针 / 版本", 1.2), ("取得", 1.2), ("证据日期", 1.2),
         ("方法 / 采集者", 1.8), ("摘要", 2)),
        (
            row(one.id, one.target, f"{one.probe} {one.version[:12]}".strip(), moment(one.taken),
                moment(one.dated), f"{one.method} {one.collector}".strip(),
                one.digest or ("（已略去）" if report.masked else one.problem or "无"))
            for one in report.run.evidence
        ),
        "证据目录",
    )  # fmt: skip
    yield table(
        (("编号", 1), ("条款", 1.2), ("对象", 1), ("结果", 0.9), ("答复人", 1), ("日期", 1.2),
         ("理由", 2.6)),
        (
            row(one.id, one.control.rpartition(":")[2], one.target or "全部",
                cell(STATES[one.state], TONES[one.state]), one.by, moment(one.dated), one.reason)
            for one in report.answers
        ),
        "人工答复",
    )  # fmt: skip


def _rules(risks: tuple[Risk, ...]) -> list[tuple[Cell, ...]]:
    return [
        row(
            one.rule.id,
            one.rule.title.zh,
            one.rule.trigger.zh,
            "；".join(f"{n}. {m.zh}" for n, m in enumerate(one.rule.mitigations, 1)) or "—",
            cell(RISKS[one.state], RISK_TONES[one.state]),
            STATUSES[one.rule.basis.status],
        )
        for one in risks
    ]


_RULE_COLUMNS = (
    ("编号", 1.05),
    ("名称", 1.6),
    ("触发情形（转述）", 2.6),
    ("可能的缓解", 2.4),
    ("判定", 0.8),
    ("来源", 0.85),
)


def _high(report: Report) -> Iterator[Block]:
    yield table(_RULE_COLUMNS, _rules(report.high), f"高风险判例 {len(report.high)} 条逐条判定")


def _hazards(report: Report) -> Iterator[Block]:
    yield table(
        _RULE_COLUMNS,
        _rules(report.hazards),
        f"重大风险隐患触发项 {len(report.hazards)} 条逐条判定",
    )


def _matrix(report: Report) -> Iterator[Block]:
    yield Para(text=report.matrix.own.zh, voice=Voice.NOTE)
    yield table(
        (("层面", 0.7), ("防御", 1.1), ("目标", 3), ("条款", 2.6), ("结果", 1), ("符合/适用", 0.9)),
        (
            row(
                TIERS[one.cell.tier].zh,
                DEFENCES[one.cell.defence],
                one.cell.aim.zh,
                " ".join(one.cell.clauses),
                cell(STATES[one.state], TONES[one.state]),
                f"{one.passed}/{one.passed + one.partial + one.failed + one.unknown}",
            )
            for one in report.cells
        ),
        "六层×六防逐格",
    )


def _threats(_: Report) -> Iterator[Block]:
    yield Para(text="无（本报告不自行列举威胁；问题与风险见第6、7章）。")


def _sources(report: Report) -> Iterator[Block]:
    yield table(
        (("来源", 3.4), ("核实状态", 1), ("要求项", 0.8), ("备注", 3)),
        (
            row(one.basis.source, STATUSES[one.basis.status], one.used, one.basis.note or "—")
            for one in report.sources
        ),
        "要求项的来源",
    )
    rules = [(one.rule.basis, one.hazard) for one in (*report.high, *report.hazards)]
    grouped = dict.fromkeys((one.source, STATUSES[one.status], one.note) for one, _ in rules)
    yield table(
        (("来源", 3.4), ("核实状态", 1), ("备注", 3.8)),
        (row(source, status, note or "—") for source, status, note in grouped),
        "风险判定规则的来源",
    )
    yield table(
        (("设定", 1.4), ("取值", 0.8), ("理由", 3.2), ("出处", 2.2), ("核实状态", 1)),
        (
            row(name, told["value"], told["zh"], told["source"], STATUSES[Status(told["status"])])
            for name, told in report.run.score.settings.items()
            if isinstance(told, Mapping)
        ),
        "结论规则的设定",
    )


_ANNEXES = (
    ("A", "资产清单", _assets),
    ("B", "历次运行与趋势", _earlier),
    ("C", "单项结果汇总", _items),
    ("D", "各对象检查记录", _records),
    ("E", "证据目录", _evidence),
    ("F", "高风险判例逐条判定", _high),
    ("G", "重大风险隐患触发项逐条判定", _hazards),
    ("H", "六层×六防矩阵", _matrix),
    ("I", "威胁列表", _threats),
    ("J", "依据、来源与核实状态", _sources),
)
