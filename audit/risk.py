"""高风险判例 and 重大风险隐患: which rules are triggered, which are lowered, what is open.

A failing item does not yet make a high risk, and a passing check elsewhere does not unmake
one: a rule is triggered by its own check's finding or by a person's answer; a failing item
or a check that only indicates the rule makes a *candidate* that a person decides. A major
hazard moreover needs the three principles (相关性, 严重性, 高发性) together. What was not looked
at is unknown. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.model import HighRiskRule, ItemResult, Part, State, System, Target
from rules.model import Text


class RiskState(StrEnum):
    """What came of one rule, worst first."""

    TRIGGERED = "triggered"  # 判定成立
    CANDIDATE = "candidate"  # 待判定: an item fails, a person has to decide
    UNKNOWN = "unknown"  # 未知: not looked at
    LOWERED = "lowered"  # 已缓解: triggered, and a mitigation holds
    CLEAR = "clear"  # 不成立
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskAnswer:
    """What a person decided of one rule, on one target or (empty) on all that are affected.

    `mitigations` are the numbers (from 1) of the rule's mitigations that hold. The three
    principles matter for major hazards only. A decision without `reason` and `by` is none.
    """

    rule: str
    target: str = ""
    triggered: bool | None = None
    mitigations: tuple[int, ...] = ()
    relevant: bool | None = None  # 相关性: no mitigation is in place
    severe: bool | None = None  # 严重性
    frequent: bool | None = None  # 高发性
    reason: str = ""
    by: str = ""

    @property
    def counts(self) -> bool:
        return bool(self.reason.strip() and self.by.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One rule on one target (empty: the system as a whole)."""

    target: str
    state: RiskState
    controls: tuple[str, ...] = ()  # items that lack something there
    checks: tuple[str, ...] = ()  # failing checks of the rule
    indicates: tuple[str, ...] = ()  # failing checks that speak for it and prove nothing
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """What came of one rule on a system: the worst of its places."""

    rule: HighRiskRule
    hazard: bool
    state: RiskState
    places: tuple[Place, ...]


def judge(
    rules: Iterable[HighRiskRule],
    results: Iterable[ItemResult],
    *,
    system: System,
    targets: Mapping[str, Target] | None = None,
    answers: Iterable[RiskAnswer] = (),
    hazards: bool = False,
) -> tuple[Risk, ...]:
    """Judge every rule on a system from its results per target and people's answers.

    `results` may be per target, aggregated (empty target) or both; `hazards` says that the
    rules are 重大风险隐患 triggers, which need the three principles.
    """
    items = tuple(results)
    given = tuple(answers)
    known = targets or {}
    return tuple(_judged(rule, items, given, system, known, hazards=hazards) for rule in rules)


def at_all_levels(
    rules: Iterable[HighRiskRule], same: Callable[[str], Iterable[str]]
) -> tuple[HighRiskRule, ...]:
    """Rules with their controls at every level: `same` names a requirement at all of them.

    Data names the level-3 clause (and level 2 where the letter shifts); the catalog knows the
    rest. A control the catalog does not know is kept as it is.
    """
    return tuple(
        replace(
            rule,
            controls=tuple(
                dict.fromkeys(
                    name for control in rule.controls for name in (control, *same(control))
                )
            ),
        )
        for rule in rules
    )


def applies(rule: HighRiskRule, system: System) -> bool:
    """Whether a rule holds for a system: by level and by the parts of the standard."""
    return system.level in rule.levels and (rule.part is Part.GENERAL or rule.part in system.parts)


def _judged(
    rule: HighRiskRule,
    results: tuple[ItemResult, ...],
    answers: tuple[RiskAnswer, ...],
    system: System,
    targets: Mapping[str, Target],
    *,
    hazards: bool,
) -> Risk:
    if not applies(rule, system):
        return Risk(rule=rule, hazard=hazards, state=RiskState.NOT_APPLICABLE, places=())
    mine = [one for one in results if one.control in rule.controls]
    said = [one for one in answers if one.rule == rule.id and one.counts]
    names = dict.fromkeys([*(one.target for one in mine), *(one.target for one in said)])
    single = [name for name in names if name] or [""]
    places = tuple(
        _place(rule, name, _at(mine, name), _answer(said, name), targets, hazards=hazards)
        for name in single
    )
    state = min((place.state for place in places), key=list(RiskState).index)
    return Risk(rule=rule, hazard=hazards, state=state, places=places)


def _at(results: list[ItemResult], target: str) -> list[ItemResult]:
    """Results on a target; what is known of the whole system only speaks for each of them."""
    own = [one for one in results if one.target == target]
    covered = {one.control for one in results if one.target}
    return own + [
        one for one in results if not one.target and target and one.control not in covered
    ]


def _answer(answers: list[RiskAnswer], target: str) -> RiskAnswer | None:
    """The answer for a target: its own before one for all; the last one given wins."""
    fitting = [one for one in answers if one.target in (target, "")]
    own = [one for one in fitting if one.target == target]
    chosen = own or fitting
    return chosen[-1] if chosen else None


