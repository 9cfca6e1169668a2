"""What must hold of a file's outflow section beyond its shape and its names. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policies.model import Action
from policies.places import Path
from policies.policy import Approved, Outflow, OutflowRule, Policy, Scope

type Finding = tuple[Path, str, str]
"""Where in the file, what is wrong, and what to do."""

ACTIONS = (Action.ALLOW, Action.OBSERVE, Action.MASK, Action.WARN, Action.BLOCK)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


def outflow_findings(policy: Policy) -> Iterator[Finding]:
    """Every problem of one file's section."""
    outflow, district = policy.outflow, policy.scope is Scope.DISTRICT
    if not district and outflow.approved != Approved():
        yield (
            ["outflow", "approved"],
            "only the district approves destinations",
            "write a rule with `action: allow` and `expires`, or ask the district",
        )
    if not district and outflow.largest != Outflow().largest:
        yield ["outflow", "largest"], "only the district says how much is held", ""
    seen: set[str] = set()
    for number, rule in enumerate(outflow.rules):
        if rule.id in seen:
            yield ["outflow", "rules", number, "id"], f"rule `{rule.id}` stands twice", ""
        seen.add(rule.id)
        yield from _rule(["outflow", "rules", number], rule, district=district)
    for number, case in enumerate(policy.cases):
        if case.carries is None:
            continue
        counts = (*case.carries.verified.values(), *case.carries.suspected.values())
        if any(count < 0 for count in (*counts, case.carries.people, case.carries.under_14)):
            yield ["cases", number, "carries"], "a count is below 0", ""


def _rule(path: Path, rule: OutflowRule, *, district: bool) -> Iterator[Finding]:
    if not _NAME.fullmatch(rule.id) or rule.id.startswith("approved"):
        yield [*path, "id"], f"`{rule.id}` cannot be the id of a rule", "use a-z, 0-9 and -"
    if rule.action not in ACTIONS:
        known = ", ".join(ACTIONS)
        yield [*path, "action"], f"`{rule.action}` is not for outflow", f"one of: {known}"
    if rule.locked and not district:
        yield [*path, "locked"], "only a rule of the district can be locked", ""
    if not district and rule.action is Action.ALLOW and rule.expires is None:
        yield path, "what a school lets out, it lets out for a time", "expires: 2027-07-01"
