"""From findings and answers to items: one ItemResult per control and target. Pure.

Checks that decide speak together (all pass, all fail, or part of each); an answer by a person
speaks beside them. Evidence that only contributes never closes an item: it stays unknown
(pending) until a person answers. Three cautions, each so that nothing passes unseen: a failing
contribution leaves a pass pending; what a check found not applicable does not make the item
not applicable (that takes a reason and an approver, so an answer); and an unknown deciding
finding leaves the item unknown wherever it could change the answer.
Over several targets: audit/aggregate.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from audit.aggregate import Over, together
from audit.catalog import Catalog, reach
from audit.model import (
    Check,
    Control,
    Finding,
    ItemResult,
    Link,
    Severity,
    State,
    Target,
    Why,
)
from rules.model import Text

_RANK = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
_LACKING = (State.FAIL, State.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person decided of one control on one target (`target` empty: on all of them)."""

    id: str
    control: str
    target: str = ""
    state: State
    by: str
    reason: str
    dated: float
    approver: str = ""
    evidence: tuple[str, ...] = ()  # what it rests on, as the answerer wrote it

    def __post_init__(self) -> None:
        if self.state is State.NOT_APPLICABLE and not (self.reason and self.by):
            raise ValueError("not applicable takes a reason and an approver")


type Links = Mapping[str, Mapping[str, Link]]


def links(checks: Iterable[Check], catalog: Catalog) -> Links:
    """Control id → check id → what the check says about it."""
    found: dict[str, dict[str, Link]] = defaultdict(dict)
    for check in checks:
        for control, link in reach(catalog, check.serves).items():
            found[control][check.id] = link
    return found


def results(
    controls: Iterable[Control],
    targets: Iterable[Target],
    findings: Iterable[Finding],
    served: Links,
    answers: Iterable[Answer] = (),
) -> tuple[ItemResult, ...]:
    """Every control on every target it is examined on; one result at least for each control.

    A target counts for a control where its class is among the control's objects, or where
    there is a finding on it. Without one, the result stands on no target and nobody looked.
    """
    chosen = tuple(targets)
    by_target: dict[tuple[str, str], Finding] = {(one.target, one.check): one for one in findings}
    answered = newest(answers)
    found: list[ItemResult] = []
    for control in controls:
        checks = served.get(control.id, {})
        before = len(found)
        for target in chosen:
            seen = [
                (one, checks[name]) for name in checks if (one := by_target.get((target.id, name)))
            ]
            answer = answered.get((control.id, target.id)) or answered.get((control.id, ""))
            if seen or target.kind in control.objects:
                found.append(item(control, target.id, seen, answer))
        if len(found) == before:
            found.append(item(control, "", (), answered.get((control.id, ""))))
    return tuple(found)


def newest(answers: Iterable[Answer]) -> dict[tuple[str, str], Answer]:
    """The latest answer for each control and target."""
    found: dict[tuple[str, str], Answer] = {}
    for one in sorted(answers, key=lambda answer: (answer.dated, answer.id)):
        found[one.control, one.target] = one
    return found


def item(
    control: Control,
    target: str,
    seen: Iterable[tuple[Finding, Link]],
    answer: Answer | None,
) -> ItemResult:
    """One control on one target."""
    pairs = tuple(seen)
    deciding = [one for one, link in pairs if link is Link.DECIDES]
    helping = [one for one, link in pairs if link is Link.CONTRIBUTES]
    state, why = closed(deciding, helping, answer)
    lacking = [one.severity for one in (*deciding, *helping) if one.state in _LACKING]
    return ItemResult(
        control=control.id,
        target=target,
        state=state,
        why=why,
        findings=tuple(one for one, _ in pairs),
        answers=(answer.id,) if answer else (),
        reason=_reason(deciding, helping, answer),
        severity=max(lacking, key=_RANK.index) if lacking and state in _LACKING else None,
    )


def closed(
    deciding: list[Finding], helping: list[Finding], answer: Answer | None
) -> tuple[State, Why | None]:
    """The state of an item, and why it is open where it is."""
    states: list[State] = [one.state for one in deciding if one.state is not State.NOT_APPLICABLE]
    if answer is not None and answer.state is State.NOT_APPLICABLE:
        return State.NOT_APPLICABLE, None
    if answer is not None:
        states.append(answer.state)
    if not states:
        return State.UNKNOWN, _open(deciding, helping)
    state = together(states, Over.MIXED)
    if state is State.UNKNOWN:
        whys = [one.why for one in deciding if one.state is State.UNKNOWN]
        return state, Why.ERROR if Why.ERROR in whys else whys[0] if whys else Why.PENDING
    if state is State.PASS and answer is None and any(one.state in _LACKING for one in helping):
        return State.UNKNOWN, Why.PENDING
    return state, None


def _open(deciding: list[Finding], helping: list[Finding]) -> Why:
    """Why an item is open that nothing decides."""
    both = [*deciding, *helping]
    if not both:
        return Why.NOT_CHECKED
    if any(one.state is not State.UNKNOWN for one in both):
        return Why.PENDING
    return Why.ERROR if any(one.why is Why.ERROR for one in both) else Why.NOT_CHECKED


def _reason(deciding: list[Finding], helping: list[Finding], answer: Answer | None) -> Text:
    """In a few words: what spoke, and how much of it found fault."""
    zh, en = [], []
    for findings, one_zh, one_en in (
        (deciding, "判定性检查", "deciding checks"),
        (helping, "佐证性检查", "contributing checks"),
    ):
        if findings:
            bad = sum(one.state in _LACKING for one in findings)
            lost = sum(one.state is State.UNKNOWN for one in findings)
            zh.append(f"{one_zh} {len(findings)} 条，其中不符合 {bad}、未知 {lost}")
            en.append(f"{len(findings)} {one_en}, {bad} find fault, {lost} unknown")
    if answer is not None:
        zh.append(f"{answer.by} 判定：{answer.reason}")
        en.append(f"answered by {answer.by}: {answer.reason}")
    return Text(
        zh="；".join(zh) or "尚无检查与答复", en="; ".join(en) or "nobody and nothing looked"
    )
