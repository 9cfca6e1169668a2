"""The district's view: every school and system, what its last run came to, and what repeats.

From the JSON that `audit run --json` writes, one file a system. A system without a run is not
left out: all of it is unknown. Rates are a range (floor to ceiling) as long as something is
unknown, and the sum of the district is made of items, not of rates. Pure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.model import Organisation, RepairState, System

STATES = ("pass", "partial", "fail", "not_applicable", "unknown")
DONE = (RepairState.VERIFIED.value, RepairState.CLOSED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One system of one unit. `at` 0: there is no run of it."""

    unit: str
    unit_name: str
    system: str
    system_name: str
    level: int
    at: float = 0.0
    states: Mapping[str, int]
    floor: float | None = None
    ceiling: float | None = None
    conclusion: str = ""
    high: tuple[str, ...] = ()  # clauses that fail with high severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Frequent:
    """One clause or check and in how many systems it fails."""

    id: str
    title: str
    systems: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollup:
    lines: tuple[Line, ...]
    states: Mapping[str, int]
    floor: float | None
    ceiling: float | None
    worst_items: tuple[Frequent, ...]
    worst_checks: tuple[Frequent, ...]
    without_run: tuple[str, ...]
    unreturned: tuple[str, ...] = ()
    overdue_repairs: tuple[str, ...] = ()


def rolled(
    runs: Mapping[str, Mapping[str, Any]],
    systems: Iterable[System] = (),
    units: Iterable[Organisation] = (),
    *,
    unreturned: Iterable[str] = (),
    repairs: Iterable[Mapping[str, Any]] = (),
    today: str = "",
) -> Rollup:
    """`runs` by system id: that of the run, else of the file's name. Of two the later is given."""
    known = {one.id: one for one in systems}
    names = {one.id: one.name for one in units}
    lines = [_line(id_, known.get(id_), names, runs.get(id_)) for id_ in
             dict.fromkeys([*known, *runs])]  # fmt: skip
    have = {one.unit for one in lines}
    above = {one.above for one in units}
    total = Counter[str]()
    for one in lines:
        total.update(one.states)
    floor, ceiling = bounds(total)
    return Rollup(
        lines=tuple(lines),
        states={name: total[name] for name in STATES},
        floor=floor,
        ceiling=ceiling,
        worst_items=_items(runs),
        worst_checks=_checks(runs),
        without_run=(
            *(one.system for one in lines if not one.at),
            *(one.id for one in units if one.id not in have and one.id not in above),
        ),
        unreturned=tuple(unreturned),
        overdue_repairs=tuple(_overdue(repairs, today)),
    )


def bounds(states: Mapping[str, int]) -> tuple[float | None, float | None]:
    """符合率 if all that is unknown failed, and if all of it passed."""
    counted = sum(states.get(one, 0) for one in STATES if one != "not_applicable")
    if not counted:
        return None, None
    passed = states.get("pass", 0)
    return passed / counted, (passed + states.get("unknown", 0)) / counted


def _line(
    id_: str, system: System | None, names: Mapping[str, str], run: Mapping[str, Any] | None
) -> Line:
    unit = system.organisation if system else ""
    states = Counter(_state(one) for one in _items_of(run))
    floor, ceiling = bounds(states)
    score = run.get("score") if run else None
    said = score.get("conclusion") if isinstance(score, Mapping) else None
    return Line(
        unit=unit,
        unit_name=names.get(unit, unit),
        system=id_,
        system_name=system.name if system else id_,
        level=system.level if system else _whole(run.get("level") if run else 0),
        at=_number(run.get("now")) if run else 0.0,
        states={name: states[name] for name in STATES},
        floor=floor,
        ceiling=ceiling,
        conclusion=str(said.get("zh", "")) if isinstance(said, Mapping) else "",
        high=tuple(
            str(one.get("clause"))
            for one in _items_of(run)
            if one.get("severity") == "high" and _state(one) in ("fail", "partial")
        ),
    )


def _items_of(run: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    listed = run.get("items") if run else None
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _state(item: Mapping[str, Any]) -> str:
    """A state we do not know is unknown, never anything better."""
    state = str(item.get("state"))
    return state if state in STATES else "unknown"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def _whole(value: Any) -> int:
    return int(_number(value))


def _items(runs: Mapping[str, Mapping[str, Any]]) -> tuple[Frequent, ...]:
    found: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, str] = {}
    for name, run in runs.items():
        for one in _items_of(run):
            if _state(one) in ("fail", "partial"):
                key = str(one.get("id"))
                found[key].add(name)
                titles.setdefault(key, str(one.get("control_point_title", "")))
    return _most(found, titles)


def _checks(runs: Mapping[str, Mapping[str, Any]]) -> tuple[Frequent, ...]:
    found: dict[str, set[str]] = defaultdict(set)
    titles: dict[str, str] = {}
    for name, run in runs.items():
        for item in _items_of(run):
            listed = item.get("findings")
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, Mapping) and one.get("state") in ("fail", "partial"):
                    key = str(one.get("check"))
                    found[key].add(name)
                    titles.setdefault(key, str(one.get("title", "")))
    return _most(found, titles)


def _most(found: Mapping[str, set[str]], titles: Mapping[str, str]) -> tuple[Frequent, ...]:
    order = sorted(found, key=lambda key: (-len(found[key]), key))
    return tuple(Frequent(id=key, title=titles[key], systems=len(found[key])) for key in order[:20])


def _overdue(repairs: Iterable[Mapping[str, Any]], today: str) -> Iterable[str]:
    for one in repairs:
        due = str(one.get("due") or "")
        if due and today and due < today and one.get("state") not in DONE:
            words = (one.get("id"), one.get("control"), one.get("owner"), due)
            yield " ".join(str(word) for word in words if word)
