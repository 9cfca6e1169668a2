"""整改: repairs as the sum of their steps. Identity is stable over years. Pure.

A repair is named by control, target and check, or by the number a 测评机构 or a 通报 gave it,
so the same fault found next year is the same repair, opened again. Steps are only ever added;
the state follows from them by one table. A re-test that could not look changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from audit.model import Repair, RepairState, State
from audit.run import Run
from audit.scope import day


class Do(StrEnum):
    OPEN = "open"
    SEND = "send"
    EVIDENCE = "evidence"  # the school says it is done, with what shows it
    PASSED = "passed"  # a later run sees no fault
    FAILED = "failed"  # a later run still sees it
    UNSEEN = "unseen"  # a later run could not look
    CLOSE = "close"


ANY = frozenset(RepairState)
_BEFORE_PROOF = frozenset(
    (RepairState.OPEN, RepairState.SENT, RepairState.DONE, RepairState.REFUSED)
)
TABLE: dict[Do, tuple[frozenset[RepairState], RepairState | None]] = {
    Do.OPEN: (ANY, RepairState.OPEN),
    Do.SEND: (frozenset((RepairState.OPEN, RepairState.REFUSED)), RepairState.SENT),
    Do.EVIDENCE: (_BEFORE_PROOF, RepairState.DONE),
    Do.PASSED: (_BEFORE_PROOF | {RepairState.VERIFIED}, RepairState.VERIFIED),
    Do.FAILED: (_BEFORE_PROOF | {RepairState.VERIFIED}, RepairState.REFUSED),
    Do.UNSEEN: (ANY, None),
    Do.CLOSE: (frozenset((RepairState.VERIFIED,)), RepairState.CLOSED),
}
"""Step → from which states, to which (None: it stays)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing done to a repair. Only `open` brings the first five."""

    repair: str
    do: Do
    control: str = ""
    target: str = ""
    check: str = ""
    number: str = ""  # external
    source: str = ""
    problem: str = ""
    owner: str = ""
    due: str = ""
    note: str = ""
    evidence: str = ""  # digest or number of what the school handed in
    run: str = ""  # the run that looked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    step: Step
    at: float
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A repair with all its steps."""

    repair: Repair
    number: str
    problem: str
    steps: tuple[Dated, ...]


def identity(
    *, control: str, target: str, check: str = "", source: str = "", number: str = ""
) -> str:
    """The name of a repair; with an external number that and its source alone."""
    parts = ("external", source, number) if number else ("own", control, target, check)
    return "R-" + sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def refusal(case: Case | None, step: Step) -> str:
    """Why this step may not be taken now; empty where it may."""
    if case is None:
        if step.do is not Do.OPEN:
            return f"没有整改 `{step.repair}` / there is no such repair"
    elif case.repair.state not in TABLE[step.do][0]:
        return f"{case.repair.state} 时不能 {step.do} / {step.do} does not follow"
    if step.do is Do.OPEN and not (step.owner.strip() and step.due):
        return "须写明责任人和期限 / owner and due date are needed"
    if step.due:
        try:
            day(step.due)
        except ValueError:
            return f"期限 `{step.due[:40]}` 不是日期 / is no date like 2026-12-31"
    if step.do is Do.EVIDENCE and not (step.note.strip() or step.evidence):
        return "须有说明或材料 / a note or evidence is needed"
    return ""


def cases(given: Iterable[Dated]) -> dict[str, Case]:
    """All repairs from their steps in order; a step that does not follow is passed over."""
    found: dict[str, Case] = {}
    for one in given:
        before = found.get(one.step.repair)
        if not refusal(before, one.step):
            found[one.step.repair] = _next(before, one)
    return found


def _next(before: Case | None, one: Dated) -> Case:
    step = one.step
    if before is None:
        opened = Repair(
            id=step.repair,
            control=step.control,
            target=step.target,
            check=step.check,
            source=step.source,
            opened=_date(one.at),
            due=step.due,
            owner=step.owner,
            state=RepairState.OPEN,
            notes=(step.note,) if step.note else (),
        )
        return Case(repair=opened, number=step.number, problem=step.problem, steps=(one,))
    state = TABLE[step.do][1] or before.repair.state
    repair = replace(
        before.repair,
        state=state,
        due=step.due or before.repair.due,
        owner=step.owner or before.repair.owner,
        notes=(*before.repair.notes, step.note) if step.note else before.repair.notes,
    )
    return replace(before, repair=repair, steps=(*before.steps, one))


def _date(at: float) -> str:
    from datetime import datetime

    from audit.scope import SHANGHAI

    return datetime.fromtimestamp(at, SHANGHAI).date().isoformat()


def overdue(case: Case, now: float) -> bool:
    """Not mended, and the due day (Shanghai) has passed."""
    done = (RepairState.VERIFIED, RepairState.CLOSED)
    return case.repair.state not in done and case.repair.due < _date(now)


def retested(case: Case, run: Run, name: str) -> Step:
    """What a later run says of a repair."""
    repair = case.repair
    states = [
        one.state
        for one in run.findings
        if repair.check and one.check == repair.check and repair.target in ("", one.target)
    ] or [
        one.state
        for one in (*run.single, *run.items)
        if not repair.check and one.control == repair.control and one.target == repair.target
    ]
    if any(one in (State.FAIL, State.PARTIAL) for one in states):
        do = Do.FAILED
    elif states and all(one is State.PASS for one in states):
        do = Do.PASSED
    else:
        do = Do.UNSEEN
    return Step(repair=repair.id, do=do, run=name)


def reply(case: Case) -> dict[str, object]:
    """整改反馈单: what was asked, what was done, what shows it. Its digest goes to the ledger."""
    return {
        "kind": "qinglang-repair-reply",
        "format": 1,
        "title": "整改反馈单 / reply on a repair",
        "repair": case.repair.id,
        "number": case.number,
        "source": case.repair.source,
        "control": case.repair.control,
        "target": case.repair.target,
        "check": case.repair.check,
        "problem": case.problem,
        "opened": case.repair.opened,
        "due": case.repair.due,
        "owner": case.repair.owner,
        "state": case.repair.state.value,
        "steps": [
            {"do": one.step.do.value, "date": _date(one.at), "by": one.by, "note": one.step.note,
             "evidence": one.step.evidence, "run": one.step.run}
            for one in case.steps
        ],
    }  # fmt: skip
