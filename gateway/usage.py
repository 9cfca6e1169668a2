"""What has been used of quotas: marks, rows, and one worker's view of them. No I/O here.

A minute counts on a counter if it had at least one exchange that is no background;
bytes are added. A worker marks into its Tally and reads Usage from it; the usage
service (gateway/usage_service.py) is the one writer of a node and tells every worker
the rows of all. Rows are per person or device (the Subject's token), counter and day,
Asia/Shanghai; weeks begin on Monday. The minute that is running does not count yet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from gateway.node import Node
from policies.model import NO_USAGE, Metered, Moment, Period, Usage

MOST_PENDING = 100_000  # marks of one worker not yet told; beyond it new ones are lost
MOST_USAGES = 50_000  # usages remembered between two minutes
KEPT_DAYS = 8  # a week and the day before it


@dataclass(frozen=True, slots=True)
class Row:
    """What one token has used on one counter on one day. `last` is the last minute marked."""

    minutes: int = 0
    last: int = -1
    bytes: int = 0
    told: bool = False  # the notice before the end was shown

    def with_mark(self, minute: int, size: int, told: bool) -> Row:
        """The row with a mark of a worker's own, until the service says it better."""
        fresh = minute > self.last
        return Row(
            self.minutes + fresh,
            max(self.last, minute),
            self.bytes + size,
            self.told or told,
        )


type Place = tuple[str, str, str]
"""token, counter, ISO day."""


@dataclass(slots=True)
class Mark:
    """What a worker has to tell of one place."""

    minutes: set[int]
    bytes: int = 0
    told: bool = False


def usage_socket(node: Node) -> Path:
    return node.run / "usage.sock"


def usage_file(node: Node) -> Path:
    return node.data / "usage" / "usage.sqlite"


def week_of(day: str) -> str:
    """The ISO date of the Monday on or before a day."""
    when = date.fromisoformat(day)
    if when.toordinal() <= when.weekday():
        return date.min.isoformat()
    return (when - timedelta(days=when.weekday())).isoformat()


def oldest(day: str) -> str:
    """The first day whose rows still matter on this one."""
    when = date.fromisoformat(day)
    return date.fromordinal(max(1, when.toordinal() - KEPT_DAYS)).isoformat()


def back_at(moment: Moment, period: Period) -> str:
    """When a quota that is used up begins anew, `2026-09-02 00:00`."""
    when = date.fromisoformat(moment.day)
    days = 7 - when.weekday() if period is Period.WEEK else 1
    return f"{(when + timedelta(days=days)).isoformat()} 00:00"


class Tally:
    """One worker's view. `mark` and `usage` are called by the event loop, the rest by a thread."""

    def __init__(self, most_pending: int = MOST_PENDING) -> None:
        self.lost = 0  # marks that could not be kept
        self._most = most_pending
        self._lock = threading.Lock()  # guards the writing of what follows
        self._rows: dict[str, Mapping[tuple[str, str], Row]] = {}  # values are never changed
        self._pending: dict[Place, Mark] = {}
        self._usages: dict[str, tuple[object, str, int, Usage]] = {}

    def mark(
        self,
        token: str,
        counters: Iterable[str],
        moment: Moment,
        *,
        minute: bool = True,
        size: int = 0,
        told: bool = False,
    ) -> None:
        """Note that this moment's minute (and bytes) counts. Never waits for anything."""
        if not token or not (minute or size or told):
            return
        with self._lock:
            rows = dict(self._rows.get(token, {}))
            for counter in counters:
                self._note((token, counter, moment.day), moment.minute, minute, size, told)
                key = (counter, moment.day)
                now = moment.minute if minute else -1
                rows[key] = rows.get(key, Row()).with_mark(now, size, told)
            self._put(token, rows)

    def usage(self, token: str, moment: Moment) -> Usage:
        """What a token has used until this moment."""
        rows = self._rows.get(token)
        if rows is None:
            return NO_USAGE
        known = self._usages.get(token)
        if known is not None and known[0] is rows and known[1:3] == (moment.day, moment.minute):
            return known[3]
        usage = summed(rows, moment)
        if len(self._usages) >= MOST_USAGES:
            self._usages.clear()
        self._usages[token] = (rows, moment.day, moment.minute, usage)
        return usage

    def told(self, token: str, metered: Metered, moment: Moment) -> bool:
        """Whether the notice of a counter was shown today."""
        row = self._rows.get(token, {}).get((metered.counter, moment.day))
        return row is not None and row.told

    def pending(self) -> dict[Place, Mark]:
        """What has to be told; it is taken out."""
        with self._lock:
            found, self._pending = self._pending, {}
        return found

    def learn(self, rows: Iterable[tuple[Place, Row]], *, whole: bool = False) -> None:
        """Rows as the service tells them; `whole`: nothing else is known."""
        with self._lock:
            if whole:
                self._rows.clear()
                self._usages.clear()
            fresh: dict[str, dict[tuple[str, str], Row]] = {}
            for (token, counter, day), row in rows:
                if token not in fresh:
                    fresh[token] = dict(self._rows.get(token, {}))
                fresh[token][counter, day] = row
            for token, table in fresh.items():
                self._put(token, table)

    def forget_before(self, day: str) -> None:
        """Let go of rows of earlier days."""
        with self._lock:
            for token, rows in list(self._rows.items()):
                kept = {key: row for key, row in rows.items() if key[1] >= day}
                if len(kept) != len(rows):
                    self._put(token, kept)
                    if not kept:
                        del self._rows[token]

    def _put(self, token: str, rows: dict[tuple[str, str], Row]) -> None:
        self._rows[token] = rows
        self._usages.pop(token, None)

    def _note(self, place: Place, minute: int, counts: bool, size: int, told: bool) -> None:
        mark = self._pending.get(place)
        if mark is None:
            if len(self._pending) >= self._most:
                self.lost += 1
                return
            mark = self._pending[place] = Mark(set())
        if counts:
            mark.minutes.add(minute)
        mark.bytes += size
        mark.told = mark.told or told


def summed(rows: Mapping[tuple[str, str], Row], moment: Moment) -> Usage:
    """Rows of one token → its Usage, by counter and period."""
    monday, today = week_of(moment.day), moment.day
    sunday = (date.fromisoformat(monday) + timedelta(days=6)).isoformat()
    minutes: dict[str, int] = {}
    size: dict[str, int] = {}
    for (counter, day), row in rows.items():
        if not monday <= day <= sunday:
            continue
        running = day == today and row.last == moment.minute
        for period in (Period.DAY, Period.WEEK) if day == today else (Period.WEEK,):
            key = f"{counter}@{period}"
            minutes[key] = minutes.get(key, 0) + row.minutes - running
            size[key] = size.get(key, 0) + row.bytes
    return Usage(minutes=minutes, bytes=size)
