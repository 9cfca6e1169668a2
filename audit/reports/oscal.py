"""The report as OSCAL assessment-results 1.1.2 (JSON), for tools that know no Chinese template.

Our state goes along as a property of each finding, because OSCAL knows only satisfied and
not-satisfied: what is unknown is not satisfied, with the reason beside it. Ids are made from
content (UUID 5), so that the same report gives the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid5

from audit.model import Evidence, Finding, ItemResult, State
from audit.reports.clean import clean
from audit.reports.model import MARK, Report
from audit.reports.words import instant, state
from audit.run import STANDARD

VERSION = "1.1.2"
ROOM = UUID("5d4d0b4e-2f83-5c6e-9d55-0a3cf7d9a6e1")
SPACE = "https://qinglang.invalid/ns/oscal"
_TOKEN = re.compile(r"[^A-Za-z0-9_.-]")


def render(report: Report) -> bytes:
    return json.dumps(tree(report), ensure_ascii=False, indent=1).encode("utf-8", "replace")


def token(text: str) -> str:
    """An OSCAL token: begins with a letter, holds nothing but letters, digits, `.-_`."""
    name = _TOKEN.sub("-", text)
    return name if re.match(r"[A-Za-z_]", name) else f"_{name}"


def tree(report: Report) -> dict[str, Any]:
    key = f"{report.system.id}|{report.run.catalog}|{report.run.now}|{report.made}"

    def uuid(*parts: str) -> str:
        return str(uuid5(ROOM, "|".join((key, *parts))))

    taken = [one.taken for one in report.run.evidence if not one.problem] or [report.run.now]
    components = [
        {
            "uuid": uuid("target", one.id),
            "type": token(one.kind.value),
            "title": _line(one.name),
            "description": _line(f"{one.kind.value} {one.platform}"),
            "status": {"state": "operational"},
        }
        for one in report.run.targets
    ]
    controls = {one.id: one for one in report.run.controls}
    observed = [one for one in report.run.findings if one.state is not State.NOT_APPLICABLE]
    evidence = {one.id: one for one in report.run.evidence}
    result: dict[str, Any] = {
        "uuid": uuid("result"),
        "title": MARK.zh,
        "description": f"{STANDARD} level {report.run.level}. {MARK.en}.",
        "start": instant(min(taken)),
        "end": instant(max(*taken, report.run.now)),
        "props": [
            _prop("conclusion", report.run.score.code or "none", report.run.score.conclusion.zh),
            _prop("rate-floor", f"{report.run.score.floor:.6f}"),
            _prop("rate-ceiling", f"{report.run.score.ceiling:.6f}"),
            _prop("label", report.label),
        ],
        "reviewed-controls": {
            "control-selections": [
                {
                    "include-controls": [
                        {"control-id": token(controls[one.control].clause)}
                        for one in report.run.items
                    ]
                }
            ]
        },
        "findings": [
            _item(one, controls[one.control].clause, controls[one.control].point_title.zh,
                  [uuid("seen", f.check, f.target) for f in one.findings
                   if f.state is not State.NOT_APPLICABLE], uuid("item", one.control))
            for one in report.run.items
        ],
    }  # fmt: skip
    if components:
        result["local-definitions"] = {"components": components}
    if observed:
        result["observations"] = [
            _observation(one, evidence, uuid, report.run.now) for one in observed
        ]
    return {
        "assessment-results": {
            "uuid": uuid("document"),
            "metadata": {
                "title": MARK.zh,
                "last-modified": instant(report.made),
                "version": report.run.catalog[:16] or "1",
                "oscal-version": VERSION,
                "remarks": f"{MARK.zh} / {MARK.en}",
            },
            "import-ap": {"href": "#" + uuid("plan")},
            "results": [result],
            "back-matter": {
                "resources": [
                    {
                        "uuid": uuid("plan"),
                        "title": "评估方案 assessment plan",
                        "description": "The signed scope of the assessment; kept by the "
                        "organisation, not part of this file.",
                    }
                ]
            },
        }
    }


def _line(text: str) -> str:
    """One line that is never empty."""
    return " ".join(clean(text, 400).split()) or "-"


def _prop(name: str, value: str, remarks: str = "") -> dict[str, str]:
    made = {"name": name, "ns": SPACE, "value": _line(value)}
    return made | {"remarks": _line(remarks)} if remarks else made


def _item(
    one: ItemResult, clause: str, title: str, seen: Iterable[str], name: str
) -> dict[str, Any]:
    holds = one.state in (State.PASS, State.NOT_APPLICABLE)
    reason = one.reason.zh if one.reason else state(one.state, one.why)
    target: dict[str, Any] = {
        "type": "objective-id",
        "target-id": token(clause),
        "status": {
            "state": "satisfied" if holds else "not-satisfied",
            "reason": {State.PASS: "pass", State.FAIL: "fail"}.get(one.state, "other"),
        },
    }
    made: dict[str, Any] = {
        "uuid": name,
        "title": _line(f"{clause} {title}"),
        "description": _line(reason),
        "props": [_prop("state", one.state.value)],
        "target": target,
    }
    if one.why:
        made["props"].append(_prop("why-unknown", one.why.value))
    related = [{"observation-uuid": each} for each in dict.fromkeys(seen)]
    return made | ({"related-observations": related} if related else {})


def _observation(
    one: Finding, evidence: dict[str, Evidence], uuid: Any, now: float
) -> dict[str, Any]:
    known = [evidence[name] for name in one.evidence if name in evidence]
    made: dict[str, Any] = {
        "uuid": uuid("seen", one.check, one.target),
        "title": _line(one.check),
        "description": _line(one.seen or one.reason.zh),
        "props": [
            _prop("state", one.state.value),
            _prop("check", one.check),
            _prop("check-version", one.version),
            _prop("severity", one.severity.value),
        ],
        "methods": ["TEST"],
        "subjects": [{"subject-uuid": uuid("target", one.target), "type": "component"}],
        "collected": instant(known[0].taken if known else now),
    }
    if known:
        made["relevant-evidence"] = [
            {
                "description": _line(f"{each.probe}: {each.method}"),
                "props": [_prop("evidence", each.id)]
                + ([_prop("sha256", each.digest)] if each.digest else []),
            }
            for each in known
        ]
    return made