def _place(
    rule: HighRiskRule,
    target: str,
    results: list[ItemResult],
    answer: RiskAnswer | None,
    targets: Mapping[str, Target],
    *,
    hazards: bool,
) -> Place:
    state, reason = _seen(rule, results)
    if answer is not None and answer.triggered is not None:
        state = RiskState.TRIGGERED if answer.triggered else RiskState.CLEAR
        reason = Text(zh=answer.reason, en=answer.reason)
        if not answer.triggered and _failing(rule.checks, results):
            state, reason = RiskState.CANDIDATE, _CONTRADICTED
    if state is RiskState.TRIGGERED and answer is not None:
        state, reason = _lower(rule, answer, targets.get(target), reason)
    if hazards and state in (RiskState.TRIGGERED, RiskState.CANDIDATE):
        state, reason = _principles(state, answer, reason)
    return Place(
        target=target,
        state=state,
        controls=tuple(one.control for one in results if one.state in _LACKING),
        checks=_failing(rule.checks, results),
        indicates=_failing(rule.indicates, results),
        reason=reason,
    )


_LACKING = (State.FAIL, State.PARTIAL)


def _seen(rule: HighRiskRule, results: list[ItemResult]) -> tuple[RiskState, Text]:
    """What the evidence alone says."""
    checks = _failing(rule.checks, results)
    if checks:
        names = ", ".join(checks)
        return RiskState.TRIGGERED, Text(zh=f"检查不通过：{names}", en=f"failing checks: {names}")
    signs = _failing(rule.indicates, results)
    if signs:
        names = ", ".join(signs)
        return RiskState.CANDIDATE, Text(
            zh=f"检查提示可能构成，须由人判定：{names}",
            en=f"checks that indicate it fail, a person decides: {names}",
        )
    if any(one.state in _LACKING for one in results):
        return RiskState.CANDIDATE, Text(
            zh="相关测评项不符合或部分符合，是否构成须由人判定。",
            en="A related item lacks something; whether it is this risk a person decides.",
        )
    if not results or any(one.state is State.UNKNOWN for one in results) or _unsure(rule, results):
        return RiskState.UNKNOWN, Text(
            zh="相关测评项尚未查明。", en="The related items are not known yet."
        )
    if all(one.state is State.NOT_APPLICABLE for one in results):
        return RiskState.NOT_APPLICABLE, Text(
            zh="相关测评项均不适用。", en="None of the related items applies."
        )
    return RiskState.CLEAR, Text(zh="相关测评项符合。", en="The related items pass.")


def _unsure(rule: HighRiskRule, results: list[ItemResult]) -> bool:
    """Whether a check that the rule names could not tell, however well the item came out."""
    return any(
        finding.check in rule.checks and finding.state is State.UNKNOWN
        for one in results
        for finding in one.findings
    )


def _failing(wanted: tuple[str, ...], results: list[ItemResult]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(
            finding.check
            for one in results
            for finding in one.findings
            if finding.check in wanted and finding.state is State.FAIL
        )
    )


def _lower(
    rule: HighRiskRule, answer: RiskAnswer, known: Target | None, reason: Text
) -> tuple[RiskState, Text]:
    holding = [number for number in answer.mitigations if 0 < number <= len(rule.mitigations)]
    if not holding:
        return RiskState.TRIGGERED, reason
    bar = barred(rule, known)
    if bar is not None:
        return RiskState.TRIGGERED, bar
    zh = "；".join(rule.mitigations[number - 1].zh for number in holding)
    en = "; ".join(rule.mitigations[number - 1].en for number in holding)
    return RiskState.LOWERED, Text(zh=f"已有缓解措施：{zh}", en=f"mitigated: {en}")


def barred(rule: HighRiskRule, target: Target | None) -> Text | None:
    """Why a rule may not be lowered on a target, if so. An unknown target gets no benefit."""
    for condition in rule.never:
        if condition == "always" or target is None or _holds(condition, target):
            told = rule.never_lowered or Text(zh="不得降低风险等级。", en="May not be lowered.")
            if target is None and condition != "always":
                return Text(
                    zh=f"对象情况不明，按不得降低处理：{told.zh}",
                    en=f"The target is not known, so not lowered: {told.en}",
                )
            return told
    return None


def _holds(condition: str, target: Target) -> bool:
    if condition == "exposed":
        return target.exposed
    kind, _, name = condition.partition(":")
    return kind == "platform" and (not target.platform or target.platform.startswith(name))


def _principles(
    state: RiskState, answer: RiskAnswer | None, reason: Text
) -> tuple[RiskState, Text]:
    """相关性, 严重性, 高发性: all three make a hazard, one missing unmakes it."""
    three = (answer.relevant, answer.severe, answer.frequent) if answer else (None, None, None)
    if False in three:
        named = [name for name, holds in zip(_PRINCIPLES, three, strict=True) if holds is False]
        zh, en = "、".join(one.zh for one in named), ", ".join(one.en for one in named)
        return RiskState.LOWERED, Text(zh=f"不满足：{zh}", en=f"does not hold: {en}")
    if None in three:
        return RiskState.CANDIDATE, Text(
            zh="须按相关性、严重性、高发性三项原则判定。",
            en="To be judged by relevance, severity and likelihood.",
        )
    return state, reason


_PRINCIPLES = (
    Text(zh="相关性", en="relevance"),
    Text(zh="严重性", en="severity"),
    Text(zh="高发性", en="likelihood"),
)
_CONTRADICTED = Text(
    zh="人工判定不成立，但对应检查不通过，须复核。",
    en="A person says no, but a check of this rule fails: to be reviewed.",
)
