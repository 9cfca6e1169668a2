"""Policies + Orders + calendar → Snapshot: what is in force, compiled to bit masks.

A Snapshot is one immutable value with a content hash; its canonical JSON document is
what workers load. For a subject it gives a Seat (the clauses that can apply to this
kind of subject, in order), for a moment a Slot of the seat (those that apply now, as
masks), and a Slot remembers the Verdicts it has given. Those memos are caches of pure
functions, bounded, and never part of the value.
No file, clock or RuleBase is touched here: categories come in as a tuple (bit i).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Self

from policies import document
from policies.calendar import ANNOUNCED, BIT, Calendar, DayKind, Year, bits, yesterday
from policies.check import check
from policies.model import (
    STRICTNESS,
    Action,
    Depth,
    Moment,
    Order,
    Reason,
    Role,
    Subject,
    Verdict,
)
from policies.overlay import Overlay
from policies.policy import (
    Clause,
    Mode,
    Policy,
    PolicySet,
    Quota,
    Scope,
    UnknownYear,
    When,
    Who,
    Window,
)
from rules.load import DataError
from rules.model import Basis, Category, Gap, Layer, Stage, Text

MAX_SEATS = 1024
MAX_SLOTS_KNOWN = 64
MAX_VERDICTS = 32_768  # over all seats and slots of one Snapshot
UNCATEGORISED = "uncategorised"

STRICT = frozenset({Action.BLOCK, Action.WARN})
"""The actions that tighten: any claimed name suffices. All others loosen: all must agree."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A category as policies see it; its bit is its place in `Document.categories`."""

    id: str
    layer: Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All a Snapshot is made of. Its canonical JSON is hashed."""

    rulebase: str
    categories: tuple[Kind, ...]
    policies: tuple[Policy, ...]
    orders: tuple[Order, ...] = ()
    years: tuple[Year, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One clause or Order, compiled. `mask` and `hosts` are any-of; None: no condition."""

    id: str
    action: Action
    reason: Reason
    mask: int | None = None
    hosts: int | None = None
    gaps: frozenset[Gap] = frozenset()
    who: Who = field(default_factory=Who)
    token: str = ""
    windows: tuple[Window, ...] = ()
    days: int = 0
    unknown_year: bool = False
    starts: float = 0.0
    expires: float = 0.0
    quota: Quota | None = None
    locked: bool = False
    scope: Scope = Scope.DISTRICT
    monitor: bool = False  # its own file is in monitor mode
    steadfast: bool = False  # locked safety: never weakened by monitor mode
    pins: bool = False  # a pass-through Order: decides nothing but `inspect`

    def stands(self, timestamp: float) -> bool:
        """Whether an Order has started and not expired."""
        return self.starts <= timestamp and (self.expires <= 0 or timestamp < self.expires)


type Key = tuple[int, Stage, Gap | None, bool, int]
"""What a Verdict depends on within a slot: mask, stage, gap, names conflict, quotas spent."""


@dataclass(slots=True)
class Slot:
    """The rules of a Seat that apply at one time, and the Verdicts given so far."""

    key: tuple[int, int, int, int]
    rules: tuple[tuple[int, int, frozenset[Gap] | None, int], ...]
    pins: int
    metered: tuple[int, ...]
    memo: dict[Key, Verdict]


