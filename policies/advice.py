"""What is allowed but worth saying: printed by `policy check`, never an error. Pure."""

from __future__ import annotations

from policies.calendar import ANNOUNCED, bits
from policies.check import placed
from policies.model import Action
from policies.moment import end_of
from policies.places import Path
from policies.policy import Policy, PolicySet, Scope, UnknownYear
from rules.load import Problem

LATER = {
    Action.MASK: "only answers of `applications/` are masked: elsewhere `mask` passes and records",
}


ANNOUNCED_IN = 11
"""The month by which next year's holidays have been announced (2025: 4 November)."""


def advice(given: PolicySet, day: str) -> list[Problem]:
    """Remarks on a set of policies, as of an ISO date."""
    year, month = int(day[:4]), int(day[5:7])
    remarks = [remark for policy in given.policies for remark in _of_policy(given, policy, day)]
    for wanted in (year, year + 1) if month >= ANNOUNCED_IN else (year,):
        if wanted not in {known.year for known in given.years}:
            remarks.append(
                Problem(
                    file="calendar",
                    line=1,
                    column=1,
                    message=f"the holidays of {wanted} are not known",
                    remedy=f"add calendar/cn-{wanted}.yaml from the State Council's notice",
                )
            )
    return remarks


def _of_policy(given: PolicySet, policy: Policy, day: str) -> list[Problem]:
    remarks = []
    year = int(day[:4])
    known = year in {announced.year for announced in given.years}
    for number, clause in enumerate(policy.clauses):
        here: Path = ["clauses", number]
        if clause.action in LATER and not clause.id.startswith("app-"):
            remarks.append(placed(given, policy, [*here, "action"], LATER[clause.action]))
        if clause.expires is not None and clause.expires.timestamp <= end_of(day) - 86_400:
            message = f"clause `{clause.id}` expired on {clause.expires} and does nothing"
            remarks.append(placed(given, policy, [*here, "expires"], message, "take it out"))
        asks = bits(clause.when.days) & ANNOUNCED
        if asks and not known and clause.when.unknown_year is UnknownYear.SKIP:
            message = f"in {year} clause `{clause.id}` matches only on the weekdays it names"
            remarks.append(placed(given, policy, [*here, "when", "days"], message))
    if not policy.cases:
        remarks.append(placed(given, policy, ["id"], "the policy has no cases", "add `cases:`"))
    if policy.scope is not Scope.SCHOOL and not policy.clauses:
        remarks.append(placed(given, policy, ["id"], "the policy has no clauses"))
    return remarks
