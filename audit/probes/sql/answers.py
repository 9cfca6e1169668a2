"""What became of the queries: rows, or why there are none. Values, and how facts read them.

Every database has its own case of column names and its own words for yes; here they become
one. A query that failed has no rows, and no fact may be made of it: `rows` says None then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

type Row = Mapping[str, Any]

MAX_CELL = 4096
YES = frozenset("1 y yes t true on enabled enable ok".split())  # noqa: SIM905
NO = frozenset("0 n no f false off disabled disable".split())  # noqa: SIM905


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One query's rows; `why` (denied, timeout, failed, not-run) where there are none."""

    rows: tuple[Row, ...] = ()
    why: str = ""
    detail: str = ""
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """The replies to one platform's list, by query. `gaps`: what facts could not be made of."""

    found: Mapping[str, Reply]
    gaps: list[dict[str, str]] = field(default_factory=list)

    def rows(self, *names: str) -> tuple[Row, ...] | None:
        """The rows of the first of these queries that succeeded; None where none did."""
        for name in names:
            reply = self.found.get(name)
            if reply is not None and not reply.why:
                return reply.rows
        return None

    def lack(self, path: str, detail: str, why: str = "denied") -> None:
        """Say that a place of the document could not be seen."""
        self.gaps.append({"path": path, "why": why, "detail": detail})


def reply(rows: Iterable[Mapping[Any, Any]], *, limit: int) -> Reply:
    """Rows as values: lower-case names, long texts cut, at most `limit` of them."""
    found: list[Row] = []
    cut = False
    for row in rows:
        if len(found) >= limit:
            cut = True
            break
        found.append({str(name).strip().lower()[:80]: plain(one) for name, one in row.items()})
    return Reply(rows=tuple(found), cut=cut)


def plain(value: Any) -> Any:
    """A JSON value of what a driver or a CSV gave."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if abs(value) < 1e300 else None  # NaN and infinity are no JSON
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value[:MAX_CELL]).decode("utf-8", "replace")
    if isinstance(value, list | tuple):
        return [plain(one) for one in value[:1000]]
    return str(value)[:MAX_CELL]


def text(row: Row, name: str) -> str:
    """A cell as text; "" for none."""
    value = row.get(name)
    return "" if value is None else str(value).strip()


def yes(value: Any) -> bool | None:
    """Yes or no in any database's words; None for anything else."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    return True if word in YES else False if word in NO else None


def integer(value: Any) -> int | None:
    """A whole number out of a cell; None for anything else."""
    try:
        return int(float(str(value).strip()[:40]))
    except (ValueError, OverflowError):
        return None


def number(value: Any) -> float | None:
    try:
        found = float(str(value).strip()[:40])
    except ValueError:
        return None
    return found if abs(found) < 1e18 else None


def scalar(value: Any) -> Any:
    """A setting's value: on and off become true and false, digits a number, the rest is text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    word = str(value).strip()
    lowered = word.lower()
    if lowered in ("on", "yes", "true", "enabled"):
        return True
    if lowered in ("off", "no", "false", "disabled"):
        return False
    if word.lstrip("-").isascii() and word.lstrip("-").isdigit() and len(word) < 18:
        return int(word)
    return word


def names(rows: Iterable[Row], *columns: str) -> list[str]:
    """Cells joined by a dot, sorted, each once."""
    return sorted({".".join(text(row, column) for column in columns) for row in rows})