class Seat:
    """What holds for one kind of subject: its rules in order, depth and privacy classes."""

    __slots__ = (
        "allow_only",
        "current",
        "depth",
        "edges",
        "enforced",
        "key",
        "never_open",
        "only_open",
        "profile",
        "rules",
        "snapshot",
    )

    def __init__(self, snapshot: Snapshot, subject: Subject, key: tuple[str, ...]) -> None:
        subject = snapshot.effective(subject)
        policies = snapshot.chain(subject)
        self.snapshot = snapshot
        self.key = key
        self.rules = tuple(
            rule for rule in snapshot.sequence(policies) if fits(rule.who, rule.token, subject)
        )
        self.enforced = tuple(_enforced(rule, policies) for rule in self.rules)
        self.profile = (
            "/".join(policy.id for policy in policies if policy.scope is not Scope.DISTRICT)
            or "district"
        )
        self.depth = next(
            (p.inspection.depth for p in policies if p.inspection.depth is not None),
            Depth.CONTENT,
        )
        self.never_open = snapshot.mask(c for p in policies for c in p.inspection.never_open)
        listed = next((p.inspection.open for p in policies if p.inspection.open), ())
        self.only_open = snapshot.mask([*listed, UNCATEGORISED]) if listed else -1
        self.allow_only = any(policy.allow_only for policy in policies)
        self.edges = sorted(
            {edge for rule in self.rules for w in rule.windows for edge in (w.start, w.end)}
        )
        self.current: tuple[Moment, Slot] | None = None

    def slot(self, moment: Moment) -> Slot:
        """The slot of this moment; the last one is kept until its boundary."""
        current = self.current
        if current is not None and current[0] is moment:
            return current[1]
        snapshot = self.snapshot
        key = (
            bisect_right(snapshot.epochs, moment.timestamp),
            *snapshot.days(moment.day),
            bisect_right(self.edges, moment.minute),
        )
        slot = current[1] if current is not None and current[1].key == key else None
        if slot is None:
            slot = self._slot(key, moment)
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
            if in_time(rule, today, before, moment.minute) is not None:
                continue
            if rule.pins:
                pins |= (rule.mask or 0) | (rule.hosts or 0)
                continue
            if rule.quota is not None:
                metered.append(place)
            rules.append((rule.mask or -1, rule.hosts or -1, rule.gaps or None, place))
        return Slot(key=key, rules=tuple(rules), pins=pins, metered=tuple(metered), memo={})


