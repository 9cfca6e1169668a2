"""One clause or Order as a compiled rule, and the tests it must pass.

Making rules turns names into bits; `fits` (who) and `in_time` (when) are the tests that
do not depend on the exchange. Pure; what is made of the rules stands in `policies.seat`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policies.calendar import ANNOUNCED, BIT, TERMLY, DayKind, bits
from policies.hours import Span, Window
from policies.kinds import Kinds
from policies.model import Action, Metered, Order, Reason, Subject
from policies.overlay import Overlay
from policies.policy import (
    Clause,
    Mode,
    Policy,
    Scope,
    UnknownYear,
    When,
    Who,
    Within,
)
from rules.model import Gap, Layer, Text

STRICT = frozenset({Action.BLOCK, Action.WARN})
"""The actions that tighten: any claimed name suffices. All others loosen: all must agree."""


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
    metered: Metered | None = None
    within: Within = Within.PASS
    exempt: int = 0  # categories this quota neither counts nor limits
    locked: bool = False
    scope: Scope = Scope.DISTRICT
    monitor: bool = False  # its own file is in monitor mode
    steadfast: bool = False  # locked safety: never weakened by monitor mode
    pins: bool = False  # a pass-through Order: decides nothing but `inspect`

    @property
    def tightens(self) -> bool:
        """Whether any claimed name suffices for it."""
        return self.action in STRICT or (self.metered is not None and self.within is Within.NEXT)

    def stands(self, timestamp: float) -> bool:
        """Whether an Order has started and not expired, or a clause has not expired."""
        return self.starts <= timestamp and (self.expires <= 0 or timestamp < self.expires)

    def is_help(self, help_mask: int) -> bool:
        """Whether this is the rule that lets people reach help."""
        return self.mask == help_mask and self.locked and self.action not in STRICT


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


def in_time(
    rule: Rule, spans: tuple[Span, ...] | None, today: int, before: int, minute: int
) -> str | None:
    """None where the rule applies now, otherwise why not: `hours`, `days` or `unknown-year`.

    `spans` are its windows by the seat's timetable; None: it has no hours. `today` and
    `before` are the day kinds of the date and of the day before it: the part of a
    window after midnight belongs to the day before.
    """
    if spans is None:
        return _on_day(rule.days, rule.unknown_year, today)
    missed = "hours"
    for span in spans:
        over = span.end <= span.start
        if minute >= span.start and (over or minute < span.end):
            day = today
        elif over and minute < span.end:
            day = before
        else:
            continue
        wrong = _on_day(rule.days, rule.unknown_year, day) or _on_day(
            span.days, rule.unknown_year, day
        )
        if wrong is None:
            return None
        missed = wrong
    return missed


def _on_day(wanted: int, unknown_matches: bool, kinds: int) -> str | None:
    if not wanted or kinds & wanted:
        return None
    year = kinds & BIT[DayKind.UNKNOWN] and wanted & ANNOUNCED
    term = kinds & BIT[DayKind.UNKNOWN_TERM] and wanted & TERMLY
    if year or term:
        return None if unknown_matches else "unknown-year"
    return "days"


# -- making rules -------------------------------------------------------------------


def host_groups(
    policies: Iterable[Policy], orders: Iterable[Order]
) -> Mapping[str, tuple[str, ...]]:
    """All host groups by their full name: `policy/group`, `policy/host`, `order/id`."""
    groups: dict[str, tuple[str, ...]] = {}
    for policy in policies:
        for name, hosts in policy.hosts.items():
            groups[f"{policy.id}/{name}"] = hosts
        named = [clause.when.hosts for clause in policy.clauses]
        named += [one.when.hosts for one in policy.outflow.rules]
        for host in (one for hosts in (*named, policy.outflow.approved.hosts) for one in hosts):
            if host not in policy.hosts:
                groups[f"{policy.id}/{host}"] = (host,)
    for order in orders:
        if order.hosts:
            groups[f"order/{order.id}"] = order.hosts
    return groups


def policy_rules(kinds: Kinds, overlay: Overlay, policy: Policy) -> tuple[Rule, ...]:
    rules = [clause_rule(kinds, overlay, policy, clause) for clause in policy.clauses]
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


def clause_rule(kinds: Kinds, overlay: Overlay, policy: Policy, clause: Clause) -> Rule:
    """One clause, compiled. Its hosts stand in the overlay (`host_groups`)."""
    when = clause.when
    mask: int | None = None
    quota = clause.quota
    tightens = clause.action in STRICT or (quota is not None and quota.within is Within.NEXT)
    if when.kinds or when.layers:
        mask = kinds.mask(when.kinds) | kinds.layers(when.layers)
        mask = kinds.claimed(mask) if tightens else mask
    hosts: int | None = None
    if when.hosts:
        names = [f"{policy.id}/{name}" for name in when.hosts]
        hosts = overlay.bits(names, loosens=not tightens)
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
        metered=_metered(policy, clause),
        within=quota.within if quota else Within.PASS,
        exempt=kinds.mask(quota.exempt) if quota else 0,
        locked=clause.locked and policy.scope is Scope.DISTRICT,
        scope=policy.scope,
        monitor=policy.mode is Mode.MONITOR,
        steadfast=clause.locked and _is_safety(kinds, when, mask),
        expires=0.0 if clause.expires is None else clause.expires.timestamp,
    )


def _metered(policy: Policy, clause: Clause) -> Metered | None:
    quota = clause.quota
    if quota is None:
        return None
    return Metered(
        counter=f"{policy.id}/{quota.counter or clause.id}",
        period=quota.per,
        minutes=quota.minutes,
        bytes=quota.megabytes * 1_000_000,
        warn=-(-quota.minutes * quota.warn_at // 100),
    )


def _is_safety(kinds: Kinds, when: When, mask: int | None) -> bool:
    harmful = kinds.layers([Layer.HARMFUL])
    return bool(when.gaps) or bool(mask and mask & harmful)


def order_rule(kinds: Kinds, overlay: Overlay, order: Order) -> Rule:
    name = f"order/{order.id}"
    loosens = order.pass_through or order.action not in STRICT
    mask = kinds.mask(order.categories) if order.categories else None
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
            basis=(order.basis,),
        ),
        mask=mask if mask is None or loosens else kinds.claimed(mask),
        hosts=overlay.bits([name], loosens=loosens) if order.hosts else None,
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
