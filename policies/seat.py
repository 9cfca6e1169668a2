"""Who sits where: the rules for one kind of subject, and those of them that apply now.

A Seat is the ordered rules for one kind of subject; a Slot of it is those whose time
it is, as masks, with the Verdicts already given. Both are made on first use and kept
within bounds by the Snapshot.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from policies.hours import Span
from policies.kinds import UNCATEGORISED
from policies.model import STRICTNESS, Action, Depth, Metered, Moment, Subject, Verdict
from policies.policy import Mode, Policy, SchoolCalendar, Scope, Who
from policies.rule import Rule, fits, in_time
from policies.schoolyear import SchoolYear
from rules.model import Gap, Stage

if TYPE_CHECKING:
    from policies.compile import Snapshot

CERTAINTY = 0.9  # the probability from which a recognition counts where no policy says
MAX_SLOTS = 256  # of one Seat: rehearsals and bulk questions go back and forth in time

type Key = tuple[int, Stage, Gap | None, bool, int]
"""What a Verdict depends on within a slot: mask, stage, gap, names conflict, quotas spent."""


@dataclass(slots=True)
class Slot:
    """The rules of a Seat that apply at one time, and the Verdicts given so far."""

    key: tuple[int, int, int, int]
    rules: tuple[tuple[int, int, frozenset[Gap] | None, int], ...]
    pins: int
    metered: tuple[tuple[int, Metered], ...]  # place of the rule, its quota
    memo: dict[Key, Verdict]


class Seat:
    """What holds for one kind of subject: its rules in order, depth and privacy classes."""

    __slots__ = (
        "allow_only",
        "calendar",
        "certain",
        "certainty",
        "current",
        "depth",
        "edges",
        "enforced",
        "key",
        "metered",
        "never_open",
        "only_open",
        "profile",
        "rules",
        "slots",
        "snapshot",
        "spans",
        "unread",
    )

    def __init__(self, snapshot: Snapshot, subject: Subject, key: tuple[str, ...]) -> None:
        subject = snapshot.effective(subject)
        policies = snapshot.chain(subject)
        self.snapshot = snapshot
        self.key = key
        self.rules = tuple(
            rule for rule in snapshot.sequence(policies) if fits(rule.who, rule.token, subject)
        )
        self.enforced = tuple(enforced(rule, policies) for rule in self.rules)
        self.profile = (
            "/".join(policy.id for policy in policies if policy.scope is not Scope.DISTRICT)
            or "district"
        )
        self.depth = next(
            (p.inspection.depth for p in policies if p.inspection.depth is not None),
            Depth.CONTENT,
        )
        self.never_open = snapshot.kinds.mask(c for p in policies for c in p.inspection.never_open)
        listed = next((p.inspection.open for p in policies if p.inspection.open), ())
        self.only_open = snapshot.kinds.mask([*listed, UNCATEGORISED]) if listed else -1
        self.unread = snapshot.kinds.mask(c for p in policies for c in p.inspection.unread)
        self.certainty = next(
            (p.inspection.certainty for p in policies if p.inspection.certainty is not None),
            CERTAINTY,
        )
        self.certain: dict[int, float] = {}
        for policy in reversed(policies):
            for name, least in policy.inspection.certain.items():
                self.certain[snapshot.kinds.mask([name])] = least
        self.allow_only = any(policy.allow_only for policy in policies)
        self.metered = any(rule.metered is not None for rule in self.rules)
        self.calendar = snapshot.calendar(subject, policies)
        self.spans = tuple(self.spans_of(rule) for rule in self.rules)
        self.edges = sorted(
            {edge for spans in self.spans for s in spans or () for edge in (s.start, s.end)}
        )
        self.current: tuple[Moment, Slot] | None = None
        self.slots: dict[tuple[int, int, int, int], Slot] = {}

    def certainly(self, mask: int, doubts: tuple[tuple[int, float], ...]) -> int:
        """The mask with those doubtful categories that are sure enough for this seat."""
        for bit, probability in doubts:
            if probability >= self.certain.get(bit, self.certainty):
                mask = (mask | bit) & ~self.snapshot.kinds.unknown
        return mask

    def spans_of(self, rule: Rule) -> tuple[Span, ...] | None:
        """The hours of a rule by this seat's timetable; None: it has none, () : never."""
        return self.calendar.spans(rule.windows) if rule.windows else None

    def slot(self, moment: Moment) -> Slot:
        """The slot of this moment; the last one is kept until its boundary."""
        current = self.current
        if current is not None and current[0] is moment:
            return current[1]
        snapshot = self.snapshot
        key = (
            bisect_right(snapshot.epochs, moment.timestamp),
            *self.calendar.days(moment.day),
            bisect_right(self.edges, moment.minute),
        )
        slot = self.slots.get(key)
        if slot is None:
            if len(self.slots) >= MAX_SLOTS:
                self.slots.clear()
            slot = self.slots[key] = self._slot(key, moment)
        self.current = (moment, slot)
        return slot

    def _slot(self, key: tuple[int, int, int, int], moment: Moment) -> Slot:
        today, before = key[1], key[2]
        pins = 0
        rules = []
        metered = []
        for place, rule in enumerate(self.rules):
            if rule.mask == 0 or rule.hosts == 0 or not rule.stands(moment.timestamp):
                continue
            if in_time(rule, self.spans[place], today, before, moment.minute) is not None:
                continue
            if rule.pins:
                pins |= (rule.mask or 0) | (rule.hosts or 0)
                continue
            if rule.metered is not None:
                metered.append((place, rule.metered))
            rules.append((rule.mask or -1, rule.hosts or -1, rule.gaps or None, place))
        return Slot(key=key, rules=tuple(rules), pins=pins, metered=tuple(metered), memo={})


