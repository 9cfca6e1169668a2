"""The report as JUnit XML, for CI: one suite a target, one case a check.

Failing and partial are failures, not applicable is skipped; what is unknown is an error when
looking failed, else skipped with its reason, so that it is never green.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from audit.model import Finding, State, Why
from audit.reports.clean import clean
from audit.reports.model import MARK, Report
from audit.reports.words import instant


def render(report: Report) -> bytes:
    root = Element("testsuites", {"name": f"qinglang {MARK.zh} {clean(report.label, 40)}"})
    for target in report.run.targets:
        mine = [one for one in report.run.findings if one.target == target.id]
        suite = SubElement(root, "testsuite", {
            "name": clean(target.name or target.id, 200),
            "tests": str(len(mine)),
            "failures": str(sum(_outcome(one) == "failure" for one in mine)),
            "errors": str(sum(_outcome(one) == "error" for one in mine)),
            "skipped": str(sum(_outcome(one) == "skipped" for one in mine)),
            "timestamp": instant(report.run.now)[:19],
            "time": "0",
            "hostname": clean(target.id, 200),
        })  # fmt: skip
        for one in mine:
            _case(suite, one, report)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _outcome(one: Finding) -> str:
    if one.state in (State.FAIL, State.PARTIAL):
        return "failure"
    if one.state is State.UNKNOWN:
        return "error" if one.why is Why.ERROR else "skipped"
    return "skipped" if one.state is State.NOT_APPLICABLE else ""


def _case(suite: Element, one: Finding, report: Report) -> None:
    known = report.checks.get(one.check)
    case = SubElement(suite, "testcase", {
        "name": known.title.zh if known else one.check,
        "classname": clean(one.check, 200),
        "time": "0",
    })  # fmt: skip
    outcome = _outcome(one)
    if outcome:
        said = clean(one.reason.zh, 600)
        SubElement(case, outcome, {"message": said} | (
            {"type": one.severity.value} if outcome != "skipped" else {}
        )).text = clean(one.seen, 2_000)  # fmt: skip
