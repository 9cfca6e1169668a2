"""Why: every clause tried for one exchange, and why it did or did not match.

A function of the decision's inputs. It asks each rule singly, without the masks per
seat and slot that `decide` uses; a test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.calendar import BIT
from policies.decide import decide, exempt, key_of, trusted
from policies.model import NO_USAGE, Action, Moment, Subject, Usage, Verdict
from policies.outflow import Step
from policies.policy import Within
from policies.rule import Rule, fits, in_time
from policies.seat import Seat
from rules.model import Facts, Gap, Signals


class Missed(StrEnum):
    """Why a clause did not match; the first condition that failed."""

    SUBJECT = "subject"
    EXPIRY = "expiry"  # an Order not yet or no longer in force
    HOURS = "hours"
    DAYS = "days"
    UNKNOWN_YEAR = "unknown-year"
    CATEGORIES = "categories"
    HOSTS = "hosts"
    GAP = "gap"
    NAMES = "names"  # names conflict, and an allow-list wants them to agree
    EXEMPT = "exempt"  # a category that this quota leaves alone
    WITHIN = "within"  # counted, and passed on: its quota is not used up
    CARRIES = "carries"  # an outflow rule: the message does not carry that much
    PINS = "pins"  # a pass-through Order: it decides nothing but `inspect`
    NOT_REACHED = "not-reached"  # an earlier clause matched


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceStep:
    """One clause tried. `missed` is None for the one that decided; `detail` is data."""

    clause: str
    action: Action
    missed: Missed | None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A Verdict with its trace and the day it was given on."""

    verdict: Verdict
    steps: tuple[TraceStep, ...]
    days: tuple[str, ...]
    subject: Subject


def explain(
    seat: Seat,
    facts: Facts,
    signals: Signals,
    subject: Subject,
    moment: Moment,
    usage: Usage = NO_USAGE,
    carried: int = 0,
) -> Explanation:
    """The same decision as on the wire, and its trace.

    `carried` are the conditions of outflow rules that held (`Snapshot.outflow`): then those
    rules are asked as well, and theirs is the verdict where one of them decides.
    """
    snapshot = seat.snapshot
    kinds, _ = seat.calendar.days(moment.day)
    verdict = decide(snapshot, facts, signals, subject, moment, usage)
    steps = trace(seat, facts, signals, subject, moment, usage)
    if carried:
        key = key_of(seat, seat.slot(moment), facts, signals, NO_USAGE)
        asked = (seat, key, moment, carried)
        verdict = snapshot.outflow.verdict(*asked, verdict) or verdict
        steps = (*_leaving(snapshot.outflow.steps(*asked)), *steps)
    return Explanation(
        verdict=verdict,
        steps=steps,
        days=tuple(str(kind) for kind, bit in BIT.items() if kinds & bit),
        subject=snapshot.effective(subject),
    )


def _leaving(steps: tuple[Step, ...]) -> tuple[TraceStep, ...]:
    return tuple(
        TraceStep(
            clause=step.rule.id,
            action=step.rule.action,
            missed=Missed(step.missed) if step.missed else None,
        )
        for step in steps
    )


def trace(
    seat: Seat,
    facts: Facts,
    signals: Signals,
    subject: Subject,
    moment: Moment,
    usage: Usage = NO_USAGE,
) -> tuple[TraceStep, ...]:
    """Every clause in the order asked. `seat` is `snapshot.seat(subject)`."""
    snapshot = seat.snapshot
    subject = snapshot.effective(subject)
    key = key_of(seat, seat.slot(moment), facts, signals, usage)
    mask = trusted(snapshot, key)
    wary = key[3] and seat.allow_only
    steps = []
    decided = False
    for rule in snapshot.sequence(snapshot.chain(subject)):
        missed = Missed.NOT_REACHED if decided else _before(seat, rule, subject, moment)
        missed = missed or _on_exchange(rule, mask, facts.gap, wary)
        missed = missed or _on_quota(rule, mask, key[3], usage)
        decided = decided or missed is None
        steps.append(
            TraceStep(
                clause=rule.id,
                action=rule.action,
                missed=missed,
                detail=_detail(seat, rule, missed, mask),
            )
        )
    return tuple(steps)


def _before(seat: Seat, rule: Rule, subject: Subject, moment: Moment) -> Missed | None:
    if not fits(rule.who, rule.token, subject):
        return Missed.SUBJECT
    if not rule.stands(moment.timestamp):
        return Missed.EXPIRY
    today, before = seat.calendar.days(moment.day)
    wrong = in_time(rule, seat.spans_of(rule), today, before, moment.minute)
    if wrong is not None:
        return Missed(wrong)
    return Missed.PINS if rule.pins else None


def _on_exchange(rule: Rule, mask: int, gap: Gap | None, wary: bool) -> Missed | None:
    if rule.mask is not None and not rule.mask & mask:
        return Missed.CATEGORIES
    if rule.hosts is not None and not rule.hosts & mask:
        return Missed.HOSTS
    if rule.gaps and gap not in rule.gaps:
        return Missed.GAP
    if wary and rule.hosts is None and not rule.tightens:
        return Missed.NAMES
    return None


def _on_quota(rule: Rule, mask: int, conflict: bool, usage: Usage) -> Missed | None:
    if rule.metered is None:
        return None
    if exempt(rule, mask, conflict):
        return Missed.EXEMPT
    passed = rule.within is Within.NEXT and not rule.metered.spent(usage)
    return Missed.WITHIN if passed else None


def _detail(seat: Seat, rule: Rule, missed: Missed | None, mask: int) -> str:
    kinds = seat.snapshot.kinds
    if missed is None:
        return ", ".join(kinds.ids(mask & (rule.mask or 0)))
    if missed is Missed.CATEGORIES:
        return ", ".join(kinds.ids(rule.mask or 0)[:8])
    if missed is Missed.HOURS:
        return ", ".join(map(str, rule.windows))
    if missed in (Missed.DAYS, Missed.UNKNOWN_YEAR):
        return ", ".join(str(kind) for kind, bit in BIT.items() if rule.days & bit)
    if missed is Missed.GAP:
        return ", ".join(sorted(rule.gaps))
    return ""
