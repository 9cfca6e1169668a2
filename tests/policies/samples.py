"""Small policies for tests: a lawful district to build on, and short constructors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from policies.calendar import Calendar, Day, Holiday, Year
from policies.compile import Snapshot, compile_policies
from policies.decide import decide
from policies.entrust import Delegation
from policies.hours import Window
from policies.model import NO_USAGE, Action, Order, Subject, Usage, Verdict
from policies.moment import at
from policies.policy import (
    Clause,
    Inspection,
    Otherwise,
    Policy,
    PolicySet,
    Prefix,
    Scope,
    When,
    Who,
)
from rules.model import Basis, Category, Facts, Gap, Layer, Signals, Stage, Text

WORDS = Text(zh="词", en="words")
LAYERS = {
    "help": Layer.HELP,
    "crisis": Layer.HELP,
    "porn": Layer.HARMFUL,
    "gambling": Layer.HARMFUL,
    "fandom": Layer.AFFECT,
    "games": Layer.FUNCTIONAL,
    "video": Layer.FUNCTIONAL,
    "education": Layer.FUNCTIONAL,
    "banking": Layer.FUNCTIONAL,
    "uncategorised": Layer.FUNCTIONAL,
}


def category(name: str, layer: Layer) -> Category:
    return Category(id=name, title=WORDS, layer=layer, harm=WORDS, basis=())


CATEGORIES = tuple(category(name, layer) for name, layer in LAYERS.items())
BASIS = Basis(source="测试依据")


def when(**fields: Any) -> When:
    """A When; hours may be given as text."""
    hours = tuple(Window.parse(text) for text in fields.pop("hours", ()))
    return When(hours=hours, **fields)


def clause(
    name: str, action: str, locked: bool = False, quota: Any = None, **fields: Any
) -> Clause:
    return Clause(
        id=name,
        title=WORDS,
        action=Action(action),
        reason=WORDS,
        locked=locked,
        quota=quota,
        when=when(**fields),
    )


GAPS = clause(
    "gaps", "block", locked=True, gaps=tuple(g for g in Gap if g is not Gap.NAME_CONFLICT)
)
HELP = clause("help", "allow", locked=True, layers=(Layer.HELP,))
HARMFUL = clause("harmful", "block", locked=True, layers=(Layer.HARMFUL,))


def end(action: str) -> Otherwise:
    return Otherwise(action=Action(action), title=WORDS, reason=WORDS)


FREE = Delegation(
    id="free",
    title=WORDS,
    categories=tuple(n for n, layer in LAYERS.items() if layer in (Layer.AFFECT, Layer.FUNCTIONAL)),
    sites=True,
    monitor=True,
    inspection=True,
    standing=True,
)
"""Everything that can be delegated is: these tests are about something else."""


def district(*clauses: Clause, locked: Sequence[Clause] = (), **fields: Any) -> Policy:
    """A lawful district: gaps, help, harmful, then `locked`, then `clauses`, then allow."""
    made = Policy(
        id="district",
        title=WORDS,
        scope=Scope.DISTRICT,
        default_subject=Subject(stage="primary-upper"),
        otherwise=end("allow"),
        inspection=Inspection(never_open=("banking",)),
        delegates=(FREE,),
        clauses=(GAPS, HELP, HARMFUL, *(replace(c, locked=True) for c in locked), *clauses),
    )
    return replace(made, **fields)


def policy(name: str, scope: str, *clauses: Clause, **fields: Any) -> Policy:
    return Policy(id=name, title=WORDS, scope=Scope(scope), clauses=tuple(clauses), **fields)


YEAR = Year(
    id="cn-2026",
    year=2026,
    title=WORDS,
    holidays=(Holiday(title=WORDS, first=Day("2026-10-01"), last=Day("2026-10-07")),),
    makeup=(Day("2026-10-10"),),
    basis=(),
)


def snapshot(*policies: Policy, orders: Sequence[Order] = (), rulebase: str = "base") -> Snapshot:
    given = PolicySet(policies=policies or (district(),), years=(YEAR,))
    return compile_policies(given, categories=CATEGORIES, rulebase=rulebase, orders=orders)


def order(name: str, action: str, **fields: Any) -> Order:
    return Order(id=name, action=Action(action), basis=BASIS, issuer="区教育局", **fields)


NOON = "2026-09-01T12:00"  # a Tuesday


def ask(
    shot: Snapshot,
    *categories: str,
    subject: Subject = Subject(stage="junior"),  # noqa: B008 - frozen
    time: str = NOON,
    host: str = "site.example",
    names: tuple[str, ...] = (),
    address: str = "",
    gap: Gap | None = None,
    stage: Stage = Stage.REQUEST,
    usage: Usage = NO_USAGE,
) -> Verdict:
    """One decision on these categories."""
    facts = Facts(stage=stage, host=host, names=names, address=address, gap=gap)
    signals = Signals(mask=shot.kinds.mask(categories or ("uncategorised",)))
    return decide(shot, facts, signals, subject, at(time), usage)


__all__ = [
    "CATEGORIES",
    "GAPS",
    "HARMFUL",
    "HELP",
    "NOON",
    "YEAR",
    "Calendar",
    "Prefix",
    "Who",
    "ask",
    "clause",
    "district",
    "end",
    "order",
    "policy",
    "snapshot",
    "when",
]
