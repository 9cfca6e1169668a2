"""How long events are kept: never under the floor, not beyond the ceiling, holds before all.

Deleting goes by days, whole files, and leaves a signed record before the first file
is gone, so that the chain tells what is rightly missing. The plan is pure; `apply` is
the door that signs and deletes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from gateway.ledger import Checkpoint
from gateway.rows import SHANGHAI, SUFFIX
from gateway.seal import KINDS
from rules.load import DataError, Problem, WorldError, load

FLOOR_MONTHS = 6
"""网络安全法 (as amended, in force 2026-01-01) art. 23(3): network logs for at least six
months. Status: secondary (the amended text was read in a reprint)."""

FILE = "retention.yaml"
RECORD = "retention"


class Fate(StrEnum):
    """What becomes of one day."""

    FLOOR = "floor"  # within the floor: cannot be deleted
    KEPT = "kept"  # between floor and ceiling
    HELD = "held"  # past the ceiling, but under legal hold
    DUE = "due"  # past the ceiling: to be deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Days that must not be deleted, whatever their age: an investigation, a dispute."""

    id: str
    first: str
    last: str
    reason: str
    by: str

    def __post_init__(self) -> None:
        if date.fromisoformat(self.first) > date.fromisoformat(self.last):
            raise ValueError(f"hold `{self.id}`: `first` is after `last`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`<data>/retention.yaml`. A floor of less than six months is refused."""

    floor_months: int = FLOOR_MONTHS
    ceiling_days: int = 366
    holds: tuple[Hold, ...] = ()

    def __post_init__(self) -> None:
        if not FLOOR_MONTHS <= self.floor_months <= 120:
            raise ValueError(f"floor_months: {self.floor_months} is not between 6 and 120")
        if self.ceiling_days < self.floor_months * 31:
            raise ValueError("ceiling_days: the ceiling is below the floor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day's files and their fate."""

    day: str
    fate: Fate
    files: tuple[Path, ...]
    hold: str = ""


def read_retention(path: Path) -> Retention:
    """The rules in force; the defaults where there is no file. Raises DataError."""
    if not path.exists():
        return Retention()
    try:
        return load(Retention, path)
    except ValueError as error:
        problem = Problem(file=str(path), line=1, column=1, message=str(error))
        raise DataError([problem]) from error


def months_before(today: date, months: int) -> date:
    """The same day so many months ago, or the last one of that month."""
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    for back in range(4):
        with suppress(ValueError):
            return date(year, month + 1, today.day - back)
    raise ValueError(f"{today} has no day {months} months before")


def too_early(day: str, at: float, months: int = FLOOR_MONTHS) -> bool:
    """Was deleting `day` at the Unix second `at` within the floor?"""
    today = datetime.fromtimestamp(at, SHANGHAI).date()
    return date.fromisoformat(day) >= months_before(today, months)


def fate(day: str, today: date, rules: Retention) -> tuple[Fate, str]:
    """What becomes of a day, and the hold that keeps it."""
    when = date.fromisoformat(day)
    if when >= months_before(today, rules.floor_months):
        return Fate.FLOOR, ""
    if (today - when).days <= rules.ceiling_days:
        return Fate.KEPT, ""
    for hold in rules.holds:
        if date.fromisoformat(hold.first) <= when <= date.fromisoformat(hold.last):
            return Fate.HELD, hold.id
    return Fate.DUE, ""


def plan(files: Mapping[str, Sequence[Path]], today: date, rules: Retention) -> list[Day]:
    """Every day with files, oldest first."""
    found = []
    for day in sorted(files):
        decided, hold = fate(day, today, rules)
        found.append(Day(day=day, fate=decided, files=tuple(files[day]), hold=hold))
    return found


def day_files(folder: Path) -> dict[str, list[Path]]:
    """Event files by day, damaged ones moved aside too."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}*")):
        stem = path.name.partition(SUFFIX)[0]
        with suppress(ValueError):
            date.fromisoformat(day := stem[-10:])
            found.setdefault(day, []).append(path)
    return found


def apply(
    days: Iterable[Day],
    *,
    sign: Callable[[str, dict[str, Any]], Checkpoint],
    segments: Mapping[str, Iterable[str]],
    rules: Retention,
    by: str,
    reason: str,
) -> list[tuple[Day, Checkpoint]]:
    """Sign, then delete, each due day. `segments` are the file names the chain knows, by day.

    Raises WorldError where a record cannot be signed: then that day stays.
    """
    done = []
    for one in days:
        if one.fate is not Fate.DUE:
            continue
        rows, named = _counted(one.files)
        record = {
            "day": one.day,
            "segments": sorted(named | set(segments.get(one.day, ()))),
            "files": [path.name for path in one.files],
            "rows": rows,
            "bytes": sum(path.stat().st_size for path in one.files),
            "why": reason,
            "by": by,
            "floor_months": rules.floor_months,
            "ceiling_days": rules.ceiling_days,
        }
        checkpoint = sign(RECORD, record)
        logs = [p.with_name(p.name + end) for p in one.files for end in ("-wal", "-shm")]
        for path in (*logs, *one.files):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise WorldError(f"{path}: {error.strerror}; repeat the command") from error
        done.append((one, checkpoint))
    return done


def _counted(files: Iterable[Path]) -> tuple[dict[str, int], set[str]]:
    """Rows by kind, and the names in the ledger, of all files that read."""
    rows: dict[str, int] = {}
    names: set[str] = set()
    for path in files:
        if not path.name.endswith(SUFFIX):
            continue
        with suppress(sqlite3.Error):
            address = f"{path.absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(address, uri=True)) as connection:
                for kind in KINDS:
                    count = connection.execute(f'SELECT count(*) FROM "{kind}"').fetchone()  # noqa: S608
                    rows[kind] = rows.get(kind, 0) + int(count[0])
                names |= {str(row[0]) for row in connection.execute("SELECT id FROM segments")}
    return rows, names