def audience(policy: Policy) -> Who:
    """Whom a policy is for; a school's or group's file is for the one it is named after."""
    who = policy.applies
    if policy.scope is Scope.SCHOOL and not who.schools:
        return replace(who, schools=(policy.id,))
    if policy.scope is Scope.GROUP and not who.groups:
        return replace(who, groups=(policy.id,))
    return who


_RANK = {Scope.GROUP: 0, Scope.SCHOOL: 2, Scope.PRESET: 4, Scope.DISTRICT: 6}


def school_years(
    subject: Subject, chain: Sequence[Policy], calendars: Sequence[SchoolCalendar]
) -> list[tuple[str, SchoolYear]]:
    """The school years for a subject by name, nearest first.

    Group → part of a school → school → preset → 学段 and the like → district → everybody.
    """
    found = [
        (_RANK[policy.scope], policy.id, policy.calendar)
        for policy in chain
        if policy.calendar is not None
    ]
    found += [
        (_rank(calendar.applies), f"calendar/{calendar.id}", calendar.year)
        for calendar in calendars
        if fits(calendar.applies, "", subject)
    ]
    return [(name, year) for _, name, year in sorted(found, key=lambda row: row[:2])]


def _rank(who: Who) -> int:
    narrower = who.stages or who.tiers or who.roles or who.groups or who.segments
    if who.schools:
        return 1 if narrower else 3
    return 5 if narrower else 7


class Audiences:
    """Finds the policies for a subject without asking those of a thousand other schools."""

    __slots__ = ("_groups", "_presets", "_schools", "_top")

    def __init__(self, policies: Sequence[Policy]) -> None:
        self._schools: dict[str, list[tuple[Who, Policy]]] = {}
        self._groups: dict[str, list[tuple[Who, Policy]]] = {}
        self._presets = [(audience(p), p) for p in policies if p.scope is Scope.PRESET]
        self._top = [(audience(p), p) for p in policies if p.scope is Scope.DISTRICT]
        for policy in policies:
            who = audience(policy)
            if policy.scope is Scope.SCHOOL:
                for school in dict.fromkeys(who.schools):
                    self._schools.setdefault(school, []).append((who, policy))
            if policy.scope is Scope.GROUP:
                for group in dict.fromkeys(who.groups):
                    self._groups.setdefault(group, []).append((who, policy))

    def has_preset(self, subject: Subject) -> bool:
        """Whether any preset is for this subject."""
        return any(fits(who, "", subject) for who, _ in self._presets)

    def chain(self, subject: Subject) -> tuple[Policy, ...]:
        """The policies for a subject, nearest first: group, school, preset, district."""
        candidates = (
            *self._groups.get(subject.group, ()),
            *self._schools.get(subject.school, ()),
            *self._presets,
            *self._top,
        )
        return tuple(policy for who, policy in candidates if fits(who, "", subject))


def enforced(rule: Rule, policies: Sequence[Policy]) -> Action:
    """What is done with the rule's action: in monitor mode nothing but observing."""
    if rule.steadfast or STRICTNESS[rule.action] <= STRICTNESS[Action.OBSERVE]:
        return rule.action
    watched = rule.monitor or any(
        p.mode is Mode.MONITOR
        for p in policies
        if p.scope is Scope.DISTRICT or (not rule.locked and p.scope in (Scope.SCHOOL, Scope.GROUP))
    )
    return Action.OBSERVE if watched else rule.action