class Snapshot:
    """RuleBase + policies + Orders in force, compiled. Immutable but for bounded memos."""

    __slots__ = (
        "_calendar",
        "_days",
        "_index",
        "_kept",
        "_rules",
        "_seats",
        "_tokens",
        "all",
        "document",
        "epochs",
        "hash",
        "help",
        "overlay",
        "text",
    )

    def __init__(self, content: Document) -> None:
        self.document = content
        self.text = document.canonical(document.encode(content))
        self.hash = document.digest(self.text)
        self._index = {kind.id: place for place, kind in enumerate(content.categories)}
        self.all = (1 << len(content.categories)) - 1
        self.help = _layer_mask(content.categories, (Layer.HELP,))
        self.overlay = Overlay(len(content.categories), _groups(content))
        self._calendar = Calendar(content.years)
        self._rules = {p.id: _policy_rules(self, p) for p in content.policies}
        self._rules[""] = tuple(_order_rule(self, order) for order in content.orders)
        self._tokens = frozenset(order.token for order in content.orders if order.token)
        self.epochs = sorted(
            {edge for order in content.orders for edge in (order.starts, order.expires) if edge > 0}
        )
        self._seats: dict[tuple[str, ...], Seat] = {}
        self._days: dict[str, tuple[int, int]] = {}
        self._kept = count()

    # -- the value ---------------------------------------------------------

    @property
    def rulebase(self) -> str:
        """The hash of the RuleBase whose bits this Snapshot uses."""
        return self.document.rulebase

    @property
    def policies(self) -> tuple[Policy, ...]:
        return self.document.policies

    @property
    def orders(self) -> tuple[Order, ...]:
        return self.document.orders

    @property
    def district(self) -> Policy:
        """The district's policy (there is exactly one)."""
        return next(p for p in self.document.policies if p.scope is Scope.DISTRICT)

    @property
    def default_subject(self) -> Subject:
        """Who a device is taken for that nobody identified."""
        return self.district.default_subject or Subject()

    @property
    def prefixes(self) -> tuple[tuple[str, Subject], ...]:
        """(prefix, who is behind it) for the address plans of all schools."""
        return tuple(
            (prefix.prefix, prefix.subject(policy.id))
            for policy in self.document.policies
            for prefix in policy.prefixes
        )

    @property
    def years(self) -> frozenset[int]:
        """The years whose holidays are known."""
        return self._calendar.years

    def to_json(self) -> str:
        """The canonical document; `from_json` gives an equal Snapshot."""
        return self.text

    @classmethod
    def from_json(cls, text: str, file: str = "snapshot") -> Self:
        """Read a canonical document. Raises DataError where it is damaged."""
        return cls(document.decode(Document, text, file))

    # -- categories --------------------------------------------------------

    def mask(self, ids: Iterable[str]) -> int:
        """The bits of these category ids; unknown ids have none."""
        mask = 0
        for name in ids:
            place = self._index.get(name)
            if place is not None:
                mask |= 1 << place
        return mask

    def ids(self, mask: int) -> tuple[str, ...]:
        """The category ids of a mask, in bit order."""
        return tuple(k.id for place, k in enumerate(self.document.categories) if mask >> place & 1)

    def layers(self, layers: Iterable[Layer]) -> int:
        """The bits of all categories of these layers."""
        return _layer_mask(self.document.categories, tuple(layers))

    # -- subjects and days -------------------------------------------------

    def seat(self, subject: Subject) -> Seat:
        """The Seat of this kind of subject (memo, bounded)."""
        key = (
            subject.school,
            subject.stage,
            subject.tier,
            subject.role,
            subject.group,
            subject.segment,
            subject.token if subject.token in self._tokens else "",
        )
        seat = self._seats.get(key)
        if seat is None:
            if len(self._seats) >= MAX_SEATS:
                self._seats.clear()
            seat = self._seats[key] = Seat(self, subject, key)
        return seat

    def remember(self, slot: Slot, key: Key, verdict: Verdict) -> Verdict:
        """Keep a Verdict; when too many are kept, all are forgotten."""
        if next(self._kept) >= MAX_VERDICTS:
            self._seats.clear()
            self._kept = count()
        slot.memo[key] = verdict
        return verdict

    def days(self, day: str) -> tuple[int, int]:
        """The day kinds of an ISO date and of the day before (memo, bounded)."""
        kinds = self._days.get(day)
        if kinds is None:
            if len(self._days) >= MAX_SLOTS_KNOWN:
                self._days.clear()
            kinds = (self._calendar.kinds(day), self._calendar.kinds(yesterday(day)))
            self._days[day] = kinds
        return kinds

    def effective(self, subject: Subject) -> Subject:
        """A pupil whose 学段 no preset knows is treated as the default subject's."""
        known = any(_applies(p, subject) for p in self.policies if p.scope is Scope.PRESET)
        if known or subject.role is not Role.PUPIL:
            return subject
        default = self.default_subject
        return replace(subject, stage=default.stage, tier=subject.tier or default.tier)

    def chain(self, subject: Subject) -> tuple[Policy, ...]:
        """The policies for a subject, nearest first: group, school, preset, district."""
        return tuple(
            policy
            for scope in (Scope.GROUP, Scope.SCHOOL, Scope.PRESET, Scope.DISTRICT)
            for policy in self.policies
            if policy.scope is scope and _applies(policy, subject)
        )

    def sequence(self, chain: Sequence[Policy]) -> tuple[Rule, ...]:
        """The order in which rules are asked.

        locked up to help → tightening Orders → the other locked ones → loosening
        Orders → group → school → preset → district → its `otherwise`.
        An allow-list ends the sequence where its policy ends.
        """
        own = self._rules[self.district.id]
        locked = [rule for rule in own if rule.locked]
        helped = max(
            (n + 1 for n, rule in enumerate(locked) if _is_help(rule, self.help)), default=0
        )
        orders = self._rules[""]
        rules = [
            *locked[:helped],
            *(rule for rule in orders if rule.action in STRICT),
            *locked[helped:],
            *(rule for rule in orders if rule.action not in STRICT),
        ]
        for policy in chain:
            rules += [rule for rule in self._rules[policy.id] if not rule.locked]
            if policy.allow_only:
                break
        return tuple(rules)


