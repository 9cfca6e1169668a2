"""Counting risks: before rectification, what is mended since, and what a conclusion needs.

The 2025 template prints the number found *before* rectification and says beside it how many
are mended: `10（5个已整改）` (1846号 Q22). Mended means proven: what is unknown afterwards, or
no longer applies, still stands. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from audit.risk import Risk, RiskState
from audit.score import Hazards
from rules.model import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many rules stand in which state."""

    triggered: int = 0
    candidate: int = 0
    unknown: int = 0
    lowered: int = 0

    @property
    def open(self) -> int:
        return self.candidate + self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectified:
    """Counted before rectification, with what is mended since (1846号 Q22)."""

    before: int
    mended: int

    @property
    def text(self) -> Text:
        if not self.mended:
            return Text(zh=str(self.before), en=str(self.before))
        return Text(
            zh=f"{self.before}（{self.mended}个已整改）",
            en=f"{self.before} ({self.mended} mended)",
        )


def counts(risks: Iterable[Risk]) -> Counts:
    """How many rules are triggered, undecided or lowered."""
    states = [one.state for one in risks]
    return Counts(
        triggered=states.count(RiskState.TRIGGERED),
        candidate=states.count(RiskState.CANDIDATE),
        unknown=states.count(RiskState.UNKNOWN),
        lowered=states.count(RiskState.LOWERED),
    )


def rectified(before: Iterable[Risk], after: Iterable[Risk]) -> Rectified:
    """Triggered before rectification, and of these proven gone (or lowered) since.

    Unknown afterwards is not mended.
    """
    now = {one.rule.id: one.state for one in after}
    found = [one.rule.id for one in before if one.state is RiskState.TRIGGERED]
    mended = (RiskState.CLEAR, RiskState.LOWERED)
    return Rectified(before=len(found), mended=sum(1 for name in found if now.get(name) in mended))


def for_score(
    high: Iterable[Risk], before: Iterable[Risk], after: Iterable[Risk] | None = None
) -> Hazards:
    """What `audit.score` needs: high risks, and hazards before and after rectification.

    Without `after` nothing is mended yet. A hazard is open while its present state is.
    """
    found = tuple(before)
    now = found if after is None else tuple(after)
    count = rectified(found, now)
    return Hazards(
        high_risks=counts(high).triggered,
        hazards=count.before,
        mended=count.mended,
        open=counts(now).open,
    )
