"""Discovery measured: columns right and wrong against gold, cells a second, in one run.

    python -m bench.discover [URL of an empty database] [pupils]

Without a URL a SQLite file is made. Precision and recall are by column: a kind is right where it
is the gold kind of that column. Generator and lexicon share an author, so these are upper bounds.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from audit.lifecycle.databases import Database, identity
from audit.lifecycle.discover import discover
from audit.lifecycle.inventory import dumps
from audit.lifecycle.knowledge import digest, load_judge
from audit.lifecycle.model import Address, Inventory
from bench import district


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    right: int
    wrong: int
    missed: int
    columns: int
    mixed_right: int
    mixed_wrong: int
    mixed_missed: int
    mistakes: tuple[str, ...]

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)


def compare(inventory: Inventory) -> Figures:
    """Judged columns beside the gold."""
    gold = district.gold()
    right = wrong = missed = columns = mixed_right = mixed_wrong = mixed_missed = 0
    mistakes: list[str] = []
    for table in inventory.tables:
        for one in table.columns:
            wanted = gold.get((table.name, one.at.column))
            if wanted is None:
                continue
            columns += 1
            kind, mixed = wanted
            right += one.kind is not None and one.kind == kind
            wrong += one.kind is not None and one.kind != kind
            missed += kind is not None and one.kind != kind
            found = frozenset(one.mixed)
            mixed_right += len(found & mixed)
            mixed_wrong += len(found - mixed)
            mixed_missed += len(mixed - found)
            if one.kind != kind or found != mixed:
                mistakes.append(
                    f"{table.name}.{one.at.column}: {one.kind} {[*one.mixed]}, gold {kind} {[*mixed]}"  # noqa: E501
                )
    return Figures(
        right=right,
        wrong=wrong,
        missed=missed,
        columns=columns,
        mixed_right=mixed_right,
        mixed_wrong=mixed_wrong,
        mixed_missed=mixed_missed,
        mistakes=tuple(mistakes),
    )


def cells_a_second(rows: int = 4000) -> float:
    """Cells judged per second of processor time, on the pupils' table."""
    table = next(one for one in district.TABLES if one.name == "students")
    made = list(table.rows(district.People(random.randint(1, 9)), rows))
    judge = load_judge()
    began = time.process_time()
    for place, (name, _, _) in enumerate(table.columns):
        judge.column(
            Address(source="", table="students", column=name), [row[place] for row in made]
        )
    return rows * len(table.columns) / (time.process_time() - began)


def bare(pupils: int = 300) -> tuple[int, int, int]:
    """(right, wrong, missed) where every header is meaningless: what values say alone."""
    judge = load_judge()
    right = wrong = missed = 0
    for place, table in enumerate(district.TABLES):
        count = district.size(table, pupils)
        rows = list(table.rows(district.People(place), count))
        for at, (_, _, said) in enumerate(table.columns):
            kind = said[0] if isinstance(said, tuple) else said
            found = judge.column(
                Address(source="", table="t", column=f"c{at}"), [row[at] for row in rows]
            ).kind
            right += found is not None and found == kind
            wrong += found is not None and found != kind
            missed += kind is not None and found != kind
    return right, wrong, missed


def run(url: str, pupils: int) -> tuple[Figures, float, int]:
    rows = district.write(url, pupils)
    began = time.perf_counter()
    with Database(make_url(url)) as source:
        inventory = discover(
            [source], load_judge(), now=0.0, today="2026-11-24", knowledge=digest()
        )
    seconds = time.perf_counter() - began
    dumps(inventory)
    return compare(inventory), seconds, rows


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        url = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{Path(folder) / 'district.db'}"
        pupils = int(sys.argv[2]) if len(sys.argv) > 2 else 2000
        figures, seconds, rows = run(url, pupils)
        print(
            f"{identity(make_url(url))}: {rows} rows, {figures.columns} columns in {seconds:.1f} s"
        )
        print(
            f"columns P {figures.precision:.3f} R {figures.recall:.3f}; mixed kinds right {figures.mixed_right} "  # noqa: E501
            f"wrong {figures.mixed_wrong} missed {figures.mixed_missed}"
        )
        for line in figures.mistakes:
            print("  " + line)
        right, wrong, missed = bare()
        print(f"meaningless headers: right {right} wrong {wrong} missed {missed}")
        print(f"{cells_a_second():,.0f} cells/s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