def compile_policies(
    policies: PolicySet,
    *,
    categories: Sequence[Category],
    rulebase: str,
    orders: Iterable[Order] = (),
) -> Snapshot:
    """Check and compile what is in force. Raises DataError with every problem found.

    `categories` are the RuleBase's (bit i ↔ categories[i]) and `rulebase` its hash.
    Equal inputs in any order give an equal Snapshot with an equal hash.
    """
    given = tuple(orders)
    problems = check(policies, categories, given)
    if problems:
        raise DataError(problems)
    rank = {scope: place for place, scope in enumerate(Scope)}
    return Snapshot(
        Document(
            rulebase=rulebase,
            categories=tuple(Kind(id=c.id, layer=c.layer) for c in categories),
            policies=tuple(sorted(policies.policies, key=lambda p: (rank[p.scope], p.id))),
            orders=tuple(sorted(given, key=lambda order: order.id)),
            years=tuple(sorted(policies.years, key=lambda year: year.year)),
        )
    )


# -- tests a rule must pass, in the order in which they are explained ----------


def fits(who: Who, token: str, subject: Subject) -> bool:
    """Whether a rule can apply to this subject at all."""
    return (
        (not who.schools or subject.school in who.schools)
        and (not who.stages or subject.stage in who.stages)
        and (not who.tiers or subject.tier in who.tiers)
        and (not who.roles or subject.role in who.roles)
        and (not who.groups or subject.group in who.groups)
        and (not who.segments or subject.segment in who.segments)
        and (not token or subject.token == token)
    )


def in_time(rule: Rule, today: int, before: int, minute: int) -> str | None:
    """None where the rule applies now, otherwise why not: `hours`, `days` or `unknown-year`.

    `today` and `before` are the day kinds of the date and of the day before it: the
    part of a window after midnight belongs to the day before.
    """
    if not rule.windows:
        return _on_day(rule, today)
    missed = "hours"
    for window in rule.windows:
        over = window.end <= window.start
        if minute >= window.start and (over or minute < window.end):
            day = today
        elif over and minute < window.end:
            day = before
        else:
            continue
        wrong = _on_day(rule, day)
        if wrong is None:
            return None
        missed = wrong
    return missed


def _on_day(rule: Rule, kinds: int) -> str | None:
    if not rule.days or kinds & rule.days:
        return None
    if kinds & BIT[DayKind.UNKNOWN] and rule.days & ANNOUNCED:
        return None if rule.unknown_year else "unknown-year"
    return "days"


# -- making rules -------------------------------------------------------------------


def _applies(policy: Policy, subject: Subject) -> bool:
    who = policy.applies
    if policy.scope is Scope.SCHOOL and not who.schools:
        who = replace(who, schools=(policy.id,))
    if policy.scope is Scope.GROUP and not who.groups:
        who = replace(who, groups=(policy.id,))
    return fits(who, "", subject)


def _is_help(rule: Rule, help_mask: int) -> bool:
    return bool(rule.mask and rule.mask & help_mask and rule.action not in STRICT)


def _enforced(rule: Rule, policies: Sequence[Policy]) -> Action:
    """What is done with the rule's action: in monitor mode nothing but observing."""
    if rule.steadfast or STRICTNESS[rule.action] <= STRICTNESS[Action.OBSERVE]:
        return rule.action
    watched = rule.monitor or any(
        p.mode is Mode.MONITOR
        for p in policies
        if p.scope is Scope.DISTRICT or (not rule.locked and p.scope in (Scope.SCHOOL, Scope.GROUP))
    )
    return Action.OBSERVE if watched else rule.action


