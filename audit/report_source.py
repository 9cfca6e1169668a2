"""Where a report comes from: a recorded run, the audit store, or a folder of evidence.

A door: it opens files and the store, judges evidence that has not been judged, and hands over
values. Nothing is written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit.catalog import Catalog
from audit.checks import load_checks
from audit.model import Check, Evidence, Repair
from audit.record import Beside as Recorded
from audit.record import restore, restore_beside
from audit.reports.model import Earlier
from audit.run import Run, assess
from audit.run_cli import gathered, targets
from audit.store import Kept, Store
from audit.targets import Inventory
from audit.written import written
from audit.yardsticks import Yardsticks
from rules.load import DataError, Problem

MAX_FILE = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A run, what was recorded beside it, and what the store knows besides."""

    run: Run
    recorded: Recorded
    checks: Mapping[str, Check]
    inventory: Inventory | None = None
    earlier: tuple[Earlier, ...] = ()
    repairs: tuple[Repair, ...] = ()


def from_file(path: Path) -> Found:
    """A recorded run. Raises DataError."""
    told = read_json(path)
    try:
        run, beside = restore(told), restore_beside(told)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        message = f"不是运行记录 not a recorded run: {str(error)[:200]}"
        raise wrong(str(path), message) from error
    return Found(run=run, recorded=beside, checks={**load_checks(), **beside.checks})


def from_store(place: str, key: Path | None, *, assessment: str, name: str) -> Found:
    """A run of the store: the one named, or the newest of the assessment. Raises WorldError."""
    with Store.open(place, key, make=False) as store:
        kept = store.runs(assessment=assessment)
        chosen = next((one for one in reversed(kept) if one.whole and name in ("", one.id)), None)
        if chosen is None:
            known = "、".join(one.id for one in kept if one.whole) or "无 none"
            raise wrong(place, f"没有这次运行 there is no such run; 有 known: {known}")
        run, beside = store.run(chosen.id)
        inventory = store.inventory()
        cases = written(store.entries()).cases
    before = (one for one in kept if one.taken < chosen.taken and one.id != chosen.id)
    return Found(
        run=run,
        recorded=beside,
        checks={**load_checks(), **beside.checks},
        inventory=inventory,
        earlier=tuple(trend(before)),
        repairs=tuple(one.repair for one in cases.values()),
    )


def trend(kept: Iterable[Kept]) -> Iterable[Earlier]:
    """Points of the trend from what the list of runs says; one that says too little is left out."""
    for one in kept:
        told = one.summary
        if isinstance(told.get("floor"), int | float) and isinstance(
            told.get("ceiling"), int | float
        ):
            yield Earlier(
                id=one.id,
                taken=one.taken,
                floor=float(told["floor"]),
                ceiling=float(told["ceiling"]),
                failed=int(told.get("failed", 0)),
                unknown=int(told.get("unknown", 0)),
                high_risks=int(told.get("high_risks", 0)),
            )


def from_evidence(
    folder: Path,
    inventory: Inventory | None,
    *,
    catalog: Catalog,
    yardsticks: Yardsticks,
    now: float,
    level: int,
    mine: Callable[[Sequence[Evidence]], list[Evidence]] = list,
) -> Found:
    """Evidence that is judged now; `mine` leaves out other systems'. Raises DataError."""
    evidence, checks = mine(list(gathered(folder))), load_checks()
    run = assess(
        catalog=catalog,
        checks=checks,
        targets=targets(evidence, inventory),
        evidence=evidence,
        scoring=yardsticks.scoring,
        aggregation=yardsticks.aggregation,
        now=now,
        level=level,
    )
    return Found(run=run, recorded=Recorded(), checks=checks)


def read_bytes(path: Path) -> bytes:
    """A file that is not too large. Raises DataError, OSError."""
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise wrong(str(path), "文件超过 256 MiB larger than 256 MiB")
    return data


def read_json(path: Path) -> Any:
    """A JSON file. Raises DataError."""
    try:
        return json.loads(read_bytes(path))
    except (ValueError, RecursionError) as error:
        raise wrong(str(path), f"不是 JSON is no JSON: {str(error)[:120]}") from error


def wrong(file: str, message: str, remedy: str = "") -> DataError:
    """One problem as the error that is shown for it."""
    return DataError([Problem(file=file, line=1, column=1, message=message, remedy=remedy)])
