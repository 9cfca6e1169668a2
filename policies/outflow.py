"""Outflow rules → a Verdict on what a message carries. Pure, and asked only where something is.

What a message carries comes in as bits, one for each different condition of the Snapshot's rules
(`Book.bits`), so that a record of the bits is enough to decide again. Approved destinations are
left alone, and nobody is looked at for whom no rule could hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from policies import document
from policies.carries import Carries
from policies.decide import key_of, trusted
from policies.kinds import Kinds
from policies.model import NO_USAGE, Action, Moment, Role, Subject, Verdict
from policies.overlay import Overlay
from policies.policy import Clause, Policy, Scope, When
from policies.rule import Rule, clause_rule, fits, in_time
from policies.seat import Key, Seat, enforced
from rules.load import loads
from rules.model import Facts, Gap, Signals, Text
from rules.recognise.personal.carried import Carried

MAX_KNOWN = 8192
APPROVED = "approved"
_WORDS = Text(zh="已批准的去处", en="an approved destination")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """One outflow rule, compiled; `bit` is its condition's place."""

    rule: Rule
    bit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One outflow rule tried. `missed` is "" for the one that decided."""

    leaving: Leaving | None  # None: an approved destination
    rule: Rule
    missed: str


class Book:
    """All outflow rules of a Snapshot."""

    __slots__ = ("_approved", "_known", "_rules", "conditions", "largest")

    def __init__(self, kinds: Kinds, overlay: Overlay, policies: Sequence[Policy]) -> None:
        told = {one.carries: None for policy in policies for one in policy.outflow.rules}
        self.conditions: tuple[Carries, ...] = tuple(told)
        place = {carries: number for number, carries in enumerate(self.conditions)}
        self._rules = {
            policy.id: tuple(
                Leaving(
                    rule=replace(
                        clause_rule(
                            kinds, overlay, policy, replace(one.clause, action=_strict(one.action))
                        ),
                        action=one.action,
                    ),
                    bit=place[one.carries],
                )
                for one in policy.outflow.rules
            )
            for policy in policies
            if policy.outflow.rules
        }
        district = next(policy for policy in policies if policy.scope is Scope.DISTRICT)
        self.largest = district.outflow.largest * 1024 * 1024
        self._approved = tuple(
            clause_rule(kinds, overlay, district, clause) for clause in _approved(district)
        )
        self._known: dict[tuple[object, ...], bool] = {}

    def __bool__(self) -> bool:
        return bool(self._rules)

    def rules(self) -> Iterator[Rule]:
        """Every rule."""
        return (one.rule for rules in self._rules.values() for one in rules)

    def bits(self, carried: Carried) -> int:
        """A bit for each condition that holds."""
        return sum(1 << n for n, one in enumerate(self.conditions) if one.holds(carried))

    def sequence(self, chain: Sequence[Policy]) -> Iterator[Leaving]:
        """The order in which rules are asked: the district's locked ones, then nearest first."""
        for locked in (True, False):
            for policy in chain:
                for one in self._rules.get(policy.id, ()):
                    if one.rule.locked is locked:
                        yield one

    def concerns(self, seat: Seat, facts: Facts, signals: Signals, moment: Moment) -> bool:
        """Whether what this exchange carries could matter to any rule."""
        slot = seat.slot(moment)
        key = key_of(seat, slot, facts, signals, NO_USAGE)
        known = self._known.get((seat.key, slot.key, key))
        if known is None:
            if len(self._known) >= MAX_KNOWN:
                self._known.clear()
            steps = self.steps(seat, key, moment, -1)
            known = any(not step.missed and step.leaving is not None for step in steps)
            self._known[seat.key, slot.key, key] = known
        return known

    def steps(self, seat: Seat, key: Key, moment: Moment, bits: int) -> tuple[Step, ...]:
        """Every rule in the order asked, and why it did not hold."""
        snapshot = seat.snapshot
        mask, gap, conflict = trusted(snapshot, key), key[2], key[3]
        steps: list[Step] = []
        decided = ""
        for rule in self._approved:
            missed = _exchange(rule, mask, gap)
            if rule.hosts is None and conflict:
                missed = missed or "names"
            steps.append(Step(leaving=None, rule=rule, missed=missed))
            if not missed:
                decided = "not-reached"
        who = _who(seat)
        for one in self.sequence(snapshot.chain(who)):
            missed = decided or _people(seat, one.rule, who, moment)
            missed = missed or _exchange(one.rule, mask, gap)
            missed = missed or ("" if bits >> one.bit & 1 else "carries")
            decided = decided or ("not-reached" if not missed else "")
            steps.append(Step(leaving=one, rule=one.rule, missed=missed))
        return tuple(steps)

    def verdict(
        self, seat: Seat, key: Key, moment: Moment, bits: int, before: Verdict
    ) -> Verdict | None:
        """What should happen to this message; None where no rule holds. `before`: without it."""
        chosen = next((s for s in self.steps(seat, key, moment, bits) if not s.missed), None)
        if chosen is None or chosen.leaving is None:
            return None
        rule, snapshot = chosen.rule, seat.snapshot
        text = document.canonical((before.trace, "outflow", bits))
        return replace(
            before,
            action=rule.action,
            enforced=enforced(rule, snapshot.chain(_who(seat))),
            clause=rule.id,
            reason=rule.reason,
            trace=blake2b(text.encode(), digest_size=8).hexdigest(),
            deciding=snapshot.kinds.ids(before.mask & (rule.mask or 0)),
            spent=None,
            carried=bits,
        )

    def leaving(
        self,
        seat: Seat,
        facts: Facts,
        signals: Signals,
        moment: Moment,
        bits: int,
        before: Verdict,
    ) -> Verdict:
        """The Verdict with what the message carries: `before` where no rule holds."""
        key = key_of(seat, seat.slot(moment), facts, signals, NO_USAGE)
        return self.verdict(seat, key, moment, bits, before) or before


