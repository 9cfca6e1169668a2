"""Which kinds of people there are in a set of Snapshots: one Subject for each.

For looking at a policy as a whole: what `policy diff` compares and what
`policy coverage` asks. Made of the schools, groups, segments and tiers that policies
and Orders name; whom no policy tells apart is listed once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

from policies.compile import Snapshot
from policies.model import Role, Subject
from policies.policy import SchoolStage, Scope, Who
from policies.seat import Seat

MAX_SUBJECTS = 20_000
"""Above this the combinations of schools with groups and segments are left out."""


def subjects(*snapshots: Snapshot) -> tuple[Subject, ...]:
    """A Subject for each kind of person that one of the Snapshots tells apart."""
    found: dict[object, Subject] = {}
    for subject in _combinations(snapshots):
        found.setdefault(tuple(_signature(s.seat(subject)) for s in snapshots), subject)
    return tuple(found.values())


def describe(subject: Subject) -> str:
    """`stage=junior,group=lab`, as `--subject` takes it."""
    parts = [
        f"{name}={value}"
        for name in ("school", "stage", "tier", "group", "segment")
        if (value := getattr(subject, name))
    ]
    if subject.role is not Role.PUPIL or not parts:
        parts.insert(0, f"role={subject.role}")
    return ",".join(parts)


def _signature(seat: Seat) -> object:
    """Equal for subjects to whom the same rules apply in the same way."""
    return (
        seat.profile,
        tuple(rule.id for rule in seat.rules),
        seat.enforced,
        seat.depth,
        seat.never_open,
        seat.only_open,
    )


def _combinations(snapshots: Iterable[Snapshot]) -> Iterator[Subject]:
    given = tuple(snapshots)
    whos = [who for snapshot in given for who in _whos(snapshot)]
    schools = _named(who.schools for who in whos)
    groups = _named(who.groups for who in whos)
    segments = _named(who.segments for who in whos)
    tiers = _named(who.tiers for who in whos)
    people = [("", role) for role in Role] + [(stage.value, Role.PUPIL) for stage in SchoolStage]
    wide = len(people) * len(schools) * len(groups) * len(segments) * len(tiers) <= MAX_SUBJECTS
    for (stage, role), tier, group, segment in product(people, tiers, groups, segments):
        plain = not (tier or group or segment)
        for school in schools if wide or plain else schools[:1]:
            yield Subject(
                school=school, stage=stage, tier=tier, role=role, group=group, segment=segment
            )


def _whos(snapshot: Snapshot) -> Iterator[Who]:
    for policy in snapshot.policies:
        yield policy.applies
        yield from (clause.when.who for clause in policy.clauses)
        if policy.scope is Scope.SCHOOL:
            yield Who(schools=(policy.id,))
        if policy.scope is Scope.GROUP:
            yield Who(groups=(policy.id,))
    for order in snapshot.orders:
        yield Who(
            schools=(order.school,) if order.school else (),
            groups=(order.group,) if order.group else (),
        )


def _named(values: Iterable[Iterable[str]]) -> list[str]:
    return ["", *sorted({str(value) for some in values for value in some})]
