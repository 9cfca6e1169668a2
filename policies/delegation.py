"""Who may loosen what: the district's delegations against clauses and Orders below it.

A school may tighten whatever is not locked. What it loosens (by a clause of its file
or by an Order) must be delegated by the district, for the time the district says.
What loosens is said by `policies.reach`. Pure: values in, findings with their paths
out; `policies.check` places them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policies.entrust import Delegation
from policies.model import Office, Order
from policies.places import Path
from policies.policy import Clause, Inspection, Mode, Policy, Scope
from policies.reach import (
    Ground,
    Loosened,
    Reach,
    clause_reach,
    loosened,
    order_reach,
    reaches,
)
from rules.model import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, at which key of the file (empty for an Order)."""

    path: Path
    message: str
    remedy: str = ""


# -- files ---------------------------------------------------------------------------


def file_findings(ground: Ground, policy: Policy) -> list[Finding]:
    """What a school's or group's file loosens without being allowed to."""
    if policy.scope not in (Scope.SCHOOL, Scope.GROUP):
        return []
    found = _keys(ground, policy)
    above = [p for p in ground.policies if p.scope in (Scope.PRESET, Scope.DISTRICT)]
    for number, clause in enumerate(policy.clauses):
        reach = clause_reach(ground, policy, clause)
        loose = loosened(ground, reach, above)
        if loose:
            found += _clause(ground, policy, ["clauses", number], clause, reach, loose)
    return found


def _keys(ground: Ground, policy: Policy) -> list[Finding]:
    """Keys of a whole file that loosen: trial mode, less inspection, another's school."""
    found = []
    mine = [d for d in ground.delegations if _for(d, Office.SCHOOL, policy.id)]
    if policy.mode is Mode.MONITOR and not any(d.monitor for d in mine):
        found.append(_refused(["mode"], "monitor mode is not delegated to it", "monitor: true"))
    if policy.inspection != Inspection() and not any(d.inspection for d in mine):
        found.append(
            _refused(["inspection"], "inspection is not delegated to it", "inspection: true")
        )
    if policy.scope is Scope.SCHOOL and set(policy.applies.schools) - {policy.id}:
        found.append(
            Finding(
                path=["applies", "schools"],
                message="a school's file is for its own school only",
                remedy="give each school a file of its own, or use a group",
            )
        )
    return found


def _clause(
    ground: Ground,
    policy: Policy,
    path: Path,
    clause: Clause,
    reach: Reach,
    loose: Sequence[Loosened],
) -> Iterator[Finding]:
    covering = [covers(ground, one, reach, Office.SCHOOL, policy.id) for one in loose]
    refused = [one for one, found in zip(loose, covering, strict=True) if not found]
    if refused:
        yield _refused([*path, "when"], _said(clause.id, refused), "categories / clauses / sites")
        return
    if not (clause.reason.zh or clause.reason.en):
        yield Finding(path=[*path, "reason"], message="what is loosened needs a reason")
    if all(any(d.standing for d in found) for found in covering):
        return
    if clause.expires is None:
        yield Finding(
            path=path,
            message=f"clause `{clause.id}` loosens `{loose[0].clause}` and has no `expires`",
            remedy="add `expires: 2027-07-15`",
        )
        return
    for found in covering:
        last = _latest(found)
        if last and clause.expires.timestamp > last:
            ids = ", ".join(d.id for d in found)
            yield Finding(
                path=[*path, "expires"],
                message=f"`{clause.expires}` is after the end of the delegation ({ids})",
                remedy=f"at the latest {found[0].until}",
            )
            return


def _said(name: str, refused: Sequence[Loosened]) -> str:
    what = ", ".join(f"{one.clause} ({one.category})" for one in refused[:3])
    more = f" and {len(refused) - 3} more" if len(refused) > 3 else ""
    return f"clause `{name}` loosens what the district has not delegated: {what}{more}"


def _refused(path: Path, message: str, key: str) -> Finding:
    remedy = f"take it out, or ask the district for a delegation (`delegates:` … {key})"
    return Finding(path=path, message=message, remedy=remedy)


