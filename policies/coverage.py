"""Which clauses are ever used: never matched in a record, and never reachable by reading.

Static: a clause is *shadowed* where, for every kind of person it is for, clauses asked
before it match whatever it would match; it is *nobody's* where it is for no one. The
proof is conservative: what is reported is certain, what is not may still be shadowed
(by several clauses together in time). Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

from policies.compile import Snapshot
from policies.profiles import subjects
from policies.rule import STRICT, Rule, host_groups
from policies.seat import Seat


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A clause that can never decide, and those that do instead (none: it is nobody's)."""

    clause: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`matched` are exchanges by clause; `never` are clauses no exchange came to."""

    clauses: int
    matched: Mapping[str, int]
    never: tuple[str, ...]
    shadowed: tuple[Shadow, ...]


def coverage(snapshot: Snapshot, matched: Mapping[str, int]) -> Coverage:
    """How much of the policies was used by exchanges, given their clauses' sums."""
    rules = (rule.id for rule in snapshot.outflow.rules())  # not proven: what is sent decides
    names = (*_clauses(snapshot), *rules)
    return Coverage(
        clauses=len(names),
        matched={name: matched[name] for name in names if matched.get(name)},
        never=tuple(name for name in names if not matched.get(name)),
        shadowed=shadowed(snapshot),
    )


def shadowed(snapshot: Snapshot) -> tuple[Shadow, ...]:
    """The clauses that can never decide."""
    bits = _Bits.of(snapshot)
    covers: dict[str, set[str]] = {}
    alive: set[str] = set()
    for subject in subjects(snapshot):
        seat = snapshot.seat(subject)
        for place, rule in enumerate(seat.rules):
            if rule.id in alive or rule.pins:
                continue
            by = _covered(seat, place, bits)
            if by is None:
                alive.add(rule.id)
            else:
                covers.setdefault(rule.id, set()).update(by)
    return tuple(
        Shadow(clause=name, by=tuple(sorted(covers.get(name, ()))))
        for name in _clauses(snapshot)
        if name not in alive
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bits:
    """Host-group bits: those for *any* name, and those of groups that hold a host."""

    anyone: int
    full: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        groups = host_groups(snapshot.policies, snapshot.orders)
        held = [name for name, hosts in groups.items() if hosts]
        bits = snapshot.overlay.bits
        return cls(
            anyone=bits(groups, loosens=False),
            full=bits(held, loosens=True) | bits(held, loosens=False),
        )


def _clauses(snapshot: Snapshot) -> Iterator[str]:
    for policy in snapshot.policies:
        yield from (f"{policy.id}/{clause.id}" for clause in policy.clauses)
        if policy.otherwise is not None:
            yield f"{policy.id}/otherwise"


def _covered(seat: Seat, place: int, bits: _Bits) -> set[str] | None:
    """The earlier rules that leave nothing to this one; None where it can decide."""
    rule = seat.rules[place]
    if rule.mask == 0 or (rule.hosts is not None and not rule.hosts & bits.full):
        return set()
    left = rule.mask
    by: set[str] = set()
    for other in seat.rules[:place]:
        if not _as_wide(seat, other, rule, bits):
            continue
        if other.mask is None:
            return {other.id}
        if left is not None and left & other.mask:
            left &= ~other.mask
            by.add(other.id)
            if not left:
                return by
    return None


def _as_wide(seat: Seat, other: Rule, rule: Rule, bits: _Bits) -> bool:
    """Whether `other` holds whenever `rule` does, categories aside."""
    if other.pins or other.starts or other.expires or not _as_long(other, rule):
        return False
    if other.gaps and not (rule.gaps and rule.gaps <= other.gaps):
        return False
    if other.hosts is not None and (
        rule.hosts is None or rule.hosts & ~(other.hosts | (other.hosts & bits.anyone) << 1)
    ):
        return False  # that all names are in a group implies that any is, not the reverse
    # where names conflict, an allow-list seat passes over what loosens without naming hosts
    loose = other.action not in STRICT and other.hosts is None
    return not (seat.allow_only and loose and (rule.action in STRICT or rule.hosts is not None))


def _as_long(other: Rule, rule: Rule) -> bool:
    """Whether it is `other`'s time whenever it is the rule's."""
    if not other.windows and not other.days:
        return True
    if other.unknown_year != rule.unknown_year:
        return False
    if (other.windows, other.days) == (rule.windows, rule.days):
        return True
    within = bool(rule.days) and not rule.days & ~other.days
    # a window over midnight reaches into a day of another kind
    return within and not other.windows and all(w.start < w.end for w in rule.windows)