def _who(seat: Seat) -> Subject:
    """The kind of subject that sits here, as policies take it."""
    school, stage, tier, role, group, segment, token = seat.key
    asked = Subject(
        school=school,
        stage=stage,
        tier=tier,
        role=Role(role),
        group=group,
        segment=segment,
        token=token,
    )
    return seat.snapshot.effective(asked)


def _strict(action: Action) -> Action:
    """Any claimed name suffices, but for what lets pass: there all must agree."""
    return action if action is Action.ALLOW else Action.BLOCK


def _approved(district: Policy) -> Iterator[Clause]:
    told = district.outflow.approved
    parts = (When(hosts=told.hosts), When(categories=told.categories, apps=told.apps))
    for name, when in zip(("hosts", "kinds"), parts, strict=True):
        if when.hosts or when.kinds:
            yield Clause(
                id=f"outflow/{APPROVED}-{name}",
                title=_WORDS,
                action=Action.ALLOW,
                reason=_WORDS,
                when=when,
            )


def _people(seat: Seat, rule: Rule, who: Subject, moment: Moment) -> str:
    if not fits(rule.who, rule.token, who):
        return "subject"
    if not rule.stands(moment.timestamp):
        return "expiry"
    today, before = seat.calendar.days(moment.day)
    return in_time(rule, seat.spans_of(rule), today, before, moment.minute) or ""


def _exchange(rule: Rule, mask: int, gap: Gap | None) -> str:
    if rule.mask is not None and not rule.mask & mask:
        return "categories"
    if rule.hosts is not None and not rule.hosts & mask:
        return "hosts"
    if rule.gaps and gap not in rule.gaps:
        return "gap"
    return ""


def carried_of(text: str, file: str = "carries") -> Carried:
    """What somebody writes on a line: `{verified: {id_card: 3}, people: 3}`. Raises DataError."""
    return loads(Carried, text, file)
