"""ItemResults → Score: 符合率 and its conclusion, a weighted score beside it.

Pure: the rules of the template (thresholds, what a partial item counts, where an open edge
lands) are a `Scoring`, read from `audit/scoring/`, and travel with the Score so that a report
can print them with their source. What is unknown stays in the denominator and blocks a
conclusion; an unverified clause is counted apart. Ratios are exact fractions, because the
edges (90 %, 60 %) decide. Nothing here reads a file or asks what the time is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from audit.model import Control, ItemResult, Score, State
from audit.weighing import Weighing, weigh
from rules.model import Basis, Text


class Conclusion(StrEnum):
    """The three conclusions of the 2025 template, and none."""

    MEETS = "meets"
    MOSTLY = "mostly"
    FAILS = "fails"
    NONE = "none"


CONCLUSIONS = {
    Conclusion.MEETS: Text(zh="符合", en="meets"),
    Conclusion.MOSTLY: Text(zh="基本符合", en="mostly meets"),
    Conclusion.FAILS: Text(zh="不符合", en="does not meet"),
    Conclusion.NONE: Text(zh="暂不作结论", en="no conclusion yet"),
}


class Compensated(StrEnum):
    """What an item counts that 整体测评 found made good by another."""

    UNCHANGED = "unchanged"
    PARTIAL = "partial"
    PASS = "pass"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Why one setting of a Scoring has its value."""

    reason: Text
    basis: Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """The rules of one report template, open edges included. `why` has one entry a setting."""

    id: str
    title: Text
    basis: Basis
    upper: float
    lower: float
    partial: float
    at_upper: Conclusion
    at_lower: Conclusion
    hazard_above: Conclusion
    mended_hazards: bool
    compensated: Compensated
    weighing: Weighing
    technical_share: float = 0.5
    why: Mapping[str, Setting]

    def __post_init__(self) -> None:
        if not 0 <= self.lower < self.upper <= 1:
            raise ValueError("0 <= lower < upper <= 1 is wanted")
        if self.partial not in (0, 0.5):
            raise ValueError("`partial` counts 0 or 0.5")
        if not 0 <= self.technical_share <= 1:
            raise ValueError("`technical_share` lies between 0 and 1")
        if self.hazard_above is Conclusion.MEETS:
            raise ValueError("`hazard_above` may not be `meets`: Q20 rules it out")
        open_edges = SETTINGS - set(self.why)
        if open_edges:
            raise ValueError(f"`why` says nothing of: {', '.join(sorted(open_edges))}")


