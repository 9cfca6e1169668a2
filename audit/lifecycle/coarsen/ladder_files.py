"""Ladders from their files, and which of them climbs which column. A door: it reads files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.lifecycle.coarsen.ladder import HIDE, Ladder
from rules.load import DataError, Problem, load, load_folder
from rules.recognise.personal.kinds import Kind

LADDERS = Path(__file__).parent.parent / "ladders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """An officer's own file: column → ladder."""

    columns: dict[str, Ladder]


def load_ladders(folder: Path = LADDERS) -> dict[str, Ladder]:
    """The shipped ladders, proved by their examples. Raises DataError."""
    return {HIDE.id: HIDE, **load_folder(Ladder, folder)}


def load_own(path: Path) -> dict[str, Ladder]:
    """The ladders of a file. Raises DataError."""
    return dict(load(Own, path).columns)


def chosen(
    columns: Mapping[str, str],
    kinds: Mapping[str, Kind | None],
    shipped: Mapping[str, Ladder],
    own: Mapping[str, Ladder],
) -> Sequence[Ladder]:
    """The ladder of each column: the officer's, the one named, that of its kind, or `hide`."""
    found: list[Ladder] = []
    for column, name in columns.items():
        if column in own:
            found.append(own[column])
        elif name and name not in shipped:
            remedy = ", ".join(sorted(shipped))
            raise DataError(
                [Problem(file=f"--quasi {column}:{name}", line=1, column=1,
                         message="没有这个阶梯 no such ladder", remedy=remedy)]
            )  # fmt: skip
        elif name:
            found.append(shipped[name])
        else:
            kind = kinds.get(column)
            found.append(
                next((one for one in shipped.values() if kind and kind in one.kinds), HIDE)
            )
    return found