def _layer_mask(kinds: Sequence[Kind], layers: Sequence[Layer]) -> int:
    mask = 0
    for place, kind in enumerate(kinds):
        if kind.layer in layers:
            mask |= 1 << place
    return mask


def _groups(content: Document) -> Mapping[str, tuple[str, ...]]:
    """All host groups by their full name: `policy/group`, `policy/host`, `order/id`."""
    groups: dict[str, tuple[str, ...]] = {}
    for policy in content.policies:
        for name, hosts in policy.hosts.items():
            groups[f"{policy.id}/{name}"] = hosts
        for clause in policy.clauses:
            for host in clause.when.hosts:
                if host not in policy.hosts:
                    groups[f"{policy.id}/{host}"] = (host,)
    for order in content.orders:
        if order.hosts:
            groups[f"order/{order.id}"] = order.hosts
    return groups


def _policy_rules(snapshot: Snapshot, policy: Policy) -> tuple[Rule, ...]:
    rules = [_clause_rule(snapshot, policy, clause) for clause in policy.clauses]
    if policy.otherwise is not None:
        end = policy.otherwise
        name = f"{policy.id}/otherwise"
        rules.append(
            Rule(
                id=name,
                action=end.action,
                reason=Reason(
                    clause=name, title=end.title, text=end.reason, basis=end.basis or policy.basis
                ),
                scope=policy.scope,
                monitor=policy.mode is Mode.MONITOR,
            )
        )
    return tuple(rules)


def _clause_rule(snapshot: Snapshot, policy: Policy, clause: Clause) -> Rule:
    when = clause.when
    mask: int | None = None
    if when.categories or when.layers:
        mask = snapshot.mask(when.categories) | snapshot.layers(when.layers)
    hosts: int | None = None
    if when.hosts:
        names = [f"{policy.id}/{name}" for name in when.hosts]
        hosts = snapshot.overlay.bits(names, loosens=clause.action not in STRICT)
    name = f"{policy.id}/{clause.id}"
    return Rule(
        id=name,
        action=clause.action,
        reason=Reason(
            clause=name,
            title=clause.title,
            text=clause.reason,
            basis=clause.basis or policy.basis,
        ),
        mask=mask,
        hosts=hosts,
        gaps=frozenset(when.gaps),
        who=when.who,
        windows=when.hours,
        days=bits(when.days),
        unknown_year=when.unknown_year is UnknownYear.MATCH,
        quota=clause.quota,
        locked=clause.locked and policy.scope is Scope.DISTRICT,
        scope=policy.scope,
        monitor=policy.mode is Mode.MONITOR,
        steadfast=clause.locked and _is_safety(snapshot, when, mask),
    )


def _is_safety(snapshot: Snapshot, when: When, mask: int | None) -> bool:
    harmful = snapshot.layers([Layer.HARMFUL])
    return bool(when.gaps) or bool(mask and mask & harmful)


def _order_rule(snapshot: Snapshot, order: Order) -> Rule:
    strict = order.action in STRICT
    name = f"order/{order.id}"
    text = Text(
        zh=order.note or "依据管理指令", en=order.note or "By an order of those responsible"
    )
    return Rule(
        id=name,
        action=order.action,
        reason=Reason(
            clause=name,
            title=Text(zh="管理指令", en="Order"),
            text=text,
            basis=(order.basis,) if isinstance(order.basis, Basis) else (),
        ),
        mask=snapshot.mask(order.categories) if order.categories else None,
        hosts=snapshot.overlay.bits([name], loosens=not strict) if order.hosts else None,
        who=Who(
            schools=(order.school,) if order.school else (),
            groups=(order.group,) if order.group else (),
        ),
        token=order.token,
        starts=order.starts,
        expires=order.expires,
        scope=Scope.GROUP,
        pins=order.pass_through,
    )
