"""`events verify`: are the rows on disk those that were signed, and is the chain whole?

Everything found is a Finding with its place: day, file, seal, event. A row is
evidence only if a checkpoint with a good signature covers it; a checkpoint only if
anchors do not say otherwise. Reads only. This module is a door: event files or the
database of a URL; keys, chain and anchors come in as values.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from gateway import seal
from gateway.database import Failure, connect, connect_to_read, dispose, trouble
from gateway.findings import Claims, Finding, Report, What, claims
from gateway.gaps import Session, gaps
from gateway.ledger import Chain, Checkpoint, root
from gateway.rows import SUFFIX, day_of
from gateway.seal import SHARED, Part

_DAY = re.compile(r"-(\d{4}-\d{2}-\d{2})" + re.escape(SUFFIX))
ALL_DAYS = ("", "9999")
MOST_SAID = 20  # findings of one seal; the rest are counted


def verify(
    data: Path,
    chain: Chain,
    *,
    url: str = "",
    anchors: int = 0,
    days: tuple[str, str] = ALL_DAYS,
    floor: Callable[[str, float], bool] = lambda _day, _at: False,
    progress: Callable[[str], None] = lambda _text: None,
) -> Report:
    """Hold every row of the days (first, last) against the chain.

    `floor` says whether deleting a day at a moment was too early. Raises nothing for
    what is wrong with the data: that is the report.
    """
    report = Report(checkpoints=len(chain.checkpoints), anchors=anchors)
    for fault in chain.faults:
        report.findings.append(
            Finding(what=What.CHAIN, seq=fault.seq, near=f"{fault.fault}: {fault.detail}")
        )
    claimed, wrong = claims(chain)
    report.findings += wrong
    sessions: list[Session] = []
    met: set[str] = set()
    for place in _places(data, url):
        day = _day(place)
        if day and not days[0] <= day <= days[1]:
            met |= {name for name, claim in claimed.items() if claim.day == day}
            continue
        progress(_name(place))
        _look(place, claimed, report, met, sessions, floor)
    for name, claim in claimed.items():
        if name not in met and (not claim.day or days[0] <= claim.day <= days[1]):
            _gone(name, claim, report, floor)
    report.gaps = gaps(sessions, whole=days == ALL_DAYS and not report.deleted)
    return report


def _places(data: Path, url: str) -> list[Path | str]:
    """Event files, also those moved aside as damaged."""
    if url:
        return [url]
    folder = data / "events"
    return [*sorted(folder.glob(f"*{SUFFIX}")), *sorted(folder.glob(f"*{SUFFIX}.damaged-*Z"))]


def _name(place: Path | str) -> str:
    return place.name if isinstance(place, Path) else "database"


def _day(place: Path | str) -> str:
    found = _DAY.search(place.name) if isinstance(place, Path) else None
    return found[1] if found else ""


def _look(
    place: Path | str,
    claimed: Mapping[str, Claims],
    report: Report,
    met: set[str],
    sessions: list[Session],
    floor: Callable[[str, float], bool],
) -> None:
    """One file: trouble with it is a finding."""
    name, day = _name(place), _day(place)
    try:
        connection = connect(place) if isinstance(place, str) else connect_to_read(place)
        try:
            segment = _segment(connection)
            claim = claimed.get(segment, Claims(day=day, seals={}))
            if segment and segment in met:
                report.findings.append(
                    Finding(what=What.FILE, day=day, file=name, near="重复 / a copy of another")
                )
                return
            met.add(segment)
            report.files += 1
            _File(connection, name, day or claim.day, claim, report, floor).check()
            sessions += _sessions(connection)
        finally:
            dispose(connection)
    except Failure as error:
        report.findings.append(
            Finding(what=What.FILE, day=day, file=name, near=str(trouble(error)))
        )


def _segment(connection: Connection) -> str:
    if not connection.dialect.has_table(connection, "segments"):
        return ""
    row = connection.execute(text("SELECT id FROM segments")).first()
    return str(row[0]) if row else ""


class _File:
    """The rows of one file against what was signed of it."""

    def __init__(
        self,
        connection: Connection,
        name: str,
        day: str,
        claim: Claims,
        report: Report,
        floor: Callable[[str, float], bool],
    ) -> None:
        self.floor = floor
        self.connection = connection
        self.name = name
        self.day = day
        self.claim = claim
        self.report = report

    def check(self) -> None:
        """Every seal, then what no seal covers."""
        self._numbers()
        last = 0
        for number in sorted(self.claim.seals):
            part, checkpoint = self.claim.seals[number]
            gone = self.claim.dropped.get(number)
            for kind in seal.KINDS:
                if gone is None:
                    self._seal(kind, part, checkpoint)
                else:
                    self._dropped(kind, part, checkpoint)
            if gone is not None and self.floor(day_of(checkpoint.time), gone.time):
                self._find(What.DELETED_EARLY, number, seq=gone.seq)
            events = part.kinds.get("events")
            if events:
                self._between(last + 1, events.first - 1, number)
                last = events.last
        self._open(last, max(self.claim.seals, default=-1))

    def _numbers(self) -> None:
        numbers = sorted(self.claim.seals)
        for wanted, number in enumerate(numbers):
            if wanted != number:
                self._find(What.SEAL, wanted, near="检查点缺少此封 / no checkpoint for this seal")
                return

    def _seal(self, kind: str, part: Part, checkpoint: Checkpoint) -> None:
        signed = part.kinds.get(kind)
        stored = self._stored(kind, part.seal)
        columns = stored[0] if stored else seal.columns_of(kind)
        statement = seal.statement(kind, columns, signed, part.seal)
        if signed is None:
            if kind == "events":
                return
            rows = self._rows(statement)
            for row in rows[:MOST_SAID]:
                self._find(What.INSERTED, part.seal, kind=kind, near=_short(row))
            return
        try:
            found = seal.hashes(self.connection, kind, columns, statement, checkpoint.digest)
        except sqlite3.OperationalError:
            found = seal.hashed(kind, columns, self._rows(statement), checkpoint.digest)
        self.report.rows[kind] = self.report.rows.get(kind, 0) + len(found) - 1
        if root(found, checkpoint.digest).hex() != signed.root:
            rows = self._rows(statement)
            self._blame(kind, part.seal, signed, stored, columns, rows, found)

    def _dropped(self, kind: str, part: Part, checkpoint: Checkpoint) -> None:
        """A seal that was deleted on record: what is left of it must be what was signed."""
        signed = part.kinds.get(kind)
        stored = self._stored(kind, part.seal)
        columns = stored[0] if stored else seal.columns_of(kind)
        if signed is None and kind == "events":
            return
        rows = self._rows(seal.statement(kind, columns, signed, part.seal))
        if kind != "events":
            rows = sorted(rows, key=lambda row: seal.packed([row])[0])  # as they are hashed
        leaves = stored[1] if stored else b""
        kept = {leaves[start : start + 32] for start in range(0, len(leaves), 32)}
        left = seal.hashed(kind, columns, rows, checkpoint.digest)[1:]
        held = kind in SHARED and stored is not None and _root_of(leaves, checkpoint, signed)
        for hashed, row in zip(left, rows, strict=True):
            if not held or hashed not in kept:
                near = "已删的封里 / in a seal that was deleted"
                self._find(What.INSERTED, part.seal, kind=kind, near=near + " " + _short(row))
        if signed is not None:
            self.report.deleted += max(signed.count - len(rows), 0)
            if rows:
                self.report.rows[kind] = self.report.rows.get(kind, 0) + len(rows)

    def _stored(self, kind: str, number: int) -> tuple[tuple[str, ...], bytes, bytes] | None:
        """Columns, leaves and root as the file tells them; None where it does not."""
        rows = self._rows(
            f"SELECT columns, leaves, root FROM seals WHERE seal = {int(number)} "  # noqa: S608
            f"AND kind = '{kind}'"
        )
        try:
            columns = tuple(map(str, json.loads(rows[0][0])))
            return columns, bytes(rows[0][1]), bytes(rows[0][2])
        except (IndexError, ValueError, TypeError):
            return None

    def _rows(self, statement: str) -> list[Sequence[Any]]:
        try:
            return seal.fetched(self.connection, statement)
        except sqlite3.OperationalError as error:
            driver = self.connection.connection.driver_connection
            if "decode" not in str(error) or not isinstance(driver, sqlite3.Connection):
                raise
            driver.text_factory = _text
            try:
                return seal.fetched(self.connection, statement)
            finally:
                driver.text_factory = str

    def _blame(
        self,
        kind: str,
        number: int,
        signed: seal.Sealed,
        stored: tuple[tuple[str, ...], bytes, bytes] | None,
        columns: Sequence[str],
        rows: list[Sequence[Any]],
        found: Sequence[bytes],
    ) -> None:
        """Say which rows differ, by the hashes kept beside them, if those are the signed ones."""
        leaves = stored[1] if stored else b""
        kept = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
        if not kept or root(kept).hex() != signed.root or kept[0] != found[0]:
            near = f"已签 signed {signed.count} 行 rows, 现有 found {len(rows)}"
            self._find(What.SEAL, number, kind=kind, near=near)
            return
        if kind != "events":
            rows = sorted(rows, key=lambda row: seal.packed([row])[0])
        said = list(seal.differences(leaves, found))
        for what, place in said[:MOST_SAID]:
            self._say(What(what), number, kind, columns, rows, place)
        if len(said) > MOST_SAID:
            near = f"另有 and {len(said) - MOST_SAID} 处 more"
            self._find(What.SEAL, number, kind=kind, near=near)

    def _say(
        self,
        what: What,
        number: int,
        kind: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Any]],
        place: int,
    ) -> None:
        row = dict(zip(columns, rows[place], strict=True)) if place < len(rows) else {}
        before = dict(zip(columns, rows[place - 1], strict=True)) if 0 < place <= len(rows) else {}
        if what is What.REMOVED:
            near = f"在 after {before.get('code', '-')} 与 before {row.get('code', '-')} 之间"
            seq = _number(before.get("seq")) + 1 if before else 0
            self._find(what, number, kind=kind, seq=seq, near=near)
            return
        near = "" if kind == "events" else _short(list(row.values()))
        seq = _number(row.get("seq"))
        self._find(what, number, kind=kind, code=str(row.get("code", "")), seq=seq, near=near)

    def _between(self, first: int, last: int, number: int) -> None:
        """Events whose ids no seal covers, though younger ones are sealed."""
        if first > last:
            return
        rows = self._rows(
            f"SELECT code, seq FROM events WHERE id BETWEEN {first} AND {last} "  # noqa: S608
            f"LIMIT {MOST_SAID}"
        )
        for code, seq in rows:
            self._find(What.INSERTED, number, kind="events", code=str(code), seq=_number(seq))

    def _open(self, last: int, number: int) -> None:
        """What is stored and not signed yet; rows that name a seal that was never are foreign."""
        counts = {"events": f"SELECT count(*) FROM events WHERE id > {last}"}  # noqa: S608
        for kind in seal.KINDS[1:]:
            counts[kind] = f'SELECT count(*) FROM "{kind}" WHERE seal > {number}'  # noqa: S608
        for kind, statement in counts.items():
            count = int(self._rows(statement)[0][0])
            if count:
                self.report.unsealed[kind] = self.report.unsealed.get(kind, 0) + count
        below = self._rows("SELECT code, seq FROM events WHERE id < 1")
        for code, seq in below[:MOST_SAID]:
            self._find(What.INSERTED, -1, kind="events", code=str(code), seq=_number(seq))
        for kind in seal.KINDS[1:]:
            rows = self._rows(f'SELECT count(*) FROM "{kind}" WHERE seal < 0')  # noqa: S608
            if rows[0][0]:
                self._find(What.INSERTED, -1, kind=kind)

    def _find(self, what: What, number: int, **more: Any) -> None:
        self.report.findings.append(
            Finding(what=what, day=self.day, file=self.name, seal=number, **more)
        )


def _root_of(leaves: bytes, checkpoint: Checkpoint, signed: seal.Sealed | None) -> bool:
    """Are these leaves, kept beside the rows, the signed ones?"""
    kept = [leaves[start : start + 32] for start in range(0, len(leaves), 32)]
    return bool(kept and signed) and root(kept, checkpoint.digest).hex() == (
        signed.root if signed else ""
    )


def _text(raw: bytes) -> Any:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _number(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _short(row: Sequence[Any]) -> str:
    return " ".join(str(value)[:24] for value in row if isinstance(value, str))[:80]


def _gone(segment: str, claim: Claims, report: Report, floor: Callable[[str, float], bool]) -> None:
    """A file that was signed and is not there: deleted by the rules, or removed."""
    rows = sum(s.count for part, _ in claim.seals.values() for s in part.kinds.values())
    if claim.deleted is not None:
        report.deleted += rows
        if floor(claim.day, claim.deleted.time):
            report.findings.append(
                Finding(what=What.DELETED_EARLY, day=claim.day, seq=claim.deleted.seq)
            )
        return
    near = f"已签 signed {rows} 行 rows, {segment}"
    report.findings.append(Finding(what=What.FILE, day=claim.day, near=near))


def _sessions(connection: Connection) -> Iterator[Session]:
    """What each worker's boot left in this file."""
    spans = connection.execute(
        text("SELECT node, worker, boot, first, last, seen FROM batches")
    ).all()
    ends = {
        (row[0], row[1], row[2])
        for row in connection.execute(text("SELECT node, worker, boot FROM ends")).all()
    }
    told = connection.execute(
        text(
            "SELECT node, worker, boot, min(seq), max(seq), count(*) FROM events "
            "GROUP BY node, worker, boot"
        )
    ).all()
    events = {(row[0], row[1], row[2]): (row[3], row[4], row[5]) for row in told}
    for name in {(row[0], row[1], row[2]) for row in spans} | set(events) | ends:
        mine = [row for row in spans if (row[0], row[1], row[2]) == name]
        yield Session(
            node=str(name[0]),
            worker=str(name[1]),
            boot=str(name[2]),
            spans=tuple((int(row[3]), int(row[4])) for row in mine),
            seen=max((int(row[5]) for row in mine), default=0),
            ended=name in ends,
            events=events.get(name, (0, 0, 0)),
        )
