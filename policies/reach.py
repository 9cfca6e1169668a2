"""What a clause or Order speaks of, and which stricter clauses above it would pass over.

To loosen means: a milder action than some clause of the levels above, for a category,
subject, weekday and hour that both speak of. Kinds of day that may fall on any weekday
(holidays, terms) are not told apart, which errs on the strict side. Who may loosen is
`policies.delegation`. Pure: values in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from policies.calendar import ANNOUNCED, BIT, TERMLY, DayKind
from policies.entrust import Delegation
from policies.hours import Window
from policies.model import STRICTNESS, Action, Order
from policies.policy import Clause, Policy, Quota, Scope, UnknownYear, When, Who, Within
from policies.seat import audience
from rules.model import Category, Layer

EVERYTHING = "*"
LOCKED = (Layer.HARMFUL, Layer.HELP)
DAY = (1 << 1440) - 1
WEEK = (1 << 7) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a clause or Order speaks of. `categories` None: whatever the category."""

    id: str
    action: Action
    categories: frozenset[str] | None = None
    sites: bool = False
    whos: tuple[Who, ...] = ()
    minutes: int = DAY  # a bit per minute of the day
    weekdays: int = WEEK  # a bit per weekday on which it may hold
    quota: Quota | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Loosened:
    """A stricter clause that would no longer be asked, for one category (or `*`)."""

    clause: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """The levels that bind: all policies, the layer of each category, the delegations."""

    policies: tuple[Policy, ...]
    layers: dict[str, Layer]
    delegations: tuple[Delegation, ...]
    apps: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the categories of each

    @classmethod
    def of(cls, policies: Sequence[Policy], categories: Sequence[Category]) -> Ground:
        return cls(
            policies=tuple(policies),
            layers={category.id: category.layer for category in categories},
            apps={category.id: category.of for category in categories if category.of},
            delegations=tuple(
                d for p in policies if p.scope is Scope.DISTRICT for d in p.delegates
            ),
        )

    def named(self, when: When) -> frozenset[str] | None:
        """The categories that a condition names; None where it names none."""
        if not (when.kinds or when.layers):
            return None
        layered = (name for name, layer in self.layers.items() if layer in when.layers)
        return self.open((*when.kinds, *layered))

    def common(self, here: frozenset[str], above: frozenset[str]) -> frozenset[str]:
        """What both speak of: an app of a category is a part of it, whichever names which."""
        return frozenset(
            one
            for one in here
            if not above.isdisjoint((one, *self.apps.get(one, ())))
            or any(one in self.apps.get(other, ()) for other in above)
        )

    def open(self, names: Iterable[str]) -> frozenset[str]:
        """Without harmful and help: locked clauses decide these, whatever stands below."""
        return frozenset(name for name in names if self.layers.get(name) not in LOCKED)


def loosened(ground: Ground, reach: Reach, above: Iterable[Policy]) -> list[Loosened]:
    """Every unlocked clause of `above` that is stricter than what it meets here."""
    found: list[Loosened] = []
    for policy in above:
        for other in reaches(ground, policy):
            if _milder(reach, other) and _meet(reach, other):
                found += _pairs(ground, policy, reach, other)
    return found


def reaches(ground: Ground, policy: Policy) -> Iterator[Reach]:
    for clause in policy.clauses:
        if not clause.locked:
            yield clause_reach(ground, policy, clause)
    if policy.otherwise is not None:
        end = f"{policy.id}/otherwise"
        yield Reach(id=end, action=policy.otherwise.action, whos=(audience(policy),))


def clause_reach(ground: Ground, policy: Policy, clause: Clause) -> Reach:
    """What a clause of this policy speaks of."""
    return Reach(
        id=f"{policy.id}/{clause.id}",
        action=clause.action,
        categories=ground.named(clause.when),
        sites=bool(clause.when.hosts),
        whos=(audience(policy), clause.when.who),
        minutes=_minutes(clause.when.hours),
        weekdays=_weekdays(clause.when),
        quota=clause.quota,
    )


