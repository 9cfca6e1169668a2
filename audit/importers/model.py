"""What an importer brings: findings of another tool, facts by target, and what must be said.

Another tool's words are taken at their least: only its plain "pass" is a pass; not applicable,
manual, warning, informational never are. Values; who reads the bytes is each format's module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from audit.model import Evidence, ObjectClass, Severity, State, Why
from audit.probes.host import canonical, redact

PREFIX = "import-"
MAX_FINDINGS = 100_000
MAX_TITLE, MAX_DETAIL = 300, 500
SEVERITIES: Mapping[str, Severity] = {
    "critical": Severity.HIGH, "high": Severity.HIGH, "important": Severity.HIGH,
    "medium": Severity.MEDIUM, "moderate": Severity.MEDIUM, "low": Severity.LOW,
    "info": Severity.LOW, "informational": Severity.LOW, "negligible": Severity.LOW,
}  # fmt: skip
_WORST = (State.FAIL, State.PARTIAL, State.UNKNOWN, State.PASS, State.NOT_APPLICABLE)


class RefusedError(ValueError):
    """The bytes are not what they should be; the message is the sentence to print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFinding:
    """One rule of another tool on one target."""

    tool: str
    rule: str
    title: str
    state: State
    why: Why | None = None
    severity: Severity = Severity.MEDIUM
    target: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """One file of another tool. `dated` 0: the file does not say when."""

    format: str
    tool: str
    version: str = ""
    dated: float = 0.0
    kind: ObjectClass = ObjectClass.SERVER
    findings: tuple[ImportedFinding, ...] = ()
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.facts, *(one.target for one in self.findings)]))


def severity(word: object) -> Severity:
    """Of another tool's word; one we do not know counts as medium."""
    return SEVERITIES.get(str(word or "").strip().lower(), Severity.MEDIUM)


def settled(imported: Imported) -> Imported:
    """One finding for each rule and target: of several the worst. Lengths and number bounded.

    Where a tool found everything not applicable, its content does not fit the system: nothing
    was looked at, and that is said.
    """
    if len(imported.findings) > MAX_FINDINGS:
        raise RefusedError(f"结果超过 {MAX_FINDINGS} 条 / more than {MAX_FINDINGS} findings")
    found: dict[tuple[str, str], ImportedFinding] = {}
    for one in imported.findings:
        short = replace(
            one,
            rule=one.rule[:200] or "?",
            title=one.title[:MAX_TITLE],
            detail=str(redact(one.detail))[:MAX_DETAIL],
        )
        known = found.get((short.target, short.rule))
        if known is None or _WORST.index(short.state) < _WORST.index(known.state):
            found[short.target, short.rule] = short
    notices = list(imported.notices)
    by_target: dict[str, set[State]] = defaultdict(set)
    for one in found.values():
        if one.why is not Why.NOT_CHECKED:
            by_target[one.target].add(one.state)
    idle = {name for name, states in by_target.items() if states == {State.NOT_APPLICABLE}}
    for name in sorted(idle):
        notices.append(
            f"{name or '?'}: 全部“不适用”，内容与系统不符，按未检查计 / all not applicable: the "
            "content does not fit this system; counted as not checked"
        )
    return replace(
        imported,
        findings=tuple(
            replace(one, state=State.UNKNOWN, why=Why.NOT_CHECKED)
            if one.target in idle and one.state is State.NOT_APPLICABLE
            else one
            for one in found.values()
        ),
        notices=tuple(notices),
    )


def evidences(
    imported: Imported, *, taken: float, names: Mapping[str, str] | None = None, source: str = ""
) -> tuple[Evidence, ...]:
    """One piece of evidence for each target. `names`: the file's name of a target → our id."""
    ours = names or {}
    groups: dict[str, list[ImportedFinding]] = {name: [] for name in imported.targets}
    for one in imported.findings:
        groups[one.target].append(one)
    return tuple(
        _evidence(
            imported, ours.get(name, name), found, imported.facts.get(name, {}), taken, source
        )
        for name, found in groups.items()
    )


def _evidence(
    imported: Imported,
    target: str,
    findings: Iterable[ImportedFinding],
    facts: Mapping[str, Any],
    taken: float,
    source: str,
) -> Evidence:
    document = redact({
        **facts,
        "format": imported.format,
        "tool": imported.tool,
        "version": imported.version,
        "kind": imported.kind.value,
        "notices": list(imported.notices),
        "findings": [
            {
                "rule": one.rule, "title": one.title, "state": one.state.value,
                "why": one.why.value if one.why else None, "severity": one.severity.value,
                "detail": one.detail,
            }
            for one in findings
        ],
    })  # fmt: skip
    digest = sha256(canonical(document)).hexdigest()
    probe = PREFIX + imported.format
    return Evidence(
        id=f"{target}:{probe}:{digest[:16]}",
        target=target,
        probe=probe,
        method=f"导入 imported: {source or imported.format}"[:300],
        taken=taken,
        dated=min(imported.dated, taken) or taken,
        collector=imported.tool[:100],
        version=imported.version[:100],
        document=document,
        digest=digest,
    )
