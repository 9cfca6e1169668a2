"""What a build did: rows, bad lines, refusals, collisions. Values and their JSON form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from rules.importers.rows import BadLine, Rows
from rules.sources import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReport:
    """One list: counts are complete, `samples` are not. `stale`: its last good copy is used."""

    id: str
    rows: int = 0
    bad: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    samples: tuple[BadLine, ...] = ()
    refused: str = ""
    stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collision:
    """A help host that other lists name too. Help wins."""

    host: str
    help: str
    others: tuple[str, ...]
    harmful: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildReport:
    """A build. `kept`: a refused list had no good copy, so the RuleBase in force stays."""

    hash: str = ""
    inputs: str = ""
    path: Path | None = None
    rebuilt: bool = False
    kept: bool = False
    rows: int = 0
    sets: int = 0
    seconds: float = 0.0
    lists: tuple[ListReport, ...] = ()
    collisions: tuple[Collision, ...] = ()

    @property
    def bad(self) -> int:
        """Bad lines of all lists."""
        return sum(one.bad for one in self.lists)

    @property
    def refused(self) -> Mapping[str, str]:
        """Refused lists and why."""
        return {one.id: one.refused for one in self.lists if one.refused}

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, default=str)

    @classmethod
    def from_json(cls, text: str, path: Path) -> Self:
        """Raises ValueError, KeyError or TypeError for what `to_json` did not write."""
        value: dict[str, Any] = json.loads(text)
        lists = tuple(
            ListReport(
                **{
                    **one,
                    "unmapped": tuple(one["unmapped"]),
                    "samples": tuple(BadLine(**sample) for sample in one["samples"]),
                }
            )
            for one in value["lists"]
        )
        collisions = tuple(
            Collision(**{**one, "others": tuple(one["others"])}) for one in value["collisions"]
        )
        return cls(**{**value, "path": path, "lists": lists, "collisions": collisions})


def list_report(source: Source, rows: Rows) -> ListReport:
    """The report of a list that was read."""
    tally = rows.tally
    return ListReport(
        id=source.id,
        rows=tally.rows,
        bad=tally.bad,
        reasons=dict(tally.reasons),
        skipped=dict(tally.skipped),
        unmapped=tuple(sorted(tally.unmapped)),
        notes=dict(tally.notes),
        samples=tuple(tally.samples),
    )
