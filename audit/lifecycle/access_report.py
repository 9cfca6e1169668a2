"""A look over audit logs → HTML and XLSX: what was found, what is unknown, what to do. Pure.

Accounts are shown as they are in the store; hosts, columns and statements stay there, and names
of files, sources and tables carry no number of anybody.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook

from audit.lifecycle.access_look import Blind, Look, Seen
from audit.lifecycle.anomaly import Rule
from audit.lifecycle.check_report import SEVERITIES
from audit.lifecycle.gaps import Accepted
from audit.lifecycle.inventory_report import environment, sheet
from audit.lifecycle.logs.store import Gap
from audit.model import Check
from rules.model import Text

ORDER = list(SEVERITIES)
WHY = {
    "idle": Text(zh="日志长时间没有一行", en="no line for a long time"),
    "missing": Text(zh="日志缺行", en="lines are missing"),
    "unreadable": Text(zh="读不出的行", en="lines that could not be read"),
    "changed": Text(zh="日志读后被改动", en="the log was changed after it was read"),
    "silent": Text(zh="日志到此为止，此后未知", en="the log ends before the time of judging"),
    "no entries": Text(zh="没有任何操作记录", en="nothing was imported"),
    "statements cut short": Text(zh="语句被截断", en="statements are cut short"),
    "rows not in the log": Text(zh="日志不写行数", en="the log does not tell rows"),
    "too few days known": Text(
        zh="账号已知天数不足，当日读取量无从比较", en="too few days of the account are known"
    ),
    "program not in the log": Text(zh="日志不写程序名", en="the log does not tell programs"),
    "too many accounts to remember": Text(zh="账号过多", en="too many accounts to remember"),
    "holidays": Text(zh="该年节假日未知", en="holidays of the year are not known"),
    "no people: leaver, service": Text(zh="没有人员名单", en="no list of people"),
    "accounts of nobody": Text(zh="账号不在人员名单", en="accounts of nobody on the list"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The whole of one look, and how its times and names are shown."""

    look: Look
    blinds: Sequence[Blind]
    answered: Sequence[tuple[Gap, Accepted]]
    checks: Mapping[str, Check]
    rules: str  # digest of the rules file
    at: float
    zone: dt.tzinfo
    ends: Mapping[str, float]
    shown: Callable[[str], str]

    def when(self, at: float | None) -> str:
        """A moment in the report's zone."""
        if at is None:
            return ""
        return dt.datetime.fromtimestamp(at, self.zone).isoformat(sep=" ")[:19]

    def ranked(self) -> list[Rule]:
        """Rules that saw something, the grave ones first."""
        hit = [rule for rule in self.look.file.rules if self.look.counts[rule.id]]
        return sorted(hit, key=lambda rule: (ORDER.index(rule.severity), rule.id))

    def remedy(self, rule: Rule) -> Text:
        """What to do, as the check of the audit says it."""
        return self.checks[f"data-access-{rule.sign}"].remedy

    def findings(self) -> list[Seen]:
        """The findings that were kept, rule by rule."""
        return [one for rule in self.ranked() for one in self.look.seen[rule.id]]

    def dropped(self) -> int:
        """Findings beyond the bound: counted, not listed."""
        return self.look.found - len(self.findings())

    def why(self, one: Blind) -> Text:
        """Why it is unknown, in words."""
        return WHY[one.what]

    def titles(self, one: Blind) -> str:
        """The rules that could not judge."""
        hit = [rule.id for rule in self.look.file.rules if rule.sign in one.signs]
        return "全部 all" if len(hit) == len(self.look.file.rules) else "、".join(hit)


def html(report: Report) -> str:
    """The report, one file without a network."""
    template = environment().get_template("data-access.html")
    return template.render(report=report, look=report.look, severities=SEVERITIES)


def xlsx(report: Report) -> bytes:
    """The workbook: findings, rules, what is unknown, gaps answered for, logs."""
    book = Workbook(write_only=True)
    sheet(
        book,
        "发现 Findings",
        ["严重", "规则", "名称", "时刻", "账号", "数据源", "操作", "表", "行数", "位置", "条款"],
        (_row(report, one) for one in report.findings()),
    )
    sheet(
        book,
        "规则 Rules",
        ["严重", "规则", "名称", "条数", "列出", "整改", "条款"],
        (
            [SEVERITIES[rule.severity], rule.id, rule.title, report.look.counts[rule.id],
             len(report.look.seen.get(rule.id, ())), report.remedy(rule).zh,
             "、".join(rule.clauses)]
            for rule in report.look.file.rules
        ),
    )  # fmt: skip
    sheet(
        book,
        "未知 Unknown",
        ["原因", "数据源", "位置", "自", "至", "数量", "不能判断的规则"],
        (
            [f"{report.why(one).zh} {report.why(one).en}", report.shown(one.source),
             report.shown(one.place), report.when(one.began), report.when(one.ended), one.count,
             report.titles(one)]
            for one in report.blinds
        ),
    )  # fmt: skip
    sheet(
        book,
        "已说明的缺口 Answered",
        ["原因", "数据源", "位置", "何人", "理由"],
        (
            [WHY[gap.kind].zh, report.shown(gap.source), report.shown(f"{gap.file}:{gap.line}"),
             answer.by, report.shown(answer.reason)]
            for gap, answer in report.answered
        ),
    )  # fmt: skip
    sheet(
        book,
        "日志 Logs",
        ["数据源", "操作数", "日志末行"],
        (
            [report.shown(name), report.look.sources[name], report.when(end)]
            for name, end in sorted(report.ends.items())
        ),
    )
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _row(report: Report, one: Seen) -> list[Any]:
    entry, rule = one.kept.entry, one.rule
    return [
        SEVERITIES[rule.severity],
        rule.id,
        rule.title,
        report.when(entry.at),
        entry.account,
        report.shown(one.kept.source),
        entry.did.command,
        "、".join(map(report.shown, entry.did.tables)),
        entry.rows,
        report.shown(one.kept.place),
        "、".join(rule.clauses),
    ]
