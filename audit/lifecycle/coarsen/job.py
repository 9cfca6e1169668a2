"""From a table to a file in which everybody has company: read, search, write, check, publish.

The file is written beside its place, read again from the disk and weighed by
`audit.lifecycle.risk`, which knows nothing of the search; only what holds there gets its name.
Columns that are neither quasi-identifier, sensitive nor named are not written. A door.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from audit.lifecycle.coarsen import utility
from audit.lifecycle.coarsen.coded import (
    Codes,
    Column,
    Reading,
    Rungs,
    TooManyError,
    climbed,
    nested,
)
from audit.lifecycle.coarsen.ladder import TOP, Ladder
from audit.lifecycle.coarsen.lattice import MOST_CHECKS, Search, number
from audit.lifecycle.coarsen.local import Cutting, labels
from audit.lifecycle.coarsen.wanted import Sensitive, Wanted, order_of
from audit.lifecycle.grouping import Groups
from audit.lifecycle.mask import Family
from audit.lifecycle.mask_formats import BATCH, CsvWriter, Head, JsonWriter, Writer, full
from audit.lifecycle.mask_job import digest_of
from audit.lifecycle.mask_sheets import ParquetWriter, XlsxWriter
from audit.lifecycle.risk import Report, weigh
from audit.lifecycle.risk_source import Opened, of_file, wrong
from rules.model import Text

ROUNDED = 5e-5  # figures of a Report have four digits
WRITERS: dict[str, Callable[[Path], Writer]] = {
    ".csv": CsvWriter,
    ".tsv": lambda path: CsvWriter(path, "\t"),
    ".jsonl": JsonWriter,
    ".xlsx": XlsxWriter,
    ".parquet": lambda path: ParquetWriter(path, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done to which columns."""

    quasi: Sequence[str]
    ladders: Sequence[Ladder]
    sensitive: Sequence[str]
    keep: Sequence[str]
    direct: Sequence[str]  # columns that identify by themselves: never written
    wanted: Wanted
    local: bool = False
    seed: int = 0
    most: int = MOST_CHECKS
    population: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of it. `report` is of the file that was written."""

    published: bool
    method: str  # full-domain, local
    choice: tuple[str, ...] = ()  # column: how it is told
    proved: bool = False
    checked: int = 0
    choices: int = 0
    utility: utility.Utility | None = None
    left_out: tuple[str, ...] = ()
    sha256: str = ""
    report: Report | None = None
    why: Text | None = None
    seed: int = 0
    wanted: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recoded:
    """New labels: of each quasi-identifier names, and a code a row; which rows stay as they are."""

    names: tuple[Sequence[str], ...]
    codes: tuple[Codes, ...]
    kept: Codes
    starred: bool
    loss: tuple[float, ...]
    told: tuple[str, ...]
    proved: bool
    checked: int
    choices: int


def enforce(source: Opened, task: Task, out: Path) -> Done:
    """The file `out`, or why there is none. Raises DataError and WorldError."""
    if out.suffix.lower() not in WRITERS:
        raise wrong(out.name, "不支持的格式 not a format that is written", " ".join(WRITERS))
    quasi, rungs, others = _read(source, task)
    sensitive = others[: len(task.sensitive)]
    rows = len(quasi[0].codes)
    method = "local" if task.local else "full-domain"
    left = tuple(
        one for one in source.columns if one not in (*task.quasi, *task.sensitive, *task.keep)
    )
    basis = Done(
        published=False, method=method, left_out=left, seed=task.seed, wanted=_told(task.wanted)
    )
    made = _recoded(quasi, rungs, sensitive, task)
    if made is None:
        return _with(basis, why=_why(rows, sensitive, task.wanted))
    measured = _measure(quasi, made, task)
    basis = _with(basis, choice=made.told, proved=made.proved, checked=made.checked,
                  choices=made.choices, utility=measured)  # fmt: skip
    part = out.with_name(f".{out.stem}.part{out.suffix}")
    try:
        written = _write(part, source, task, quasi, others, made)
        report = weighed(part, task)
        why = faults(report, written, task.wanted, task.sensitive)
        if why is not None:
            return _with(basis, report=report, why=why)
        digest = digest_of(part)
        _synced(part)
        part.replace(out)
    except OSError as error:
        raise full(error) from None
    finally:
        part.unlink(missing_ok=True)
    return _with(basis, published=True, report=report, sha256=digest)


def _with(done: Done, **more: Any) -> Done:
    from dataclasses import replace

    return replace(done, **more)


def _told(wanted: Wanted) -> dict[str, Any]:
    return {
        "k": wanted.k, "l": wanted.l, "l_kind": "entropy" if wanted.entropy else "distinct",
        "t": wanted.t, "most_suppressed": wanted.most_suppressed,
        "suppress": "cells" if wanted.cells else "records",
    }  # fmt: skip


def _read(
    source: Opened, task: Task
) -> tuple[tuple[Column, ...], tuple[Rungs, ...], tuple[Column, ...]]:
    listed = (*task.quasi, *task.sensitive, *task.keep)
    if len(set(listed)) != len(listed):
        raise wrong("--quasi", "同一列不能有两种角色 a column has one role only")
    reading = Reading(listed)
    try:
        for batch in source.batches(listed):
            reading.add(batch)
    except TooManyError as error:
        raise wrong(source.name, str(error)) from None
    columns = reading.columns()
    climbs = [
        climbed(column, ladder)
        for column, ladder in zip(columns[: len(task.quasi)], task.ladders, strict=True)
    ]
    bent = [rungs.name for _, rungs in climbs if not nested(rungs)]
    if bent:
        raise wrong(", ".join(bent), "阶梯的级不相套 the rungs of the ladder are not nested")
    return (
        tuple(column for column, _ in climbs),
        tuple(rungs for _, rungs in climbs),
        columns[len(task.quasi) :],
    )


def _sensitive(column: Column) -> Sensitive:
    return Sensitive(
        name=column.name,
        size=len(column.values),
        empty=column.values.index("") if "" in column.values else -1,
        place=order_of(column.values),
    )


def _recoded(
    quasi: Sequence[Column], rungs: Sequence[Rungs], sensitive: Sequence[Column], task: Task
) -> _Recoded | None:
    codes = [one.codes for one in quasi]
    beside = [one.codes for one in sensitive]
    columns = [_sensitive(one) for one in sensitive]
    try:
        search = Search(codes, beside, rungs, columns, task.wanted)
        return (
            _locally(search, quasi, beside, columns, task)
            if task.local
            else _fully(search, codes, task)
        )
    except OverflowError:
        raise wrong("--quasi", "组合过多 too many combinations of rungs",
                    "--method local, or fewer columns") from None  # fmt: skip


def _fully(search: Search, codes: Sequence[Codes], task: Task) -> _Recoded | None:
    found = search.best(task.most)
    if found is None:
        return None
    chosen = [one.maps[rung] for one, rung in zip(search.rungs, found.choice, strict=True)]
    labelled = [one[own] for one, own in zip(chosen, codes, strict=True)]
    group, _ = number(labelled)
    return _Recoded(
        names=tuple(one.labels[rung] for one, rung in zip(search.rungs, found.choice, strict=True)),
        codes=tuple(labelled),
        kept=_alive(group, found.held.alive),
        starred=found.held.starred,
        loss=tuple(
            float(one.loss[rung][label].mean())
            for one, rung, label in zip(search.rungs, found.choice, labelled, strict=True)
        ),
        told=tuple(
            f"{one.name}: {rung}/{one.height - 1}"
            for one, rung in zip(search.rungs, found.choice, strict=True)
        ),
        proved=found.proved,
        checked=found.checked,
        choices=found.choices,
    )


def _alive(group: Any, alive: Any) -> Codes:
    """Groups are numbered in the order of their labels, counted from rows or from groups alike."""
    if int(group.max()) + 1 != len(alive):
        raise RuntimeError("the groups of the rows are not those that were judged")
    return np.asarray(alive[group], np.int32)


def _locally(
    search: Search, quasi: Sequence[Column], beside: Sequence[Codes],
    columns: Sequence[Sensitive], task: Task,
) -> _Recoded | None:  # fmt: skip
    parts = Cutting(search.bottom, search.rungs, columns, task.wanted).cut()
    if parts is None:
        return None
    key, size = number([*(one.codes for one in quasi), *beside])
    part_of = np.zeros(size, np.int64)
    bottom, _ = number([*search.bottom.codes, *search.bottom.sensitive])
    part_of[bottom] = parts.part
    rows = part_of[key]
    names: list[Sequence[str]] = []
    codes: list[Codes] = []
    for told in labels(parts, search.rungs, [one.values for one in quasi]):
        known: dict[str, int] = {}
        place = np.array([known.setdefault(one, len(known)) for one in told], np.int32)
        names.append(tuple(known))
        codes.append(place[rows])
    return _Recoded(
        names=tuple(names), codes=tuple(codes), kept=np.ones(len(rows), np.int32), starred=False,
        loss=tuple(float(one[rows].mean()) for one in parts.losses),
        told=tuple(f"{one.name}: {len(name)}" for one, name in zip(quasi, names, strict=True)),
        proved=False, checked=parts.checked, choices=0,
    )  # fmt: skip


def _measure(quasi: Sequence[Column], made: _Recoded, task: Task) -> utility.Utility:
    kept = made.kept.astype(bool)
    rows = len(kept)
    gone = int(rows - kept.sum())
    group, size = number([one[kept] for one in made.codes])
    sizes = np.bincount(group, minlength=size)
    return utility.Utility(
        rows=rows,
        suppressed=gone,
        groups=size,
        loss=round(sum(made.loss) / len(made.loss) * (rows - gone) / rows + gone / rows, 6),
        columns=tuple(
            (one.name, told, round(loss, 6))
            for one, told, loss in zip(quasi, made.told, made.loss, strict=True)
        ),
        discernibility=utility.discernibility(sizes, gone, rows),
        class_size=utility.class_size(sizes, task.wanted.k),
        entropy=utility.entropy([one.codes for one in quasi], made.codes, made.kept),
    )


def _write(
    part: Path, source: Opened, task: Task, quasi: Sequence[Column], others: Sequence[Column],
    made: _Recoded,
) -> int:  # fmt: skip
    """Rows in an order of their own, so that the file does not say which row was which."""
    rows = len(made.kept)
    order = np.random.default_rng(task.seed).permutation(rows)
    if not made.starred:
        order = order[made.kept[order] > 0]
    columns: dict[str, tuple[Sequence[str], Codes]] = {
        one.name: (one.values, one.codes) for one in others
    }
    for one, names, codes in zip(quasi, made.names, made.codes, strict=True):
        if made.starred:
            star = names.index(TOP) if TOP in names else len(names)
            codes = np.where(made.kept > 0, codes, star).astype(np.int32)  # noqa: PLW2901
            names = (*names, TOP)  # noqa: PLW2901
        columns[one.name] = (names, codes)
    listed = [name for name in source.columns if name in columns]
    writer = WRITERS[part.suffix.lower()](part)
    try:
        writer.table(
            Head(name="data", columns=tuple(listed), families=(Family.TEXT,) * len(listed)),
            [False] * len(listed),
        )
        for begin in range(0, len(order), BATCH):
            batch = order[begin : begin + BATCH]
            writer.write(
                [
                    [columns[name][0][code] for code in columns[name][1][batch].tolist()]
                    for name in listed
                ]
            )
    finally:
        writer.close()
    return len(order)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def weighed(path: Path, task: Task) -> Report:
    """The report of the written file, from its bytes."""
    found = of_file(path)
    with Groups(len(task.quasi), task.sensitive) as groups:
        groups.add(_rows(found, (*task.quasi, *task.sensitive)))
        totals = groups.totals()
        return weigh(
            path.name, groups.groups(totals), quasi=task.quasi, totals=totals,
            direct=[one for one in found.columns if one in task.direct],
            wanted=task.wanted.k, population=task.population,
        )  # fmt: skip


def _rows(found: Opened, wanted: Sequence[str]) -> Iterator[Sequence[Any]]:
    if not set(wanted) <= set(found.columns):
        return iter(())
    return found.rows(wanted)


def faults(report: Report, rows: int, wanted: Wanted, sensitive: Sequence[str] = ()) -> Text | None:
    """What the written file lacks; None: nothing. What could not be measured is a fault."""
    if report.rows != rows or not rows:
        return Text(zh="写出的行数不符", en="the file has not the rows that were written")
    if report.direct:
        return Text(zh="含直接标识符", en="it holds direct identifiers")
    if report.k < wanted.k:
        return Text(zh=f"复核 k = {report.k}", en=f"k is {report.k} on reading it again")
    measured = {one.column: one for one in report.diversity}
    unknown = [one for one in sensitive if one not in measured]
    if unknown and (wanted.l > 1 or wanted.t is not None):
        listed = "、".join(unknown)
        return Text(zh=f"{listed} 的取值过多，无法复核", en=f"{listed} can not be checked: unknown")
    for one in measured.values():
        reached = one.l_entropy if wanted.entropy else one.l_distinct
        if wanted.l > 1 and one.l_distinct and reached < wanted.l - ROUNDED:
            return Text(zh=f"复核 {one.column} 的 l 不足", en=f"l of {one.column} is too small")
        if wanted.t is not None and one.t > wanted.t + ROUNDED:
            return Text(zh=f"复核 {one.column} 的 t 过大", en=f"t of {one.column} is too great")
    return None


def _why(rows: int, sensitive: Sequence[Column], wanted: Wanted) -> Text:
    if rows < wanted.k:
        return Text(zh=f"总共只有 {rows} 行，达不到 k", en=f"there are only {rows} rows")
    few = [one.name for one in sensitive if len([v for v in one.values if v]) < wanted.l]
    return Text(
        zh="全部隐去也达不到要求" + (f"：{'、'.join(few)} 的取值少于 l" if few else ""),
        en="not even with every quasi-identifier hidden"
        + (f": {', '.join(few)} has fewer values than l" if few else ""),
    )
