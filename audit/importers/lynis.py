"""Lynis report data (`lynis-report.dat`): key=value and `key[]=value` lines.

A warning is a fault, a suggestion a partial one. That a test ran without either says only that
it ran (many tests just gather facts): pending, never a pass. Skipped tests were not looked at.
"""

from __future__ import annotations

from collections import defaultdict
from typing import BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled
from audit.importers.source import lines, moment
from audit.model import Severity, State, Why

FORMAT = "lynis"
SAID = {
    "warning[]": (State.FAIL, None, Severity.MEDIUM),
    "suggestion[]": (State.PARTIAL, None, Severity.LOW),
    "manual_event[]": (State.UNKNOWN, Why.PENDING, Severity.LOW),
}
LISTED = {
    "tests_executed": (State.UNKNOWN, Why.PENDING, "ran without a warning"),
    "tests_skipped": (State.UNKNOWN, Why.NOT_CHECKED, "skipped"),
}
FACTS = ("os", "os_name", "os_version", "os_fullname", "hardening_index", "lynis_version",
         "vulnerable_packages_found", "test_category", "test_group")  # fmt: skip


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    said: dict[str, list[str]] = defaultdict(list)
    for line in lines(stream):
        key, found, value = line.partition("=")
        if found and not line.startswith("#") and len(said[key]) < 20_000:
            said[key].append(value)
    if "lynis_version" not in said or "report_version_major" not in said:
        raise RefusedError("不是 Lynis 报告数据 / no Lynis report data (.dat)")
    one = {key: values[-1] for key, values in said.items()}
    target = one.get("hostname", "")
    findings: list[ImportedFinding] = []
    for key, (state, why, severity) in SAID.items():
        for value in said.get(key, ()):
            rule, title, detail, solution = (*value.split("|"), "", "", "", "")[:4]
            words = [word for word in (detail, solution) if word not in ("", "-")]
            findings.append(
                _finding(target, rule, title or rule, state, why, severity, "; ".join(words))
            )
    told = {each.rule for each in findings}
    for key, (state, why, title) in LISTED.items():
        for rule in filter(None, one.get(key, "").split("|")):
            if rule not in told:
                findings.append(_finding(target, rule, title, state, why, Severity.LOW, key))
    return settled(
        Imported(
            format=FORMAT,
            tool="Lynis",
            version=one["lynis_version"],
            dated=moment(one.get("report_datetime_end") or one.get("report_datetime_start")),
            findings=tuple(findings),
            facts={target: {name: one[name][:200] for name in FACTS if name in one}},
            notices=() if one.get("finish") == "true" else (
                "报告没有结束标记，可能不完整 / the report has no end mark: it may be cut off",
            ),
        )
    )  # fmt: skip


def _finding(
    target: str,
    rule: str,
    title: str,
    state: State,
    why: Why | None,
    severity: Severity,
    detail: str,
) -> ImportedFinding:
    return ImportedFinding(
        tool="Lynis", rule=rule, title=title, state=state, why=why,
        severity=severity, target=target, detail=detail,
    )  # fmt: skip
