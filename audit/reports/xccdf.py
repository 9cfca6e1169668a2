"""The report as XCCDF 1.2 TestResult: one rule a check, one TestResult a target.

Our states are theirs where they mean the same; partial is `fail`, and unknown keeps its reason:
notchecked, error, or `unknown` where a person must decide. Written by the standard library;
text is cleaned, so that the file is well-formed whatever a target said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from audit.model import Finding, Severity, State, Target, Why
from audit.reports.clean import clean
from audit.reports.model import MARK, Report
from audit.reports.words import instant

SPACE = "http://checklists.nist.gov/xccdf/1.2"
OWNER = "cn.qinglang"
_BAD = re.compile(r"[^A-Za-z0-9_.-]")
_STATES = {
    State.PASS: "pass",
    State.PARTIAL: "fail",
    State.FAIL: "fail",
    State.NOT_APPLICABLE: "notapplicable",
}
_WHYS = {Why.NOT_CHECKED: "notchecked", Why.ERROR: "error", Why.PENDING: "unknown"}
_SEVERITIES = {Severity.LOW: "low", Severity.MEDIUM: "medium", Severity.HIGH: "high"}
register_namespace("", SPACE)


def result(finding: Finding) -> str:
    """The XCCDF word for a finding."""
    if finding.state is State.UNKNOWN:
        return _WHYS.get(finding.why, "unknown") if finding.why else "unknown"
    return _STATES[finding.state]


def name(kind: str, text: str) -> str:
    return f"xccdf_{OWNER}_{kind}_{_BAD.sub('-', text)}"


def _tag(parent: Element, tag: str, text: str = "", **attributes: str) -> Element:
    made = SubElement(parent, f"{{{SPACE}}}{tag}", attributes)
    if text:
        made.text = clean(text, 4_000)
    return made


def render(report: Report) -> bytes:
    root = Element(f"{{{SPACE}}}Benchmark", {"id": name("benchmark", "gbt22239-2019"),
                                             "resolved": "1", "{http://www.w3.org/XML/1998/namespace}lang": "zh-CN"})  # noqa: E501  # fmt: skip
    _tag(root, "status", "draft", date=instant(report.made)[:10])
    _tag(root, "title", f"GB/T 22239-2019 level {report.run.level}")
    _tag(root, "description", f"{MARK.zh} / {MARK.en} · {report.label}")
    _tag(root, "version", report.run.catalog[:16] or "1")
    used = list(dict.fromkeys(one.check for one in report.run.findings))
    for check in used:
        known = report.checks.get(check)
        severity = _SEVERITIES[known.severity] if known else "unknown"
        rule = _tag(root, "Rule", id=name("rule", check), severity=severity)
        _tag(rule, "title", known.title.zh if known else check)
        for serves in known.serves if known else ():
            _tag(rule, "ident", serves.control, system="urn:qinglang:gbt22239-2019")
        if known:
            _tag(rule, "fixtext", known.remedy.zh)
    for number, target in enumerate(report.run.targets, 1):
        mine = [one for one in report.run.findings if one.target == target.id]
        if mine:
            _results(root, report, target, mine, number)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _results(
    root: Element, report: Report, target: Target, findings: Iterable[Finding], number: int
) -> None:
    when = instant(report.run.now)
    taken = [one.taken for one in report.run.evidence if one.target == target.id]
    made = _tag(root, "TestResult", id=name("testresult", f"{number}"), version="1.0",
                **{"start-time": instant(min(taken)) if taken else when, "end-time": when,
                   "test-system": "cpe:/a:qinglang:qinglang:0.1"})  # fmt: skip
    _tag(made, "title", f"{MARK.zh} · {report.label}")
    _tag(made, "identity", "qinglang", authenticated="false", privileged="false")
    _tag(made, "target", target.name or target.id)
    if target.address:
        _tag(made, "target-address", target.address)
    count = {"pass": 0, "known": 0}
    for one in findings:
        said = result(one)
        rule = _tag(made, "rule-result", idref=name("rule", one.check), time=when,
                    severity=_SEVERITIES[one.severity], version=one.version or "1")  # fmt: skip
        _tag(rule, "result", said)
        _tag(rule, "message", one.seen or one.reason.zh, severity="info")
        count["pass"] += said == "pass"
        count["known"] += said in ("pass", "fail")
    share = 100 * count["pass"] / count["known"] if count["known"] else 0
    _tag(made, "score", f"{share:.2f}", system="urn:xccdf:scoring:flat", maximum="100")
