"""六层 × 六防: results → the state of 36 cells, and 三化 as measured properties of the run.

The ideas (三化六防) come from 公网安〔2020〕1960号, which has no checklist: the matrix is our
own construction and says so wherever it is shown. A cell lists clauses (level 3 numbering,
a control point stands for all of its items), activities of GB/T 39204 and the kind of
evidence. Pure: `now` and what is known of drills, owners and re-checks are parameters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from audit.model import Defence, ItemResult, State, Tier
from rules.model import Basis, Text

DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One layer × one defence: what it rests on."""

    tier: Tier
    defence: Defence
    aim: Text
    clauses: tuple[str, ...]  # 8.1.4.1 or 8.1.4.1.a, level 3
    activities: tuple[str, ...]  # clauses of GB/T 39204-2022
    evidence: Text

    @property
    def key(self) -> tuple[Tier, Defence]:
        return self.tier, self.defence

    @property
    def id(self) -> str:
        return f"{self.tier.value}/{self.defence.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """The whole table. `intervals` says after how many days an item is to be re-checked."""

    id: str
    title: Text
    basis: Basis
    standard: str
    level: int
    own: Text  # that it is our construction
    drill_days: int
    recheck_days: int
    cells: tuple[Cell, ...]

    def __post_init__(self) -> None:
        keys = [one.key for one in self.cells]
        wanted = {(tier, defence) for tier in Tier for defence in Defence}
        if len(keys) != len(set(keys)) or set(keys) != wanted:
            raise ValueError("each layer × defence must stand exactly once")
        if self.drill_days <= 0 or self.recheck_days <= 0:
            raise ValueError("days must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """What came of one cell: a share of what is known, and how much is not."""

    cell: Cell
    state: State
    controls: tuple[str, ...]
    passed: int
    partial: int
    failed: int
    unknown: int

    @property
    def share(self) -> float | None:
        """Passed items over all that apply; None where nothing applies."""
        total = self.passed + self.partial + self.failed + self.unknown
        return self.passed / total if total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What is known of how the defences are run; what is not named was not done.

    `drilled`: cell id → when a drill last tried it. `owners`, `policies`: cell id → who, which
    document. `checked`: control id → when it was last looked at.
    """

    drilled: Mapping[str, float] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    policies: Mapping[str, str] = field(default_factory=dict)
    checked: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """三化, each as a count over a whole: 实战化, 体系化 of cells, 常态化 of items."""

    drilled: int
    owned: int
    cells: int
    fresh: int
    items: int

    @property
    def practical(self) -> float:
        """实战化: cells with a recent drill."""
        return self.drilled / self.cells if self.cells else 0.0

    @property
    def systematic(self) -> float:
        """体系化: cells with an owner and a policy."""
        return self.owned / self.cells if self.cells else 0.0

    @property
    def regular(self) -> float:
        """常态化: items looked at again within their interval."""
        return self.fresh / self.items if self.items else 0.0


def named(clause: str, matrix: Matrix) -> str:
    return f"{matrix.standard}:{matrix.level}:{clause}"


def covered(cell: Cell, matrix: Matrix, controls: Iterable[str]) -> tuple[str, ...]:
    """Which control ids a cell rests on: its clauses and all items below its points."""
    wanted = tuple(named(clause, matrix) for clause in cell.clauses)
    return tuple(
        one
        for one in controls
        if any(one == name or one.startswith(f"{name}.") or f"{one}.a" == name for name in wanted)
    )


def states(
    matrix: Matrix,
    controls: Iterable[str],
    results: Iterable[ItemResult],
    *,
    same: Mapping[str, str] | None = None,
) -> tuple[CellState, ...]:
    """The state of every cell. `controls` are the ids of the level-3 catalog.

    `same` maps a level-3 control id to the id of the same requirement at the system's own
    level; a requirement that is not among its values does not stand at that level and is left
    out of the cell.
    """
    known = {one.control: one for one in results}
    catalog = tuple(controls)
    return tuple(
        _cell_state(cell, _own_level(covered(cell, matrix, catalog), same), known)
        for cell in matrix.cells
    )


def _own_level(controls: tuple[str, ...], same: Mapping[str, str] | None) -> tuple[str, ...]:
    if same is None:
        return controls
    return tuple(dict.fromkeys(same[one] for one in controls if one in same))


def _cell_state(
    cell: Cell, controls: tuple[str, ...], known: Mapping[str, ItemResult]
) -> CellState:
    count = Counter(known[one].state if one in known else State.UNKNOWN for one in controls)
    return CellState(
        cell=cell,
        state=_together(count),
        controls=controls,
        passed=count[State.PASS],
        partial=count[State.PARTIAL],
        failed=count[State.FAIL],
        unknown=count[State.UNKNOWN],
    )


def _together(count: Counter[State]) -> State:
    """Fault found is fault; a pass needs everything known."""
    if not count[State.PASS] + count[State.PARTIAL] + count[State.FAIL] + count[State.UNKNOWN]:
        return State.NOT_APPLICABLE
    if count[State.FAIL] and not count[State.PASS] + count[State.PARTIAL] + count[State.UNKNOWN]:
        return State.FAIL
    if count[State.FAIL] + count[State.PARTIAL]:
        return State.PARTIAL
    return State.UNKNOWN if count[State.UNKNOWN] else State.PASS


def ways(
    matrix: Matrix,
    cells: Iterable[CellState],
    running: Running,
    *,
    now: float,
    intervals: Mapping[str, int] | None = None,
) -> Ways:
    """三化 of a run. `intervals` overrides the days of single controls.

    A time in the future is a wrong clock, not a fresh drill, and does not count.
    """
    shown = [one for one in cells if one.controls]
    items = tuple(dict.fromkeys(name for one in shown for name in one.controls))
    days = intervals or {}

    def recent(when: float | None, limit: int) -> bool:
        return when is not None and 0 <= now - when <= limit * DAY

    return Ways(
        drilled=sum(
            1 for one in shown if recent(running.drilled.get(one.cell.id), matrix.drill_days)
        ),
        owned=sum(
            1
            for one in shown
            if running.owners.get(one.cell.id) and running.policies.get(one.cell.id)
        ),
        cells=len(shown),
        fresh=sum(
            1
            for name in items
            if recent(running.checked.get(name), days.get(name, matrix.recheck_days))
        ),
        items=len(items),
    )
