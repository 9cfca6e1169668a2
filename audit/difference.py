"""Two runs side by side: what is new, mended, worse, lost from sight, or not to be compared.

Findings are comparable where the check is the same version, items where the clause says the
same and every check on them does. What was seen before and cannot be seen now is `lost`,
never mended. Drift is what passed and does not any more. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from audit.model import Finding, ItemResult, State
from audit.run import Run


class Kind(StrEnum):
    """How a result changed. 新增 · 加重 · 减轻 · 已整改 · 失去视野 · 已查明 · 未变 · 不可比."""

    NEW = "new"  # fault that was not known before
    WORSE = "worse"  # partial, and now fails
    BETTER = "better"  # failed, and now partial
    FIXED = "fixed"
    LOST = "lost"  # known before, unknown now
    SETTLED = "settled"  # unknown before, without fault now
    UNCHANGED = "unchanged"
    NOT_COMPARABLE = "not_comparable"  # another check, clause or target


WORDS = {
    Kind.NEW: "新增", Kind.WORSE: "加重", Kind.BETTER: "减轻", Kind.FIXED: "已整改",
    Kind.LOST: "失去视野", Kind.SETTLED: "已查明", Kind.UNCHANGED: "未变",
    Kind.NOT_COMPARABLE: "不可比",
}  # fmt: skip
LACKING = (State.FAIL, State.PARTIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One item (`what` is `item`, `name` a control) or finding (a check) on one target."""

    what: str
    name: str
    target: str
    kind: Kind
    before: State | None
    after: State | None
    drift: bool = False  # passed, and does not any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    changes: tuple[Change, ...]

    def counts(self, what: str = "item") -> Mapping[str, int]:
        found = Counter(one.kind for one in self.changes if one.what == what)
        return {kind.value: found[kind] for kind in Kind}

    @property
    def drift(self) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.drift)


def compare(before: Run, after: Run) -> Difference:
    """Every item and finding of either run."""
    changes = [*_findings(before.findings, after.findings), *_items(before, after)]
    return Difference(changes=tuple(changes))


def kind_of(before: State, after: State) -> Kind:
    """How one state became another."""
    if before is after:
        return Kind.UNCHANGED
    if after is State.UNKNOWN:
        return Kind.LOST
    if before is State.UNKNOWN or before not in LACKING:
        if after in LACKING:
            return Kind.NEW
        return Kind.SETTLED if before is State.UNKNOWN else Kind.UNCHANGED
    if after in LACKING:
        return Kind.WORSE if after is State.FAIL else Kind.BETTER
    return Kind.FIXED if after is State.PASS else Kind.SETTLED


def _change(
    what: str, name: str, target: str, before: State | None, after: State | None, same: bool
) -> Change:
    if before is None or after is None or not same:
        kind = Kind.NOT_COMPARABLE
    else:
        kind = kind_of(before, after)
    drift = kind is Kind.NEW and before is State.PASS
    return Change(
        what=what, name=name, target=target, kind=kind, before=before, after=after, drift=drift
    )


def _findings(before: Iterable[Finding], after: Iterable[Finding]) -> Iterable[Change]:
    old = {(one.check, one.target): one for one in before}
    new = {(one.check, one.target): one for one in after}
    for key in dict.fromkeys([*old, *new]):
        a, b = old.get(key), new.get(key)
        same = a is not None and b is not None and a.version == b.version
        yield _change("finding", *key, a.state if a else None, b.state if b else None, same)


def _items(before: Run, after: Run) -> Iterable[Change]:
    clauses = [{one.id: (one.text, one.objects) for one in run.controls} for run in (before, after)]
    old, new = (
        {(one.control, one.target): one for one in (*run.items, *run.single)}
        for run in (before, after)
    )
    for key in dict.fromkeys([*old, *new]):
        a, b = old.get(key), new.get(key)
        same = clauses[0].get(key[0]) == clauses[1].get(key[0]) and _checks(a) == _checks(b)
        yield _change("item", *key, a.state if a else None, b.state if b else None, same)


def _checks(one: ItemResult | None) -> set[tuple[str, str, str]]:
    return {(each.check, each.version, each.target) for each in one.findings} if one else set()