def covers(
    ground: Ground, one: Loosened, reach: Reach, office: Office, policy: str
) -> list[Delegation]:
    """The delegations under which this may be loosened."""
    return [
        d
        for d in ground.delegations
        if _for(d, office, policy)
        and (
            one.clause in d.clauses
            or one.category in d.categories
            or (d.sites and reach.sites)
            or (one.category in ground.apps and set(ground.apps[one.category]) <= set(d.categories))
        )
    ]


def _for(delegation: Delegation, office: Office, policy: str) -> bool:
    return office in delegation.to and (not delegation.policies or policy in delegation.policies)


def _latest(delegations: Sequence[Delegation]) -> float:
    """The last moment any of these lets something be loosened; 0 where one has no end."""
    ends = [0.0 if d.until is None else d.until.timestamp for d in delegations]
    return 0.0 if 0.0 in ends else max(ends)


def delegation_findings(ground: Ground, policy: Policy) -> Iterator[Finding]:
    """What is wrong with the delegations of a file."""
    if policy.delegates and policy.scope is not Scope.DISTRICT:
        yield Finding(path=["delegates"], message="only the district delegates")
        return
    locked = {f"{policy.id}/{clause.id}" for clause in policy.clauses if clause.locked}
    known = {reach.id for one in ground.policies for reach in reaches(ground, one)}
    seen: set[str] = set()
    for number, delegation in enumerate(policy.delegates):
        path: Path = ["delegates", number]
        if delegation.id in seen:
            yield Finding(path=[*path, "id"], message=f"`{delegation.id}` stands twice")
        seen.add(delegation.id)
        for at, name in enumerate(delegation.categories):
            if ground.layers.get(name) is Layer.HARMFUL:
                yield Finding(
                    path=[*path, "categories", at],
                    message=f"`{name}` is harmful: nobody may loosen it (条例 art. 22)",
                    remedy="take it out",
                )
        for at, name in enumerate(delegation.clauses):
            if name in locked:
                message = f"`{name}` is locked, and what is locked cannot be delegated"
                yield Finding(path=[*path, "clauses", at], message=message)
            elif name not in known:
                yield Finding(
                    path=[*path, "clauses", at],
                    message=f"there is no clause `{name}`",
                    remedy="write `policy/clause`, for example `junior/ai`",
                )


# -- Orders --------------------------------------------------------------------------


def order_findings(ground: Ground, order: Order) -> list[str]:
    """Why this Order may not be given by its office; empty where it may."""
    if order.office is Office.DISTRICT:
        return []
    found = list(_bounds(order))
    if order.pass_through:
        mine = [d for d in ground.delegations if _for(d, order.office, order.school)]
        return found + _within([d for d in mine if d.inspection], order, "pass-through")
    reach = order_reach(ground, order)
    for one in loosened(ground, reach, ground.policies):
        covering = covers(ground, one, reach, order.office, order.school)
        found += _within(covering, order, f"{one.clause} ({one.category})")
    return list(dict.fromkeys(found))


def _bounds(order: Order) -> Iterator[str]:
    if not order.school:
        yield "an Order of a school or teacher names its school"
    if order.office is Office.TEACHER and not (order.group or order.token):
        yield "a teacher's Order names a group (class) or one device"
    if not 0 < order.starts < order.expires:
        yield "an Order of a school or teacher has a beginning and an end"


def _within(covering: Sequence[Delegation], order: Order, what: str) -> list[str]:
    """Empty where the Order fits into one of these delegations, else why not."""
    if not covering:
        return [f"{order.office} may not loosen {what}: the district has not delegated it"]
    misses = [list(_misses(delegation, order)) for delegation in covering]
    return min(misses, key=len)


def _misses(delegation: Delegation, order: Order) -> Iterator[str]:
    longest = delegation.minutes
    if longest and order.expires - order.starts > longest * 60 + 1:
        yield f"at most {longest} minutes are delegated (`{delegation.id}`)"
    if delegation.until is not None and order.expires > delegation.until.timestamp:
        yield f"it would outlast the delegation `{delegation.id}` ({delegation.until})"
    given = len({name for name in order.approvals if name != order.issuer})
    if given < delegation.approvals:
        yield (
            f"`{delegation.id}` wants {delegation.approvals} approval(s) by others "
            f"than the issuer, {given} given"
        )