SETTINGS = frozenset(
    (
        *("upper", "lower", "partial", "at_upper", "at_lower", "hazard_above"),
        *("mended_hazards", "compensated", "weighing"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hazards:
    """Counts of 重大风险隐患 and high risks as the conclusion needs them.

    `hazards` and `high_risks` are as found, before rectification; `mended` of the hazards
    are gone and proven so; `open` could not be decided yet.
    """

    high_risks: int = 0
    hazards: int = 0
    mended: int = 0
    open: int = 0


def counted(result: ItemResult | None, compensated: Compensated) -> State:
    """The state by which an item counts. No result, or N/A without a reason, is unknown."""
    if result is None:
        return State.UNKNOWN
    if result.state is State.NOT_APPLICABLE and not _said(result.reason):
        return State.UNKNOWN
    if result.state in (State.FAIL, State.PARTIAL) and is_compensated(result):
        if compensated is Compensated.PASS:
            return State.PASS
        if compensated is Compensated.PARTIAL:
            return State.PARTIAL
    return result.state


def is_compensated(result: ItemResult) -> bool:
    """A compensation counts only with its reason, its approver and what makes it good."""
    made = result.compensation
    return made is not None and bool(made.by and made.reason.strip() and made.approver.strip())


def score(
    results: Iterable[ItemResult],
    controls: Iterable[Control],
    *,
    scoring: Scoring,
    hazards: Hazards | None = None,
) -> Score:
    """Score aggregated results (one a control) over the controls in scope.

    Raises ValueError where a control has two results: aggregate first.
    """
    found = _by_control(results)
    wanted = tuple(controls)
    scored = tuple(one for one in wanted if one.scored)
    states = {one.id: counted(found.get(one.id), scoring.compensated) for one in scored}
    count = Counter(states.values())
    risks = hazards or Hazards()
    total = len(scored) - count[State.NOT_APPLICABLE]
    unknown = count[State.UNKNOWN]
    rates = {share: _rate(count, Fraction(share), total) for share in ("0", "0.5")}
    exact = _rate(count, Fraction(str(scoring.partial)), total)
    code, reasons = conclude(exact, unknown=unknown, hazards=risks, scoring=scoring)
    weighted = None if unknown or not total else _weighted(scored, states, scoring)
    return Score(
        passed=count[State.PASS],
        partial=count[State.PARTIAL],
        failed=count[State.FAIL],
        not_applicable=count[State.NOT_APPLICABLE],
        unknown=unknown,
        rate=None if exact is None or unknown else float(exact),
        weighted=weighted,
        high_risks=risks.high_risks,
        hazards=risks.hazards,
        conclusion=CONCLUSIONS[code],
        settings=described(scoring),
        code=code.value,
        floor=float(exact or 0),
        ceiling=float((exact or 0) + (Fraction(unknown, total) if total else 0)),
        rates={share: float(rate) for share, rate in rates.items() if rate is not None},
        unscored=len(wanted) - len(scored),
        compensated=sum(1 for one in scored if one.id in found and is_compensated(found[one.id])),
        reasons=reasons,
    )


def conclude(
    rate: Fraction | None, *, unknown: int, hazards: Hazards, scoring: Scoring
) -> tuple[Conclusion, tuple[Text, ...]]:
    """The conclusion by the template and why. `rate` None: nothing applies."""
    if rate is None:
        return Conclusion.NONE, (Text(zh="没有适用的测评项。", en="No item applies."),)
    if unknown:
        zh, en = f"有 {unknown} 项未知，不得作结论。", f"{unknown} items are unknown."
        return Conclusion.NONE, (Text(zh=zh, en=en),)
    upper, lower = Fraction(str(scoring.upper)), Fraction(str(scoring.lower))
    if rate > upper:
        return _above(hazards, scoring)
    if rate == upper:
        return _at_upper(hazards, scoring)
    if rate > lower:
        return Conclusion.MOSTLY, (_range("低于上限、高于下限", "between the limits"),)
    if rate == lower:
        return scoring.at_lower, (_edge("下限", "the lower limit"),)
    return Conclusion.FAILS, (_range("低于下限", "below the lower limit"),)


def _above(hazards: Hazards, scoring: Scoring) -> tuple[Conclusion, tuple[Text, ...]]:
    standing = hazards.hazards - (0 if scoring.mended_hazards else hazards.mended)
    if standing > 0:
        return scoring.hazard_above, (
            Text(
                zh=f"符合率高于上限，但有 {standing} 项重大风险隐患，不得判为符合。",
                en=f"Above the upper limit, but {standing} major hazards rule out `meets`.",
            ),
        )
    if hazards.open > 0:
        return Conclusion.NONE, (
            Text(
                zh=f"符合率高于上限，但有 {hazards.open} 项重大风险隐患触发项尚未判定。",
                en=f"Above the upper limit, but {hazards.open} hazards are undecided.",
            ),
        )
    return Conclusion.MEETS, (
        _range("高于上限且无重大风险隐患", "above the upper limit, no hazard"),
    )


def _at_upper(hazards: Hazards, scoring: Scoring) -> tuple[Conclusion, tuple[Text, ...]]:
    """Exactly 90 %: where the setting says `meets`, hazards decide as they do above."""
    edge = _edge("上限", "the upper limit")
    if scoring.at_upper is not Conclusion.MEETS:
        return scoring.at_upper, (edge,)
    code, reasons = _above(hazards, scoring)
    return code, (edge, *reasons)


def _edge(zh: str, en: str) -> Text:
    return Text(
        zh=f"符合率恰为{zh}：官方答复未说明，按设定处理。",
        en=f"The rate is exactly {en}: open in the official text, decided by setting.",
    )


def _range(zh: str, en: str) -> Text:
    return Text(zh=f"符合率{zh}。", en=f"The rate is {en}.")


def _weighted(
    scored: tuple[Control, ...], states: Mapping[str, State], scoring: Scoring
) -> float | None:
    share = Fraction(str(scoring.technical_share))
    return weigh(scored, states, scoring.weighing, technical_share=share)


def described(scoring: Scoring) -> Mapping[str, object]:
    """The settings in force with their sources, for reports: plain JSON values."""
    return {
        "template": scoring.id,
        "source": _source(scoring.basis),
        "status": scoring.basis.status.value,
        **{
            name: {
                "value": getattr(scoring, name),
                "zh": scoring.why[name].reason.zh,
                "en": scoring.why[name].reason.en,
                "source": _source(scoring.why[name].basis),
                "status": scoring.why[name].basis.status.value,
            }
            for name in sorted(SETTINGS)
        },
    }


def _source(basis: Basis) -> str:
    return f"{basis.source} {basis.clause}".strip()


def _rate(count: Mapping[State, int], partial: Fraction, total: int) -> Fraction | None:
    if not total:
        return None
    return (count.get(State.PASS, 0) + partial * count.get(State.PARTIAL, 0)) / total


def _by_control(results: Iterable[ItemResult]) -> dict[str, ItemResult]:
    found: dict[str, ItemResult] = {}
    for result in results:
        if result.control in found:
            raise ValueError(f"two results for {result.control}: aggregate them first")
        found[result.control] = result
    return found


def _said(reason: Text | None) -> bool:
    return reason is not None and bool(reason.zh.strip() or reason.en.strip())
