"""Several objects, one item: how results on single targets become the result of a control.

Which rule holds for which control is data (`audit/scoring/aggregation.yaml`). A target that
could not be looked at never helps: a rule finds fault where the unknown one cannot change
the answer, and otherwise (a pass always) the item stays unknown. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from audit.model import ItemResult, Severity, State, Why
from rules.model import Basis, Text


class Over(StrEnum):
    """How many objects speak for one item."""

    MIXED = "mixed"  # all pass: pass; all fail: fail; otherwise partial (GB/T 28448 单项测评)
    WORST = "worst"  # the worst object speaks
    SHARE = "share"  # pass from `share` of the objects on, fail where none passes


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """Controls (id, or the beginning of ids) with a rule of their own."""

    controls: tuple[str, ...]
    over: Over
    share: float = 1.0
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """The rule for all controls and the exceptions; the longest matching id wins."""

    id: str
    title: Text
    basis: Basis
    over: Over
    share: float = 1.0
    exceptions: tuple[Special, ...] = ()

    def __post_init__(self) -> None:
        for share in (self.share, *(one.share for one in self.exceptions)):
            if not 0 < share <= 1:
                raise ValueError("`share` lies above 0 and at most at 1")

    def rule(self, control: str) -> tuple[Over, Fraction]:
        best, found = -1, (self.over, self.share)
        for one in self.exceptions:
            for name in one.controls:
                hit = control == name or control.startswith(f"{name}.")
                if hit and len(name) > best:
                    best, found = len(name), (one.over, one.share)
        return found[0], Fraction(str(found[1]))


def aggregate(results: Iterable[ItemResult], aggregation: Aggregation) -> tuple[ItemResult, ...]:
    """One ItemResult a control (target empty), in the order in which controls first appear."""
    groups: dict[str, list[ItemResult]] = {}
    for result in results:
        groups.setdefault(result.control, []).append(result)
    return tuple(over_targets(control, group, aggregation) for control, group in groups.items())


def over_targets(control: str, group: list[ItemResult], aggregation: Aggregation) -> ItemResult:
    """What the results of one control on several targets say of the control."""
    over, share = aggregation.rule(control)
    states = [one.state for one in group]
    state = together(states, over, share)
    whys = [one.why for one in group if one.state is State.UNKNOWN and one.why is not None]
    made_good = [one.compensation for one in group if one.state in _LACKING]
    compensation = made_good[0] if made_good and all(made_good) else None
    severities = [one.severity for one in group if one.severity and one.state in _LACKING]
    return ItemResult(
        control=control,
        target="",
        state=state,
        why=_why(whys) if state is State.UNKNOWN else None,
        findings=tuple(finding for one in group for finding in one.findings),
        answers=tuple(dict.fromkeys(name for one in group for name in one.answers)),
        reason=_reason(group, state),
        compensation=compensation,
        severity=max(severities, key=_RANK.index) if severities else None,
    )


_LACKING = (State.FAIL, State.PARTIAL)
_RANK = (Severity.LOW, Severity.MEDIUM, Severity.HIGH)
_URGENT = (Why.ERROR, Why.NOT_CHECKED, Why.PENDING)


def together(states: Iterable[State], over: Over, share: Fraction = Fraction(1)) -> State:
    """The state of an item from the states of its objects; objects that are N/A are left out."""
    count = Counter(states)
    known = {state: count[state] for state in (State.PASS, State.PARTIAL, State.FAIL)}
    unknown, total = count[State.UNKNOWN], sum(known.values())
    if not total and not unknown:
        return State.NOT_APPLICABLE if count[State.NOT_APPLICABLE] else State.UNKNOWN
    if not unknown:
        return _known(known, over, share)
    possible = {
        _known({**known, extra: known[extra] + unknown}, over, share)
        for extra in (State.PASS, State.PARTIAL, State.FAIL)
    }
    certain = len(possible) == 1 and total and State.PASS not in possible
    return possible.pop() if certain else State.UNKNOWN


def _known(count: dict[State, int], over: Over, share: Fraction) -> State:
    total = sum(count.values())
    if count[State.PASS] == total:
        return State.PASS
    if over is Over.WORST:
        return State.FAIL if count[State.FAIL] else State.PARTIAL
    if over is Over.SHARE and Fraction(count[State.PASS], total) >= share:
        return State.PASS
    if over is Over.SHARE:
        return State.PARTIAL if count[State.PASS] + count[State.PARTIAL] else State.FAIL
    return State.FAIL if count[State.FAIL] == total else State.PARTIAL


def _why(whys: list[Why]) -> Why:
    return min(whys, key=_URGENT.index) if whys else Why.NOT_CHECKED


def _reason(group: list[ItemResult], state: State) -> Text | None:
    if len(group) == 1:
        return group[0].reason
    if state is State.NOT_APPLICABLE:
        return next((one.reason for one in group if one.reason), None)
    count = Counter(one.state for one in group)
    zh = "，".join(f"{_WORDS[one].zh} {count[one]}" for one in State if count[one])
    en = ", ".join(f"{count[one]} {_WORDS[one].en}" for one in State if count[one])
    return Text(zh=f"{len(group)} 个对象：{zh}。", en=f"{len(group)} objects: {en}.")


_WORDS = {
    State.PASS: Text(zh="符合", en="pass"),
    State.PARTIAL: Text(zh="部分符合", en="partial"),
    State.FAIL: Text(zh="不符合", en="fail"),
    State.NOT_APPLICABLE: Text(zh="不适用", en="not applicable"),
    State.UNKNOWN: Text(zh="未知", en="unknown"),
}