def order_reach(ground: Ground, order: Order) -> Reach:
    """What an Order speaks of; a device's token says nothing of who holds it."""
    schools = (order.school,) if order.school else ()
    groups = (order.group,) if order.group else ()
    return Reach(
        id=f"order/{order.id}",
        action=order.action,
        categories=ground.open(order.categories) if order.categories else None,
        sites=bool(order.hosts),
        whos=(Who(schools=schools, groups=groups),),
    )


def _milder(reach: Reach, other: Reach) -> bool:
    mine, theirs = reach.quota, other.quota
    if mine is not None and mine.within is Within.NEXT:
        return False  # within its quota the clauses below decide: it can only tighten
    if reach.action is Action.LIMIT is other.action and mine is not None and theirs is not None:
        return (
            mine.per is not theirs.per
            or _more(mine.minutes, theirs.minutes)
            or _more(mine.megabytes, theirs.megabytes)
        )
    return STRICTNESS[reach.action] < STRICTNESS[other.action]


def _more(mine: int, theirs: int) -> bool:
    """Is one bound of a quota wider than another? 0 is no bound."""
    return theirs > 0 and (mine == 0 or mine > theirs)


def _meet(reach: Reach, other: Reach) -> bool:
    """May both speak of the same person at the same hour of the same day?"""
    whos = all(not _apart(a, b) for a in reach.whos for b in other.whos)
    return whos and bool(reach.minutes & other.minutes) and bool(reach.weekdays & other.weekdays)


def _apart(one: Who, two: Who) -> bool:
    return any(
        a and b and set(a).isdisjoint(b)
        for a, b in (
            (one.schools, two.schools),
            (one.stages, two.stages),
            (one.tiers, two.tiers),
            (one.roles, two.roles),
            (one.groups, two.groups),
            (one.segments, two.segments),
        )
    )


def _minutes(windows: Sequence[Window]) -> int:
    bits = 0
    for window in windows:
        until = window.end if window.end > window.start else window.end + 1440
        span = ((1 << (until - window.start)) - 1) << window.start
        bits |= (span & DAY) | (span >> 1440)
    return bits if windows else DAY


_FALLS_ON: Mapping[DayKind, int] = {
    **{kind: 1 << place for place, kind in enumerate(list(DayKind)[:7])},
    DayKind.WEEKEND: 1 << 5 | 1 << 6,
}
"""The weekdays of a kind of day; one that is not here may fall on any."""


def _weekdays(when: When) -> int:
    """The weekdays on which a condition may hold, the morning after a night included.

    Where the year's dates are not announced, `unknown_year: match` holds on any.
    """
    if not when.days:
        return WEEK
    found = 0
    for kind in when.days:
        guessed = when.unknown_year is UnknownYear.MATCH and BIT[kind] & (ANNOUNCED | TERMLY)
        found |= WEEK if guessed else _FALLS_ON.get(kind, WEEK)
    if any(window.slot or window.end <= window.start for window in when.hours):
        found |= (found << 1 | found >> 6) & WEEK
    return found


def _pairs(ground: Ground, policy: Policy, reach: Reach, other: Reach) -> list[Loosened]:
    if reach.categories is None:
        wanted: Iterable[str] = (EVERYTHING,) if reach.sites else other.categories or (EVERYTHING,)
    elif other.categories is None:
        wanted = reach.categories - _open_before_end(ground, policy, reach, other)
    else:
        wanted = ground.common(reach.categories, other.categories)
    return [Loosened(clause=other.id, category=one) for one in sorted(wanted)]


def _open_before_end(ground: Ground, policy: Policy, reach: Reach, other: Reach) -> frozenset[str]:
    """What an allow-list lets pass as mildly as this anyway, before its `otherwise`."""
    if not other.id.endswith("/otherwise"):
        return frozenset()
    found: frozenset[str] = frozenset()
    for clause in policy.clauses:
        plain = not (clause.when.hosts or clause.when.gaps or clause.when.hours or clause.when.days)
        if plain and STRICTNESS[clause.action] <= STRICTNESS[reach.action] and not _narrow(clause):
            found |= ground.named(clause.when) or frozenset()
    return found


def _narrow(clause: Clause) -> bool:
    return clause.when.who != Who()
