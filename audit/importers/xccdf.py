"""XCCDF results and ARF (OpenSCAP and others), streamed: 20 MB pass without a tree.

`notapplicable`, `notchecked`, `notselected`, `informational`, `fixed` and `unknown` are no pass.
Rule titles come from the benchmark in the same file. A rule with several instances: the worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled, severity
from audit.importers.source import moment, walk
from audit.model import State, Why

FORMAT = "xccdf"
STATES: Mapping[str, tuple[State, Why | None]] = {
    "pass": (State.PASS, None),
    "fail": (State.FAIL, None),
    "fixed": (State.UNKNOWN, Why.PENDING),  # mended by the tool itself: to be looked at again
    "error": (State.UNKNOWN, Why.ERROR),
    "unknown": (State.UNKNOWN, Why.ERROR),
    "notchecked": (State.UNKNOWN, Why.NOT_CHECKED),
    "notselected": (State.UNKNOWN, Why.NOT_CHECKED),
    "informational": (State.UNKNOWN, Why.PENDING),
    "notapplicable": (State.NOT_APPLICABLE, None),
}


class _Taker:
    """Collects rule titles and rule results."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.rule = self.idref = self.result = self.severity = self.message = ""
        self.target = self.tool = ""
        self.dated = 0.0
        self.seen = 0
        self.unselected = 0
        self.findings: list[ImportedFinding] = []
        self.held: list[ImportedFinding] = []

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None:
        name = path[-1]
        if name == "Rule":
            self.rule = attributes.get("id", "")
        elif name == "TestResult":
            self.seen += 1
            self.target, self.held = "", []
            self.tool = attributes.get("test-system", self.tool)
            when = attributes.get("end-time") or attributes.get("start-time")
            self.dated = max(self.dated, moment(when))
        elif name == "rule-result":
            self.idref = attributes.get("idref", "")
            self.severity = attributes.get("severity", "")
            self.result = self.message = ""

    def end(self, path: tuple[str, ...], text: str) -> None:
        name, above = path[-1], path[-2] if len(path) > 1 else ""
        if name == "title" and above == "Rule":
            self.titles.setdefault(self.rule, text[:300])
        elif name == "target" and above == "TestResult":
            self.target = self.target or text
        elif name == "result" and above == "rule-result":
            self.result = text
        elif name == "message" and above == "rule-result":
            self.message = text[:300]
        elif name == "rule-result":
            self._held()
        elif name == "TestResult":
            self._whole()

    def _held(self) -> None:
        if self.result == "notselected":
            self.unselected += 1
            return
        state, why = STATES.get(self.result, (State.UNKNOWN, Why.ERROR))
        self.held.append(
            ImportedFinding(
                tool="xccdf",
                rule=short(self.idref),
                title=self.idref,
                state=state,
                why=why,
                severity=severity(self.severity),
                detail=" ".join(one for one in (self.result, self.message) if one),
            )
        )

    def _whole(self) -> None:
        for one in self.held:
            self.findings.append(
                ImportedFinding(
                    tool=self.tool or "xccdf", rule=one.rule,
                    title=self.titles.get(one.title, one.rule), state=one.state, why=one.why,
                    severity=one.severity, target=self.target, detail=one.detail,
                )
            )  # fmt: skip
        self.held = []


def short(idref: str) -> str:
    """The rule without the part that every id of its benchmark begins with."""
    return idref.partition("_rule_")[2] or idref


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    taker = _Taker()
    walk(stream, taker)
    if not taker.seen:
        raise RefusedError("XML 中没有 XCCDF 检查结果 / there is no XCCDF TestResult in it")
    notices = []
    if taker.unselected:
        notices.append(
            f"{taker.unselected} 条规则未选用，未检查 / rules were not selected: not looked at"
        )
    return settled(
        Imported(
            format=FORMAT,
            tool=taker.tool or "xccdf",
            dated=taker.dated,
            findings=tuple(taker.findings),
            facts={taker.target: {"not_selected": taker.unselected}},
            notices=tuple(notices),
        )
    )
