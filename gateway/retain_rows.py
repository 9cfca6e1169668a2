"""Retention in a database that holds many days (PostgreSQL): seal by seal, signed first.

Day files go as a whole; here a seal is the smallest thing that can go without the others
losing their proof. It belongs to the day on which the signer signed it, by the signer's
clock, which nobody else sets. Of a seal that goes, traces and policy documents stay while
a younger row names them. The plan is pure; `apply_rows` is the door that signs and deletes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from gateway.database import Failure, connect, dispose, trouble
from gateway.findings import Claims
from gateway.ledger import Checkpoint
from gateway.retain import RECORD, Fate, Retention, fate
from gateway.rows import day_of


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDay:
    """The seals that were signed on one day, and their fate."""

    day: str
    fate: Fate
    seals: tuple[int, ...]
    rows: Mapping[str, int]
    hold: str = ""


def plan_rows(claim: Claims, today: date, rules: Retention) -> list[SealedDay]:
    """Every day with seals that were not deleted before, oldest first.

    The seal of the newest events stays: their ids say where the writer goes on.
    """
    newest = max((n for n, (part, _) in claim.seals.items() if "events" in part.kinds), default=-1)
    seals: dict[str, list[int]] = {}
    rows: dict[str, dict[str, int]] = {}
    for number in sorted(set(claim.seals) - set(claim.dropped) - {newest}):
        part, checkpoint = claim.seals[number]
        day = day_of(checkpoint.time)
        seals.setdefault(day, []).append(number)
        sums = rows.setdefault(day, {})
        for kind, sealed in part.kinds.items():
            sums[kind] = sums.get(kind, 0) + sealed.count
    found = []
    for day in sorted(seals):
        decided, hold = fate(day, today, rules)
        found.append(
            SealedDay(day=day, fate=decided, seals=tuple(seals[day]), rows=rows[day], hold=hold)
        )
    return found


def ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as closed ranges."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def apply_rows(
    url: str,
    days: Sequence[SealedDay],
    *,
    segment: str,
    claim: Claims,
    sign: Callable[[str, dict[str, Any]], Checkpoint],
    rules: Retention,
    by: str,
    reason: str,
) -> list[tuple[SealedDay, Checkpoint]]:
    """Sign, then delete, each due day; what was signed before and not deleted, too.

    Raises WorldError where a record cannot be signed (then that day stays) or the
    database fails (then repeat: what is signed is deleted by the next call).
    """
    done = []
    for one in days:
        if one.fate is not Fate.DUE:
            continue
        record = {
            "day": one.day,
            "segments": [],
            "seals": {segment: [list(pair) for pair in ranges(one.seals)]},
            "rows": dict(one.rows),
            "why": reason,
            "by": by,
            "floor_months": rules.floor_months,
            "ceiling_days": rules.ceiling_days,
        }
        done.append((one, sign(RECORD, record)))
    gone = sorted({*claim.dropped, *(seal for one, _ in done for seal in one.seals)})
    if gone:
        try:
            connection = connect(url)
            try:
                with connection.begin():
                    _delete(connection, claim, gone)
            finally:
                dispose(connection)
        except Failure as error:
            raise trouble(error) from error
    return done


def segment_of(url: str) -> str:
    """What this database is called in the ledger; empty where nothing was stored."""
    try:
        connection = connect(url)
        try:
            if not connection.dialect.has_table(connection, "segments"):
                return ""
            return str(connection.execute(text("SELECT id FROM segments")).scalar() or "")
        finally:
            dispose(connection)
    except Failure as error:
        raise trouble(error) from error


def _delete(connection: Connection, claim: Claims, gone: Sequence[int]) -> None:
    """The rows of these seals, within one transaction."""
    if connection.dialect.name == "postgresql":
        # a writer that is about to name an old trace waits, and then stores it anew
        connection.execute(text("LOCK TABLE traces, snapshots IN SHARE ROW EXCLUSIVE MODE"))
    events = [
        claim.seals[n][0].kinds["events"] for n in gone if "events" in claim.seals[n][0].kinds
    ]
    for first, last in _joined((one.first, one.last) for one in events):
        _run(connection, "DELETE FROM events WHERE id BETWEEN :a AND :b", first, last)
    spans = ranges(gone)
    for first, last in spans:
        for kind in ("aggregates", "ends"):
            _run(connection, f"DELETE FROM {kind} WHERE seal BETWEEN :a AND :b", first, last)  # noqa: S608
    for first, last in spans:
        _run(connection, _TRACES, first, last)
    for first, last in spans:
        _run(connection, _SNAPSHOTS, first, last)
    for first, last in spans:
        _run(connection, _SEALS, first, last)


def _run(connection: Connection, statement: str, first: int, last: int) -> None:
    connection.execute(text(statement), {"a": first, "b": last})


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans of ids, those that adjoin joined."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and found[-1][1] >= first - 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


_TRACES = """DELETE FROM traces WHERE seal BETWEEN :a AND :b
AND id NOT IN (SELECT trace FROM events) AND id NOT IN (SELECT trace FROM aggregates)"""

_SNAPSHOTS = """DELETE FROM snapshots WHERE seal BETWEEN :a AND :b
AND hash NOT IN (SELECT snapshot FROM events) AND hash NOT IN (SELECT snapshot FROM aggregates)
AND hash NOT IN (SELECT snapshot FROM traces)"""

# the newest seal, and the last of the events, say where the writer goes on
_SEALS = """DELETE FROM seals WHERE seal BETWEEN :a AND :b
AND seal < (SELECT max(seal) FROM seals) AND last < (SELECT max(last) FROM seals)
AND NOT (kind = 'traces' AND seal IN (SELECT seal FROM traces))
AND NOT (kind = 'snapshots' AND seal IN (SELECT seal FROM snapshots))"""
