"""The report as SARIF 2.1.0, for whoever already looks at findings in a code host or an IDE.

One result a finding that is not a pass; unknown is `open` or `review`, never `pass`.
"""

from __future__ import annotations

import json
import re
from typing import Any

from audit.model import Check, Finding, Severity, State, Why
from audit.reports.clean import clean
from audit.reports.model import MARK, Report
from audit.reports.words import instant

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
_KINDS = {State.PASS: "pass", State.NOT_APPLICABLE: "notApplicable"}


def render(report: Report) -> bytes:
    return json.dumps(tree(report), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def tree(report: Report) -> dict[str, Any]:
    used = list(dict.fromkeys(one.check for one in report.run.findings))
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Qinglang",
                        "semanticVersion": "0.1.0",
                        "rules": [_rule(name, report.checks.get(name)) for name in used],
                    }
                },
                "language": "zh-CN",
                "invocations": [
                    {
                        "executionSuccessful": not any(one.problem for one in report.run.evidence),
                        "endTimeUtc": instant(report.run.now).replace("+00:00", "Z"),
                    }
                ],
                "properties": {
                    "mark": MARK.zh,
                    "label": report.label,
                    "catalog": report.run.catalog,
                    "level": report.run.level,
                },
                "results": [
                    _result(one, used.index(one.check))
                    for one in report.run.findings
                    if one.state not in _KINDS
                ],
            }
        ],
    }


def _rule(name: str, check: Check | None) -> dict[str, Any]:
    if check is None:
        return {"id": name}
    return {
        "id": name,
        "shortDescription": {"text": check.title.zh},
        "fullDescription": {"text": check.problem.zh},
        "help": {"text": check.remedy.zh},
        "defaultConfiguration": {"level": _LEVELS[check.severity]},
        "properties": {"tags": [one.control for one in check.serves]},
    }


def _result(one: Finding, index: int) -> dict[str, Any]:
    failed = one.state in (State.FAIL, State.PARTIAL)
    kind = "fail" if failed else "review" if one.why is Why.PENDING else "open"
    said = clean(one.seen, 600)
    return {
        "ruleId": one.check,
        "ruleIndex": index,
        "kind": kind,
        "level": _LEVELS[one.severity] if failed else "none",
        "message": {"text": clean(one.reason.zh, 600) + (f"（{said}）" if said else "")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": f"targets/{_name(one.target)}"},
                },
                "logicalLocations": [{"fullyQualifiedName": clean(one.target, 200)}],
            }
        ],
        "partialFingerprints": {"qinglang/v1": f"{_name(one.target)}:{one.check}"},
        "properties": {
            "state": one.state.value,
            "why": one.why.value if one.why else "",
            "version": one.version,
            "evidence": list(one.evidence),
        },
    }


def _name(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.@-]", "_", text)[:200]
