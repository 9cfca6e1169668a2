"""A Report as blocks: cover, declaration, ten chapters; the annexes follow (`annexes`).

The order follows what is publicly told of the 2025 template (front pages, chapters 1-10,
annexes); titles and words are ours, and what only a 测评机构 may state is left out. Text from
targets and people goes through `blocks.cell`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.model import Link, State
from audit.reports import charts
from audit.reports.annexes import annexes
from audit.reports.blocks import (
    TONES,
    Block,
    Cell,
    Chart,
    Document,
    Heading,
    Para,
    Signatures,
    Voice,
    cell,
    number,
    row,
    table,
)
from audit.reports.clean import clean
from audit.reports.model import MARK, Report, Share
from audit.reports.verdicts import (
    COUNTS,
    clauses_of,
    conclusion,
    issues,
    repairs,
    risky,
    summary,
    unknown,
)
from audit.reports.words import (
    OBJECTS,
    STATES,
    moment,
    percent,
)


def document(report: Report) -> Document:
    """The whole report for paper."""
    return Document(
        title="网络安全等级保护自查/预评估报告",
        subtitle=clean(report.system.name, 80),
        mark=MARK.zh,
        label=clean(report.label, 40),
        facts=(
            ("定级对象", clean(report.system.name, 80)),
            ("安全保护等级", f"第{'零一二三四'[report.run.level]}级"),
            ("责任单位", clean(report.organisation.name, 80)),
            *((("上级单位", clean(report.above, 80)),) if report.above else ()),
            ("报告日期", moment(report.made)[:10]),
            ("目录版本", report.run.catalog[:16] if not report.masked else "（已隐去）"),
        ),
        blocks=tuple(_blocks(report)),
    )


def _blocks(report: Report) -> Iterator[Block]:
    yield from _front(report)
    for place, (title, write) in enumerate(_CHAPTERS, 1):
        yield Heading(level=1, text=f"{place} {title}", id=f"c{place}")
        yield from write(report)
    yield from annexes(report)


def _front(report: Report) -> Iterator[Block]:
    yield Heading(level=1, text="声明", id="declaration")
    yield Para(text=f"本报告为{MARK.zh}。", voice=Voice.MARK)
    yield Para(
        text="本报告由责任单位或其主管单位对自有系统自查形成，没有报告编号，不加盖测评机构印章，"
        "不能代替依法应开展的等级测评。结果只反映检查期间所见；未能查明的一律记为“未知”，"
        "不视为符合，也不视为不适用。"
    )
    yield Para(
        text="条款内容为本产品用自己的话转述，以标准原文为准；来源及其核实状态见附录J。"
        "报告载有系统弱点，请按所标密级保管，不得经互联网明文传送。"
    )
    if report.masked:
        yield Para(
            text="本件为脱敏副本：地址、主机名、单位与人员姓名以代号替换，证据摘要已略去。",
            voice=Voice.MARK,
        )
    yield Heading(level=2, text="签署")
    yield Signatures(
        lines=("编制人", "审核人", "网络安全负责人", "单位（盖章）"),
    )


def _outline(report: Report) -> Iterator[Block]:
    run = report.run
    yield Heading(level=2, text="1.1 目的与依据")
    yield Para(
        text="查明定级对象与其等级的安全要求之间的差距，形成问题清单，供整改与复查。"
        "依据 GB/T 22239-2019（安全通用要求）；方法参照 GB/T 28448-2019；"
        "结论规则见第8章，出处见附录J。"
    )
    yield Heading(level=2, text="1.2 范围与时间")
    period = report.assessment
    taken = [one.taken for one in run.evidence if not one.problem]
    yield table(
        (("项目", 1), ("内容", 3)),
        (
            row("评估编号", period.id if period else "—"),
            row("评估期间", f"{period.begins} 至 {period.ends}" if period else "—"),
            row("取证时间", f"{moment(min(taken))} 至 {moment(max(taken))}" if taken else "无"),
            row("判定时间", moment(run.now)),
            row("要求项数", f"第{run.level}级，{len(run.controls)} 项"),
            row("检查对象", f"{len(run.targets)} 个"),
            row("自动检查", f"{len(run.findings)} 次，其中 {run.facts_decided} 次有明确结果"),
        ),
        "范围与时间",
    )
    yield Heading(level=2, text="1.3 结果摘要")
    yield from summary(report)


def _objects(report: Report) -> Iterator[Block]:
    system = report.system
    yield Heading(level=2, text="2.1 定级对象")
    yield table(
        (("项目", 1), ("内容", 3)),
        (
            row("名称", system.name),
            row("责任单位", report.organisation.name),
            row("等级", f"S{system.s}A{system.a}G{system.g}"),
            row("备案证明编号", system.filing or "未填写"),
            row("备案日期 / 到期", f"{system.filed or '未填写'} / {system.filing_expires or '—'}"),
            row("负责人", system.owner or "未填写"),
            row("承建或运维单位", system.vendor or "未填写"),
        ),
        "定级对象",
    )
    yield Heading(level=2, text="2.2 检查对象")
    kinds: dict[str, list[str]] = {}
    for one in report.run.targets:
        kinds.setdefault(OBJECTS[one.kind], []).append(clean(one.name, 60))
    yield table(
        (("类别", 1), ("数量", 0.6), ("对象", 4)),
        (row(kind, len(names), "、 ".join(names)) for kind, names in kinds.items()),
        "检查对象按类别",
    )
    yield Para(text="资产明细见附录A。网络拓扑图由责任单位另附。", voice=Voice.NOTE)


def _method(report: Report) -> Iterator[Block]:
    links = [link for said in report.run.served.values() for link in said.values()]
    served = {name for name in report.run.served if any(name == c.id for c in report.run.controls)}
    yield Para(
        text="自动检查只读：按公开的采集脚本和命令清单取证，先去除口令等秘密再计算摘要；"
        "不猜测口令，不改动对象。人工部分用访谈、核查文档、现场查看和测试四种方法。"
    )
    yield table(
        (("项目", 2), ("数量", 1)),
        (
            row("有自动检查的要求项", len(served)),
            row("检查与条款的关联：可判定", links.count(Link.DECIDES)),
            row("检查与条款的关联：仅作佐证", links.count(Link.CONTRIBUTES)),
            row("取得的证据", sum(not one.problem for one in report.run.evidence)),
            row("未能取得的证据", sum(bool(one.problem) for one in report.run.evidence)),
            row("人工答复", len(report.answers)),
        ),
        "方法与数量",
    )
    if report.assessment and report.assessment.seed:
        yield Para(text=f"抽样种子 {report.assessment.seed}，可据此重现抽样。", voice=Voice.NOTE)


def _single(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="4.1 按标准章节")
    yield table(
        (("章节", 2.6), *COUNTS, ("符合占比", 1.2)), _share_rows(report.sections), "按章节统计"
    )
    yield Heading(level=2, text="4.2 按层面")
    yield Chart(svg=charts.radar(report.layers), caption="六层雷达图", wide=0.85)
    yield table(
        (("层面", 2.6), *COUNTS, ("符合占比", 1.2)),
        _share_rows(report.layers),
        "按层面统计（同一要求项在不同类别的对象上分属不同层面，按对象计数）",
    )
    yield Para(text="逐项结果见附录C，逐对象记录见附录D。", voice=Voice.NOTE)


def _share_rows(shares: tuple[Share, ...]) -> list[tuple[Cell, ...]]:
    return [
        row(
            f"{one.id} {one.title.zh}" if one.id[:1].isdigit() else one.title.zh,
            number(one.passed, TONES[State.PASS]),
            number(one.partial, TONES[State.PARTIAL]),
            number(one.failed, TONES[State.FAIL]),
            one.not_applicable,
            number(one.unknown, TONES[State.UNKNOWN]),
            percent(one.share),
        )
        for one in shares
    ]


def _whole(report: Report) -> Iterator[Block]:
    yield Heading(level=2, text="5.1 整体测评（弥补）")
    clauses = clauses_of(report)
    yield table(
        (("条款", 1), ("结果", 0.9), ("由何弥补", 1.4), ("理由", 3), ("批准人", 0.9)),
        (
            row(clauses[one.control], cell(STATES[one.state], TONES[one.state]),
                one.compensation.by, one.compensation.reason, one.compensation.approver)
            for one in report.run.items
            if one.compensation
        ),
        "弥补的要求项",
    )  # fmt: skip
    yield Heading(level=2, text="5.2 六层×六防")
    yield Para(text=report.matrix.own.zh, voice=Voice.NOTE)
    yield Chart(svg=charts.heat(report.cells), caption="六层×六防热力图（符合/适用）", wide=1.0)
    yield Heading(level=2, text="5.3 三化")
    ways = report.ways
    yield table(
        (("性质", 1), ("含义", 3), ("数量", 1), ("占比", 1)),
        (
            row("实战化", f"{report.matrix.drill_days} 天内做过演练的格",
                f"{ways.drilled}/{ways.cells}", percent(ways.practical)),
            row("体系化", "有责任人且有制度的格", f"{ways.owned}/{ways.cells}",
                percent(ways.systematic)),
            row("常态化", f"{report.matrix.recheck_days} 天内复查过的要求项",
                f"{ways.fresh}/{ways.items}", percent(ways.regular)),
        ),
        "三化（本次运行的实测性质）",
    )  # fmt: skip


_CHAPTERS = (
    ("概述", _outline),
    ("检查对象描述", _objects),
    ("检查方法与抽样", _method),
    ("单项结果分析", _single),
    ("整体分析", _whole),
    ("安全问题风险分析", issues),
    ("高风险与重大风险隐患", risky),
    ("自查结论", conclusion),
    ("整改建议与整改情况", repairs),
    ("未查明事项与局限", unknown),
)
