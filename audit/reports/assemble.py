"""A Run and what is known beside it → a Report: issues numbered, groups counted, risks judged.

Pure: the yardsticks and the time come in. Nothing is left out here; limiting a report to one
school is `audit.reports.narrow`, masking is `audit.reports.mask`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from audit.catalog import Catalog
from audit.items import Answer
from audit.matrix import Running, states, ways
from audit.model import (
    Assessment,
    Check,
    Control,
    Finding,
    ItemResult,
    Organisation,
    Part,
    Repair,
    Severity,
    State,
    System,
    Tier,
    Waiver,
)
from audit.rectification import for_score, rectified
from audit.reports.model import LABEL, TIERS, Earlier, Issue, Place, Report, Share, Source
from audit.risk import Risk, RiskAnswer
from audit.run import STANDARD, Rules, Run, risks
from audit.score import score
from audit.yardsticks import Yardsticks
from rules.model import Basis, Text

_RANK = (Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_LACKING = (State.FAIL, State.PARTIAL)
NOBODY = Organisation(id="unit", name="（未填写单位名称）")


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is told beside a run. `before` are results before rectification, where known."""

    organisation: Organisation = NOBODY
    above: str = ""
    system: System | None = None
    assessment: Assessment | None = None
    answers: tuple[Answer, ...] = ()
    risk_answers: tuple[RiskAnswer, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    repairs: tuple[Repair, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    before: tuple[ItemResult, ...] | None = None
    running: Running = field(default_factory=Running)


def assemble(
    run: Run,
    *,
    checks: Mapping[str, Check],
    catalog: Catalog,
    yardsticks: Yardsticks,
    now: float,
    beside: Beside | None = None,
    label: str = LABEL,
) -> Report:
    """All of a report. Where the run knows no risks yet, they are judged and scored here."""
    told = beside or Beside()
    system = told.system or unnamed(run)
    high, hazards, first, run = _judged(run, catalog, yardsticks, system, told)
    cells = states(
        yardsticks.matrix,
        [one.id for one in catalog.select(standard=STANDARD, level=3, part=Part.GENERAL)],
        run.items,
        same=_own_level(catalog, run.level),
    )
    checked = {
        one.control: max(_taken(run)[f.target] for f in one.findings if f.target in _taken(run))
        for one in run.items
        if any(f.target in _taken(run) for f in one.findings)
    }
    running = replace(told.running, checked={**checked, **told.running.checked})
    return Report(
        made=now,
        organisation=told.organisation,
        above=told.above,
        system=system,
        assessment=told.assessment,
        run=run,
        checks=checks,
        high=high,
        hazards=hazards,
        high_count=rectified(first[0], high),
        hazard_count=rectified(first[1], hazards),
        matrix=yardsticks.matrix,
        cells=cells,
        ways=ways(yardsticks.matrix, cells, running, now=now),
        layers=layers(run),
        sections=sections(run),
        issues=issues(run, checks, high),
        sources=sources(run.controls),
        answers=told.answers or run.answers,
        waivers=told.waivers or run.waivers,
        repairs=told.repairs,
        earlier=told.earlier,
        label=label,
    )


def unnamed(run: Run) -> System:
    """The system where nobody named one."""
    names = sorted({one.system for one in run.targets if one.system})
    return System(
        id=names[0] if names else "system",
        name=names[0] if len(names) == 1 else "（未填写定级对象）",
        organisation="",
        s=run.level,
        a=run.level,
        g=run.level,
    )


def _taken(run: Run) -> dict[str, float]:
    """When each target was last seen, for evidence that could be had."""
    found: dict[str, float] = {}
    for one in run.evidence:
        if not one.problem:
            found[one.target] = max(one.taken, found.get(one.target, 0.0))
    return found


type _Risks = tuple[Risk, ...]


def _judged(
    run: Run, catalog: Catalog, yardsticks: Yardsticks, system: System, told: Beside
) -> tuple[_Risks, _Risks, tuple[_Risks, _Risks], Run]:
    """High risks, hazards, both before rectification, and the run with its score.

    A run that was judged by the rules of its day stays as it was; only decisions of people
    that came since make it be judged anew.
    """
    if run.yardsticks and not told.risk_answers and told.before is None:
        return run.high, run.hazards, (run.high, run.hazards), run
    rules = Rules(
        high=yardsticks.high,
        hazards=yardsticks.hazards,
        system=system,
        answers=told.risk_answers,
        digest=yardsticks.digest,
    )
    high, hazards = risks(rules, run.single, run.items, run.targets, catalog)
    first = (high, hazards)
    if told.before is not None:
        first = risks(rules, told.before, (), run.targets, catalog)
    scored = score(
        run.items,
        run.controls,
        scoring=yardsticks.scoring,
        hazards=for_score(first[0], first[1], hazards),
    )
    new = replace(run, score=scored, high=high, hazards=hazards, yardsticks=rules.digest)
    return high, hazards, first, new


def _own_level(catalog: Catalog, level: int) -> Mapping[str, str] | None:
    """Level-3 control id → the same requirement at the level of the run."""
    if level == 3:
        return None
    found = {}
    for control in catalog.select(standard=STANDARD, level=3, part=Part.GENERAL):
        for one in catalog.same(control.id):
            if one.level == level:
                found[control.id] = one.id
    return found


def shared(name: str, title: Text, results: Iterable[State]) -> Share:
    count = Counter(results)
    return Share(
        id=name,
        title=title,
        passed=count[State.PASS],
        partial=count[State.PARTIAL],
        failed=count[State.FAIL],
        not_applicable=count[State.NOT_APPLICABLE],
        unknown=count[State.UNKNOWN],
    )


def sections(run: Run) -> tuple[Share, ...]:
    """Items by section of the standard, in its order."""
    found: dict[str, list[State]] = {}
    titles: dict[str, Text] = {}
    results = {one.control: one.state for one in run.items}
    for control in run.controls:
        name = control.point.rpartition(".")[0]
        titles.setdefault(name, control.section)
        found.setdefault(name, []).append(results.get(control.id, State.UNKNOWN))
    return tuple(shared(name, titles[name], found[name]) for name in found)


def layers(run: Run) -> tuple[Share, ...]:
    """Results by layer: one clause lies in several, by the class of what it is examined on."""
    controls = {one.id: one for one in run.controls}
    kinds = {one.id: one.kind for one in run.targets}
    found: dict[Tier, list[State]] = defaultdict(list)
    for one in run.single:
        control = controls[one.control]
        tier = control.tiers.get(kinds[one.target]) if one.target in kinds else None
        for each in {tier} if tier else {*control.tiers.values()}:
            found[each].append(one.state)
    return tuple(shared(tier.value, title, found[tier]) for tier, title in TIERS.items())


def issues(run: Run, checks: Mapping[str, Check], high: Iterable[Risk]) -> tuple[Issue, ...]:
    """What is wrong, the gravest first: failing checks with their targets, then answers."""
    rules = defaultdict(list)
    for risk in high:
        for name in risk.rule.checks:
            rules[name].append(risk.rule.id)
    failing: dict[str, dict[str, Finding]] = defaultdict(dict)
    for finding in run.findings:
        if finding.state in _LACKING:
            failing[finding.check][finding.target] = finding
    known = {one.id for one in run.controls}
    made = [
        _issue(name, by_target, [c for c in run.served if name in run.served[c] and c in known],
               checks.get(name), tuple(rules[name]))
        for name, by_target in failing.items()
    ]  # fmt: skip
    made += [
        _answered(one, next(c for c in run.controls if c.id == one.control))
        for one in run.single
        if one.state in _LACKING and not any(f.state in _LACKING for f in one.findings)
    ]
    made.sort(key=lambda one: (_RANK.index(one.severity), -len(one.places)))
    return tuple(replace(one, number=f"T{number:03}") for number, one in enumerate(made, 1))


def _issue(
    name: str,
    by_target: Mapping[str, Finding],
    controls: list[str],
    check: Check | None,
    risks: tuple[str, ...],
) -> Issue:
    first = next(iter(by_target.values()))
    return Issue(
        number="",
        check=name,
        controls=tuple(controls),
        places=tuple(
            Place(target=target, state=one.state, seen=one.seen, evidence=one.evidence)
            for target, one in by_target.items()
        ),
        severity=min((one.severity for one in by_target.values()), key=_RANK.index),
        problem=check.problem if check else first.reason,
        remedy=check.remedy if check else None,
        risks=risks,
    )


def _answered(result: ItemResult, control: Control) -> Issue:
    reason = result.reason.zh if result.reason else ""
    return Issue(
        number="",
        check="",
        controls=(control.id,),
        places=(Place(target=result.target, state=result.state, seen=reason),),
        severity=result.severity or Severity.MEDIUM,
        problem=result.reason or control.text,
        remedy=control.remedy,
        risks=control.high_risk,
    )


def sources(controls: Iterable[Control]) -> tuple[Source, ...]:
    """What the items rest on, by source and status."""
    count: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], Basis] = {}
    for one in controls:
        key = (one.basis.source, one.status.value)
        count[key] += 1
        first.setdefault(key, replace(one.basis, clause=""))
    return tuple(Source(basis=first[key], used=count[key]) for key in first)
