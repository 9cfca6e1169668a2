"""Reads the event store back: Events in order of time, aggregates, sums; as JSON lines or CSV.

Reads only, while the writer writes. A file that cannot be read is named in
`problems` and passed over: an export says what it could not see.
This module is a door: it reads event files or the database of a URL.
"""

from __future__ import annotations

import csv
import heapq
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard
from sqlalchemy import Executable, func, select

from gateway.batch import Aggregate, Event, EventLayer, Kind
from gateway.database import Failure, connect, connect_to_read, dispose, trouble
from gateway.delivery import SPILL_SUFFIX
from gateway.rows import SHANGHAI, SUFFIX, day_of
from gateway.tables import AggregateRow, EventRow, SnapshotRow, TraceRow
from policies.model import Action
from rules.load import WorldError

LARGEST_DOCUMENT = 64 * 1024 * 1024
LATEST = 2.0**33  # Unix seconds; the year 2242

_DAY = re.compile(r"-(\d{4}-\d{2}-\d{2})" + re.escape(SUFFIX))
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would run these
_ENUMS = {"layer": EventLayer, "action": Action, "enforced": Action, "kind": Kind}

type Record = Event | Aggregate
type Place = Path | str  # a day file, or the database's URL


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of time in Unix seconds: `since` belongs to it, `until` does not."""

    since: float = 0.0
    until: float = LATEST


EVER = Window()


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """The events of a data folder, or of a database URL. `problems` grows while reading."""

    data: Path
    url: str = ""
    problems: list[str] = field(default_factory=list)

    def events(self, window: Window = EVER) -> Iterator[Event]:
        """All Events of the window, oldest first."""
        statement = (
            select(*_columns(EventRow, Event))
            .where(EventRow.ts >= int(window.since * 1e6), EventRow.ts < int(window.until * 1e6))
            .order_by(EventRow.ts, EventRow.id)
        )
        for places in self._days(window):
            day = (map(_event, self._rows(place, statement)) for place in places)
            yield from heapq.merge(*day, key=lambda event: event.ts)

    def newest(self, count: int) -> list[Event]:
        """The last `count` Events, oldest of them first."""
        statement = select(*_columns(EventRow, Event)).order_by(
            EventRow.ts.desc(), EventRow.id.desc()
        )
        found: list[Event] = []
        for places in reversed(self._days(EVER)):
            for place in places:
                found += map(_event, self._rows(place, statement.limit(count)))
            if len(found) >= count:
                break
        return sorted(found, key=lambda event: event.ts)[-count:] if count else []

    def since(self, marks: dict[str, int]) -> list[Event]:
        """Events stored since the last call with the same `marks` (place → last row id)."""
        found: list[Event] = []
        for place in [place for places in self._days(EVER)[-2:] for place in places]:
            statement = select(EventRow.id, *_columns(EventRow, Event)).order_by(EventRow.id)
            for row in self._rows(place, statement.where(EventRow.id > marks.get(str(place), 0))):
                marks[str(place)] = row["id"]
                found.append(_event(row))
        return sorted(found, key=lambda event: event.ts)

    def now(self) -> dict[str, int]:
        """Marks for `since` that leave out what is stored already."""
        last = select(func.coalesce(func.max(EventRow.id), 0).label("last"))
        places = [place for places in self._days(EVER)[-2:] for place in places]
        return {str(place): row["last"] for place in places for row in self._rows(place, last)}

    def find(self, code: str) -> tuple[Event, Place] | None:
        """The Event of a code, and where it stands; the newest day first."""
        statement = select(*_columns(EventRow, Event)).where(EventRow.code == code)
        for places in reversed(self._days(EVER)):
            for place in places:
                for row in self._rows(place, statement):
                    return _event(row), place
        return None

    def beside(self, place: Place, event: Event) -> tuple[str, str]:
        """The trace and the policy document kept beside an Event; empty where there are none."""
        traces = select(TraceRow.document).where(TraceRow.id == event.trace)
        bodies = select(SnapshotRow.body).where(SnapshotRow.hash == event.snapshot)
        trace = "".join(str(row["document"]) for row in self._rows(place, traces))
        body = b"".join(bytes(row["body"]) for row in self._rows(place, bodies))
        try:
            return trace, zstandard.decompress(body, LARGEST_DOCUMENT).decode() if body else ""
        except (zstandard.ZstdError, UnicodeDecodeError) as error:
            self.problems.append(f"snapshot {event.snapshot}: {error}")
            return trace, ""

    def aggregates(self, window: Window = EVER) -> Iterator[Aggregate]:
        """All Aggregates whose bucket begins in the window, by bucket within each file."""
        statement = (
            select(*_columns(AggregateRow, Aggregate))
            .where(AggregateRow.bucket >= window.since, AggregateRow.bucket < window.until)
            .order_by(AggregateRow.bucket, AggregateRow.host, AggregateRow.key)
        )
        for place in [place for places in self._days(window) for place in places]:
            for row in self._rows(place, statement):
                yield _from_row(Aggregate, row)

    def count(self, window: Window = EVER) -> dict[str, Any]:
        """The sums: `exchanges` = events + passed + lost. Spilled batches are not yet among them.

        An aggregate belongs to the window by the begin of its bucket.
        """
        listed = (
            select(EventRow.enforced.label("name"), func.count().label("number"))
            .where(EventRow.ts >= int(window.since * 1e6), EventRow.ts < int(window.until * 1e6))
            .group_by(EventRow.enforced)
        )
        summed = (
            select(AggregateRow.kind.label("name"), func.sum(AggregateRow.count).label("number"))
            .where(AggregateRow.bucket >= window.since, AggregateRow.bucket < window.until)
            .group_by(AggregateRow.kind)
        )
        places = [place for places in self._days(window) for place in places]
        events = _sums(row for place in places for row in self._rows(place, listed))
        kinds = _sums(row for place in places for row in self._rows(place, summed))
        return {
            "events": events,
            "passed": kinds.get(Kind.PASSED, 0),
            "lost": kinds.get(Kind.LOST, 0),
            "exchanges": sum(events.values()) + sum(kinds.values()),
            "spilled_batches": len(list((self.data / "spill").glob(f"*{SPILL_SUFFIX}"))),
            "damaged_files": len(list((self.data / "events").glob(f"*{SUFFIX}.damaged-*Z"))),
        }

    def _days(self, window: Window) -> list[list[Place]]:
        """The places of each day in the window, in order of time."""
        if self.url:
            return [[self.url]]
        if not self.data.is_dir():
            raise WorldError(f"没有数据目录 no data folder: {self.data}")
        first, last = day_of(window.since), day_of(min(window.until, LATEST))
        days: dict[str, list[Place]] = {}
        for file in sorted((self.data / "events").glob(f"*{SUFFIX}")):
            named = _DAY.search(file.name)
            if named and first <= named[1] <= last:
                days.setdefault(named[1], []).append(file)
        return [days[day] for day in sorted(days)]

    def by_school(self, window: Window) -> dict[tuple[str, str], int]:
        """Exchanges of the window by school and what was enforced; lost ones are not told."""
        listed = (
            select(EventRow.school, EventRow.enforced, func.count())
            .where(EventRow.ts >= int(window.since * 1e6), EventRow.ts < int(window.until * 1e6))
            .group_by(EventRow.school, EventRow.enforced)
        )
        summed = (
            select(AggregateRow.school, AggregateRow.enforced, func.sum(AggregateRow.count))
            .where(
                AggregateRow.bucket >= window.since,
                AggregateRow.bucket < window.until,
                AggregateRow.kind == Kind.PASSED.value,
            )
            .group_by(AggregateRow.school, AggregateRow.enforced)
        )
        found: dict[tuple[str, str], int] = {}
        for place in [place for places in self._days(window) for place in places]:
            for statement in (listed, summed):
                for school, enforced, number in self._tuples(place, statement):
                    key = (school, enforced)
                    found[key] = found.get(key, 0) + int(number)
        return found

    def facts(
        self, window: Window, events: Sequence[Any], aggregates: Sequence[Any]
    ) -> Iterator[Any]:
        """These columns of all Events and let-through Aggregates of the window, by day.

        As the database gives them, in no order: for rehearsals, which read millions.
        """
        listed = select(*events).where(
            EventRow.ts >= int(window.since * 1e6), EventRow.ts < int(window.until * 1e6)
        )
        summed = select(*aggregates).where(
            AggregateRow.bucket >= window.since,
            AggregateRow.bucket < window.until,
            AggregateRow.kind == Kind.PASSED.value,
        )
        for place in [place for places in self._days(window) for place in places]:
            yield from self._tuples(place, listed)
            yield from self._tuples(place, summed)

    def _rows(self, place: Place, statement: Executable) -> Iterator[Mapping[str, Any]]:
        """The rows found at one place, as mappings."""
        for row in self._tuples(place, statement):
            yield dict(row._mapping)

    def _tuples(self, place: Place, statement: Executable) -> Iterator[Any]:
        """The rows found at one place; trouble is noted in `problems` and ends them."""
        try:
            connection = connect(place) if isinstance(place, str) else connect_to_read(place)
            try:
                if connection.dialect.has_table(connection, EventRow.__tablename__):
                    with connection.execution_options(yield_per=1000).execute(statement) as rows:
                        yield from rows
            finally:
                dispose(connection)
        except Failure as error:
            name = place.name if isinstance(place, Path) else "database"
            self.problems.append(f"{name}: {trouble(error)}")


def document(record: Record) -> dict[str, Any]:
    """A record as stable keys: its fields, after the Asia/Shanghai `time` in ISO 8601."""
    second = record.ts / 1e6 if isinstance(record, Event) else record.bucket
    moment = datetime.fromtimestamp(second, SHANGHAI).isoformat(timespec="milliseconds")
    return {"time": moment, **asdict(record)}


def as_json_lines(records: Iterable[Record]) -> Iterator[str]:
    """One JSON document a line, with its line end."""
    for record in records:
        yield json.dumps(document(record), ensure_ascii=False) + "\n"


def as_csv(records: Iterable[Record], kind: type[Record]) -> Iterator[str]:
    """CSV (RFC 4180) with a head line; lists are JSON, and no cell begins like a formula."""
    buffer = io.StringIO()
    sheet = csv.writer(buffer)
    sheet.writerow(["time", *(item.name for item in fields(kind))])
    yield buffer.getvalue()
    for record in records:
        buffer.seek(0)
        buffer.truncate()
        sheet.writerow(map(_cell, document(record).values()))
        yield buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return value


def _columns(row: Any, kind: type[Record]) -> list[Any]:
    return [getattr(row, item.name) for item in fields(kind)]


def _event(row: Mapping[str, Any]) -> Event:
    return _from_row(Event, row)


def _from_row[R: Record](kind: type[R], row: Mapping[str, Any]) -> R:
    """The record in a row: the reverse of `gateway.rows.plain`."""
    values = {item.name: row[item.name] for item in fields(kind)}
    for name, enum in _ENUMS.items():
        if name in values:
            values[name] = enum(values[name])
    for name in ("names", "categories"):
        if name in values:
            values[name] = tuple(json.loads(values[name]))
    values["signals"] = tuple(tuple(signal) for signal in json.loads(values["signals"]))
    return kind(**values)


def _sums(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row["name"]] = found.get(row["name"], 0) + int(row["number"])
    return dict(sorted(found.items()))
