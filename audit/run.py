"""One run: evidence of targets, judged by every check, as items of a level with a score. Pure.

Who gathers the evidence (the local collector, SSH, a folder, later the store) is outside; the
time comes in. A target without evidence is unknown in every item, never left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from audit.aggregate import Aggregation, aggregate
from audit.catalog import Catalog
from audit.concern import asked
from audit.imported import RuleMap, beside, joined
from audit.items import Answer, Links, links, results
from audit.judge import fingerprint, judge
from audit.model import (
    Check,
    Compensation,
    Control,
    Evidence,
    Finding,
    HighRiskRule,
    ItemResult,
    Part,
    Score,
    State,
    System,
    Target,
    Waiver,
    Why,
)
from audit.rectification import counts, for_score
from audit.risk import Risk, RiskAnswer, at_all_levels
from audit.risk import judge as judge_risks
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
    answers: tuple[Answer, ...] = ()
    compensations: tuple[Compensated, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    high: tuple[Risk, ...] = ()
    hazards: tuple[Risk, ...] = ()
    yardsticks: str = ""  # digest of the risk rules and scoring

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
    """Every check on every target it is meant for; the newest evidence speaks."""
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
        if asked(check, target, newest)
    )


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
    compensations: Iterable[Compensated] = (),
    waivers: Iterable[Waiver] = (),
    rules: Rules | None = None,
    before: Iterable[Risk] | None = None,
    rule_maps: Mapping[str, RuleMap] | None = None,
) -> Run:
    """Judge and put together. Every item of the level is in the result.

    With `rules` high risks and hazards count in the conclusion; `before` are the hazards as
    they stood before rectification. Waivers change no state: they stand beside. Imported
    findings (`rule_maps` says what they speak of) only contribute.
    """
    given, made_good = tuple(answers), tuple(compensations)
    chosen, seen = tuple(targets), tuple(evidence)
    controls = catalog.select(standard=STANDARD, level=level, part=part)
    findings = examine(checks, chosen, seen, now)
    others, more = beside(seen, rule_maps or {}, catalog)
    served = joined(links(checks.values(), catalog), more)
    single = compensate(results(controls, chosen, (*findings, *others), served, given), made_good)
    items = aggregate(single, aggregation)
    high, hazards = risks(rules, single, items, chosen, catalog) if rules else ((), ())
    return Run(
        level=level,
        now=now,
        controls=controls,
        targets=chosen,
        evidence=seen,
        findings=findings,
        single=single,
        items=items,
        score=score(
            items,
            controls,
            scoring=scoring,
            hazards=for_score(high, hazards, None)
            if before is None
            else for_score(high, before, hazards),
        )
        if rules
        else score(items, controls, scoring=scoring),
        served=served,
        catalog=catalog.digest,
        answers=given,
        compensations=made_good,
        waivers=tuple(waivers),
        high=high,
        hazards=hazards,
        yardsticks=rules.digest if rules else "",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What risks are judged by: the rules, people's decisions, and the system they are on."""

    high: tuple[HighRiskRule, ...]
    hazards: tuple[HighRiskRule, ...]
    system: System
    answers: tuple[RiskAnswer, ...] = ()
    digest: str = ""


def risks(
    rules: Rules,
    single: Iterable[ItemResult],
    items: Iterable[ItemResult],
    targets: Iterable[Target],
    catalog: Catalog,
) -> tuple[tuple[Risk, ...], tuple[Risk, ...]]:
    """High risks and hazards, each on each target that it is about."""

    def same(name: str) -> list[str]:
        return [one.id for one in catalog.same(name)]

    known = {one.id: one for one in targets}
    seen = (*single, *items)
    high, hazards = (
        judge_risks(
            at_all_levels(given, same),
            seen,
            system=rules.system,
            targets=known,
            answers=rules.answers,
            hazards=as_hazards,
        )
        for given, as_hazards in ((rules.high, False), (rules.hazards, True))
    )
    return high, hazards


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensated:
    """整体测评: on which control and target (empty: on all) which compensation holds."""

    control: str
    target: str = ""
    compensation: Compensation


def compensate(
    results: Iterable[ItemResult], made: Iterable[Compensated]
) -> tuple[ItemResult, ...]:
    """The results with their compensations: on what lacks something only, its state unchanged."""
    known = {(one.control, one.target): one.compensation for one in made}
    return tuple(
        replace(
            one, compensation=known.get((one.control, one.target)) or known.get((one.control, ""))
        )
        if one.state in (State.FAIL, State.PARTIAL)
        else one
        for one in results
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
        "score": {
            **_score(run.score),
            "high_risk_counts": asdict(counts(run.high)),
            "hazard_counts": asdict(counts(run.hazards)),
            "high_risks": run.score.high_risks,
            "hazards": run.score.hazards,
            "compensated": run.score.compensated,
        },
        "waivers": [asdict(one) for one in run.waivers],
        "high_risks": [_risk(one) for one in run.high],
        "hazards": [_risk(one) for one in run.hazards],
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
        "findings": [_finding(one, checks.get(one.check), said[one.check].value)
                     for one in result.findings],
    }  # fmt: skip


def _finding(one: Finding, check: Check | None, link: str) -> dict[str, Any]:
    lacking = one.state in (State.FAIL, State.PARTIAL)
    return {
        "check": one.check,
        "version": one.version,
        "title": check.title.zh if check else one.reason.zh,
        "imported": check is None,
        "target": one.target,
        "link": link,
        "state": one.state.value,
        "why": one.why.value if one.why else None,
        "severity": one.severity.value,
        "reason": asdict(one.reason),
        "seen": one.seen,
        "evidence": list(one.evidence),
        "remedy": asdict(check.remedy) if lacking and check else None,
    }


def _risk(one: Risk) -> dict[str, Any]:
    return {
        "rule": one.rule.id,
        "title": asdict(one.rule.title),
        "state": one.state.value,
        "places": [
            {"target": place.target, "state": place.state.value, "checks": list(place.checks),
             "indicates": list(place.indicates), "controls": list(place.controls),
             "reason": asdict(place.reason)}
            for place in one.places
        ],
    }  # fmt: skip


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
