"""The sampling plan: which targets of many alike are examined; the same seed, the same plan.

Strata are (system, kind, platform). What is reachable from the internet is always taken, the
rest in the order of a keyed hash, so a plan can be checked by anybody and a target that joins
later does not reshuffle the others. Pure, but for reading our own table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from audit.model import Target
from rules.load import load
from rules.model import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    up_to: int
    take: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Sizes of samples by sizes of strata."""

    id: str
    status: Status
    note: str
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        sizes = [row.up_to for row in self.rows]
        if not sizes or sizes != sorted(set(sizes)) or any(row.take < 1 for row in self.rows):
            raise ValueError("rows must grow, and take at least 1")

    def size(self, population: int) -> int:
        row = next((row for row in self.rows if population <= row.up_to), self.rows[-1])
        return min(population, row.take)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was chosen, of how many, with which seed."""

    seed: int
    table: str
    chosen: tuple[str, ...]
    strata: tuple[tuple[str, int, int], ...]  # name, population, taken


@cache
def table() -> Table:
    return load(Table, Path(__file__).with_name("sampling.yaml"))


def sample(targets: Iterable[Target], seed: int, sizes: Table | None = None) -> Plan:
    """The targets to examine. `count` of a target says how many are like it."""
    chosen_table = sizes or table()
    strata: dict[str, list[Target]] = {}
    for target in targets:
        name = f"{target.system}/{target.kind}/{target.platform or '-'}"
        strata.setdefault(name, []).append(target)
    chosen: list[str] = []
    rows = []
    for name, members in sorted(strata.items()):
        population = sum(max(1, one.count) for one in members)
        wanted = chosen_table.size(population)
        always = [one.id for one in members if one.exposed]
        rest = sorted((one.id for one in members if not one.exposed), key=lambda i: _rank(seed, i))
        taken = sorted(always + rest[: max(0, wanted - len(always))])
        chosen += taken
        rows.append((name, population, len(taken)))
    return Plan(seed=seed, table=chosen_table.id, chosen=tuple(chosen), strata=tuple(rows))


def _rank(seed: int, name: str) -> bytes:
    return sha256(f"{seed}\0{name}".encode()).digest()
