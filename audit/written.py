"""What people wrote into the store, read from its entries: waivers, decisions, repairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from audit.items import Answer
from audit.model import Waiver
from audit.record import typed
from audit.repairs import Case, Dated, Step, cases
from audit.risk import RiskAnswer
from audit.run import Compensated
from audit.store import Entry
from audit.waivers import Revoked, in_force

KINDS: dict[str, Any] = {
    "answer": Answer,
    "waiver": Waiver,
    "waiver-revoked": Revoked,
    "compensation": Compensated,
    "risk-answer": RiskAnswer,
    "repair": Step,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    answers: tuple[Answer, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    revoked: tuple[Revoked, ...] = ()
    compensations: tuple[Compensated, ...] = ()
    risk_answers: tuple[RiskAnswer, ...] = ()
    steps: tuple[Dated, ...] = ()

    @property
    def cases(self) -> dict[str, Case]:
        return cases(self.steps)

    def waivers_at(self, now: float) -> tuple[Waiver, ...]:
        return in_force(self.waivers, now, self.revoked)


def written(entries: Iterable[Entry]) -> Written:
    """The entries as what they are. Raises ValueError, TypeError, KeyError for a broken one."""
    found: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for one in entries:
        if one.kind == "repair":
            step = typed(one.body, Step, one.kind)
            found["repair"].append(Dated(step=step, at=one.at, by=one.by))
        elif one.kind in KINDS:
            found[one.kind].append(typed(one.body, KINDS[one.kind], one.kind))
    return Written(
        answers=tuple(found["answer"]),
        waivers=tuple(found["waiver"]),
        revoked=tuple(found["waiver-revoked"]),
        compensations=tuple(found["compensation"]),
        risk_answers=tuple(found["risk-answer"]),
        steps=tuple(found["repair"]),
    )
