"""Policies + Orders + calendar → Snapshot: what is in force, compiled to bit masks.

A Snapshot is one immutable value with a content hash; its canonical JSON document is
what workers load. For a subject it gives a Seat, for a moment a Slot of the seat
(`policies.seat`). Those memos are caches of pure functions, bounded, and never part
of the value. No file, clock or RuleBase is touched here: categories come in as a tuple.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Self

from policies import document
from policies.applications import Application
from policies.calendar import Calendar, Year
from policies.check import check
from policies.kinds import Kind, Kinds
from policies.model import Order, Role, Subject, Verdict
from policies.outflow import Book
from policies.overlay import Overlay
from policies.policy import Policy, PolicySet, SchoolCalendar, Scope
from policies.rule import STRICT, Rule, host_groups, order_rule, policy_rules
from policies.schoolyear import LocalCalendar
from policies.seat import Audiences, Key, Seat, Slot, school_years
from rules.load import DataError
from rules.model import Category, Layer

MAX_SEATS = 1024
MAX_VERDICTS = 32_768  # over all seats and slots of one Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All a Snapshot is made of. Its canonical JSON is hashed."""

    rulebase: str
    categories: tuple[Kind, ...]
    policies: tuple[Policy, ...]
    orders: tuple[Order, ...] = ()
    years: tuple[Year, ...] = ()
    calendars: tuple[SchoolCalendar, ...] = ()
    applications: tuple[Application, ...] = ()


class Snapshot:
    """RuleBase + policies + Orders in force, compiled. Immutable but for bounded memos."""

    __slots__ = (
        "_audiences",
        "_calendar",
        "_kept",
        "_locals",
        "_orders",
        "_rules",
        "_seats",
        "_tokens",
        "district",
        "document",
        "epochs",
        "harmful",
        "hash",
        "help",
        "kinds",
        "metered",
        "outflow",
        "overlay",
        "text",
    )

    def __init__(self, content: Document) -> None:
        (self.district,) = (p for p in content.policies if p.scope is Scope.DISTRICT)
        self.document = content
        self.text = document.canonical(document.encode(content))
        self.hash = document.digest(self.text)
        self.kinds = kinds = Kinds(content.categories)
        self.help = kinds.layers([Layer.HELP])
        self.harmful = kinds.layers([Layer.HARMFUL])
        self.overlay = Overlay(len(kinds), host_groups(content.policies, content.orders))
        self.outflow = Book(kinds, self.overlay, content.policies)
        self._audiences = Audiences(content.policies)
        self._calendar = Calendar(content.years)
        self._rules = {p.id: policy_rules(kinds, self.overlay, p) for p in content.policies}
        self._orders = tuple(order_rule(kinds, self.overlay, order) for order in content.orders)
        self._tokens = frozenset(order.token for order in content.orders if order.token)
        timed = (
            *self._orders,
            *(rule for rules in self._rules.values() for rule in rules),
            *self.outflow.rules(),
        )
        self.epochs = sorted(
            {edge for rule in timed for edge in (rule.starts, rule.expires) if edge > 0}
        )
        self._seats: dict[tuple[str, ...], Seat] = {}
        self._locals: dict[tuple[str, ...], LocalCalendar] = {}
        self.metered = {
            rule.metered.key: rule.metered
            for rules in self._rules.values()
            for rule in rules
            if rule.metered is not None
        }
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
        content = document.decode(Document, text, file)
        try:
            return cls(content)
        except (ValueError, KeyError) as error:
            raise document.damaged(error, file) from error

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

    def calendar(self, subject: Subject, chain: Sequence[Policy]) -> LocalCalendar:
        """The calendar of this kind of subject; those of one school share one."""
        found = school_years(subject, chain, self.document.calendars)
        key = tuple(name for name, _ in found)
        made = self._locals.get(key)
        if made is None:
            made = LocalCalendar(self._calendar, [year for _, year in found])
            self._locals[key] = made
        return made

    def knows(self, day: str) -> bool:
        """Whether the holidays around an ISO date have been announced."""
        return self._calendar.knows(day)

    def effective(self, subject: Subject) -> Subject:
        """A pupil whose 学段 no preset knows is treated as the default subject's."""
        if subject.role is not Role.PUPIL or self._audiences.has_preset(subject):
            return subject
        default = self.default_subject
        return replace(subject, stage=default.stage, tier=subject.tier or default.tier)

    def chain(self, subject: Subject) -> tuple[Policy, ...]:
        """The policies for a subject, nearest first: group, school, preset, district."""
        return self._audiences.chain(subject)

    def sequence(self, chain: Sequence[Policy]) -> tuple[Rule, ...]:
        """The order in which rules are asked.

        locked up to help → tightening Orders → the other locked ones → loosening
        Orders → group → school → preset → district → its `otherwise`.
        An allow-list ends the sequence where its policy ends.
        """
        locked = [rule for rule in self._rules[self.district.id] if rule.locked]
        helped = next((n + 1 for n, rule in enumerate(locked) if rule.is_help(self.help)), 0)
        rules = [
            *locked[:helped],
            *(rule for rule in self._orders if rule.action in STRICT),
            *locked[helped:],
            *(rule for rule in self._orders if rule.action not in STRICT),
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
            categories=tuple(Kind(id=c.id, layer=c.layer, of=c.of) for c in categories),
            policies=tuple(sorted(policies.policies, key=lambda p: (rank[p.scope], p.id))),
            orders=tuple(sorted(given, key=lambda order: order.id)),
            years=tuple(sorted(policies.years, key=lambda year: year.year)),
            calendars=tuple(sorted(policies.calendars, key=lambda one: one.id)),
            applications=tuple(sorted(policies.applications, key=lambda one: one.id)),
        )
    )
