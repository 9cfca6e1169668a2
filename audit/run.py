"""One run: evidence of targets, judged by every check, as items of a level with a score. Pure.

Who gathers the evidence (the local collector, SSH, a folder, later the store) is outside; the
time comes in. A target without evidence is unknown in every item, never left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from audit.aggregate import Aggregation, aggregate
from audit.catalog import Catalog
from audit.items import Answer, Links, links, results
from audit.judge import fingerprint, judge
from audit.model import (
    Check,
    Control,
    Evidence,
    Finding,
    ItemResult,
    Part,
    Score,
    State,
    Target,
    Why,
)
from audit.score import Scoring, score

STANDARD = "GBT22239-2019"
KNOWN = (State.PASS, State.PARTIAL, State.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run came to. `items` are over all targets, `single` on each."""

    level: int
    now: float
    controls: tuple[Control, ...]
    targets: tuple[Target, ...]
    evidence: tuple[Evidence, ...]
    findings: tuple[Finding, ...]
    single: tuple[ItemResult, ...]
    items: tuple[ItemResult, ...]
    score: Score
    served: Links
    catalog: str  # digest of the catalog

    @property
    def facts_decided(self) -> int:
        """Findings that are known: looked at, and pass, partial or fail."""
        return sum(one.state in KNOWN for one in self.findings)

    @property
    def holds(self) -> bool:
        """Nothing that is known fails. What is unknown is not looked at here: see the score."""
        return not any(one.state in (State.FAIL, State.PARTIAL) for one in self.items)


def examine(
    checks: Mapping[str, Check],
    targets: Iterable[Target],
    evidence: Iterable[Evidence],
    now: float,
) -> tuple[Finding, ...]:
    """Every check on every target whose class it is for; the newest evidence speaks."""
    newest: dict[tuple[str, str], Evidence] = {}
    for one in sorted(evidence, key=lambda seen: (seen.taken, seen.id)):
        newest[one.target, one.probe] = one
    versions = {name: fingerprint(check) for name, check in checks.items()}
    return tuple(
        judge(
            check,
            newest.get((target.id, check.probe)),
            target=target.id,
            now=now,
            version=versions[name],
        )
        for target in targets
        for name, check in checks.items()
        if target.kind in check.objects and _concerns(check, target, newest)
    )


def _concerns(check: Check, target: Target, seen: Mapping[tuple[str, str], Evidence]) -> bool:
    """Linux checks are not asked of a Windows host, nor the other way round."""
    if (target.id, check.probe) in seen or check.probe not in ("linux", "windows"):
        return True
    return (check.probe == "windows") == target.platform.startswith("windows")


def assess(
    *,
    catalog: Catalog,
    checks: Mapping[str, Check],
    targets: Iterable[Target],
    evidence: Iterable[Evidence],
    scoring: Scoring,
    aggregation: Aggregation,
    now: float,
    level: int = 3,
    part: Part | None = Part.GENERAL,
    answers: Iterable[Answer] = (),
) -> Run:
    """Judge and put together. Every item of the level is in the result."""
    chosen, seen = tuple(targets), tuple(evidence)
    controls = catalog.select(standard=STANDARD, level=level, part=part)
    findings = examine(checks, chosen, seen, now)
    served = links(checks.values(), catalog)
    single = results(controls, chosen, findings, served, answers)
    items = aggregate(single, aggregation)
    return Run(
        level=level,
        now=now,
        controls=controls,
        targets=chosen,
        evidence=seen,
        findings=findings,
        single=single,
        items=items,
        score=score(items, controls, scoring=scoring),
        served=served,
        catalog=catalog.digest,
    )


def described(run: Run, checks: Mapping[str, Check]) -> dict[str, Any]:
    """The run as JSON: items with findings, evidence by id without its body."""
    controls = {one.id: one for one in run.controls}
    return {
        "standard": STANDARD,
        "level": run.level,
        "now": run.now,
        "catalog": run.catalog,
        "targets": [{"id": one.id, "kind": one.kind, "platform": one.platform}
                    for one in run.targets],
        "facts_decided": run.facts_decided,
        "findings": dict(Counter(str(one.state) for one in run.findings)),
        "states": dict(Counter(str(one.state) for one in run.items)),
        "why_unknown": {
            why.value: sum(one.why is why for one in run.items) for why in Why
        },
        "score": _score(run.score),
        "evidence": [_evidence(one) for one in run.evidence],
        "items": [_item(one, controls[one.control], run, checks) for one in run.items],
    }  # fmt: skip


def _item(
    result: ItemResult, control: Control, run: Run, checks: Mapping[str, Check]
) -> dict[str, Any]:
    said = run.served.get(control.id, {})
    return {
        "id": control.id,
        "clause": control.clause,
        "control_point": control.point,
        "control_point_title": control.point_title.zh,
        "text": control.text.zh,
        "state": result.state.value,
        "why": result.why.value if result.why else None,
        "severity": result.severity.value if result.severity else None,
        "reason": asdict(result.reason) if result.reason else None,
        "status": control.status.value,
        "answers": list(result.answers),
        "questions": [{"ask": one.ask.value, "text": one.text.zh} for one in control.questions]
        if result.why is not None
        else [],
        "findings": [_finding(one, checks[one.check], said[one.check].value)
                     for one in result.findings],
    }  # fmt: skip


def _finding(one: Finding, check: Check, link: str) -> dict[str, Any]:
    lacking = one.state in (State.FAIL, State.PARTIAL)
    return {
        "check": one.check,
        "version": one.version,
        "title": check.title.zh,
        "target": one.target,
        "link": link,
        "state": one.state.value,
        "why": one.why.value if one.why else None,
        "severity": one.severity.value,
        "reason": asdict(one.reason),
        "seen": one.seen,
        "evidence": list(one.evidence),
        "remedy": asdict(check.remedy) if lacking else None,
    }


def _evidence(one: Evidence) -> dict[str, Any]:
    return {
        "id": one.id,
        "target": one.target,
        "probe": one.probe,
        "method": one.method,
        "taken": one.taken,
        "dated": one.dated,
        "collector": one.collector,
        "version": one.version,
        "digest": one.digest,
        "problem": one.problem,
    }


def _score(one: Score) -> dict[str, Any]:
    return {
        "conclusion": asdict(one.conclusion),
        "code": one.code,
        "rate": one.rate,
        "floor": one.floor,
        "ceiling": one.ceiling,
        "weighted": one.weighted,
        "passed": one.passed,
        "partial": one.partial,
        "failed": one.failed,
        "not_applicable": one.not_applicable,
        "unknown": one.unknown,
        "unscored": one.unscored,
        "reasons": [asdict(reason) for reason in one.reasons],
    }
