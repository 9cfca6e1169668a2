"""Rehearsal: recorded exchanges × candidate Snapshot → what would change, for whom, and why.

The record is what was seen (host, names, gap, content recognitions, who and when) and
what was done. Each row goes through the same `decide` as on the wire. Hosts are looked
up anew, in the candidate's rules; what was recognised in *content* cannot be looked up
again, so the recorded recognitions are kept: a candidate is judged on what was really
seen. Rows weigh as many exchanges as they count. Pure: rows come in, a Report goes out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from policies.changes import Change, Group, Report, Row, Sample, Shift, What, compare
from policies.compile import Snapshot
from policies.decide import decide
from policies.kinds import UNCATEGORISED
from policies.model import Action, Moment, Role, Subject, Verdict
from policies.moment import moment
from policies.seat import Seat
from rules.model import Facts, Gap, Signals, Stage

type Classify = Callable[[Facts], Signals]

BY_NAME = frozenset({"hosts", "marker", "urls"})
"""Recognisers that go by the name (and path) alone; all others looked at content."""

DIMENSIONS = ("school", "stage", "tier", "role", "group", "segment", "category", "layer")
MAX_CASES = 100_000  # different exchanges held between two foldings
MAX_SAMPLES = 20_000
MAX_MINUTES = 4_096
MAX_PEOPLE = 50_000

_STAGE = {
    **{stage.value: stage for stage in Stage},
    "websocket": Stage.RESPONSE,
    "reject": Stage.REQUEST,
}


@dataclass(slots=True)
class _Cell:
    """Equal exchanges within one slot of time."""

    verdict: Verdict
    at: int
    rows: int = 0
    exchanges: int = 0


@dataclass(slots=True)
class _Case:
    what: What
    seat: Seat
    facts: Facts
    signals: Signals
    subject: Subject
    cells: dict[tuple[int, int, int, int], _Cell] = field(default_factory=dict)


class Rehearsal:
    """Takes rows, any number of times; tells the Report at any moment."""

    def __init__(
        self,
        snapshot: Snapshot,
        classify: Classify | None,
        *,
        by: Sequence[str] = ("school",),
        samples: int = 5,
    ) -> None:
        """Without `classify` all recorded recognitions are kept. Raises ValueError for `by`."""
        unknown = [name for name in by if name not in DIMENSIONS]
        if unknown:
            raise ValueError(f"`{unknown[0]}` is not one of: {', '.join(DIMENSIONS)}")
        self.rows = 0
        self.snapshot = self._snapshot = snapshot
        self._classify = classify
        self._by = tuple(by)
        self._most = samples
        self._cases: dict[Row, _Case] = {}
        self._moments: dict[int, Moment] = {}
        self._unreadable = 0
        self._met: set[str] = set()
        self._unknown: set[str] = set()
        self._groups: dict[tuple[str, ...], dict[str, int]] = {}
        self._shifts: dict[tuple[Change, str, str], int] = {}
        self._samples: dict[tuple[Any, ...], list[int]] = {}
        self._people: dict[Row, tuple[Subject, Seat]] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._clauses: dict[str, int] = {}
        self._changes: dict[Change, int] = dict.fromkeys(Change, 0)
        self._uncategorised = snapshot.kinds.mask([UNCATEGORISED])

    def add(self, rows: Iterable[Row]) -> None:
        """Decide these rows anew."""
        cases, moments = self._cases, self._moments
        taken = 0
        for row in rows:
            taken += 1
            when, what = row[0], row[2:]
            now = moments.get(when // 60)
            if now is None:
                now = self._moment(when // 60)
            case = cases.get(what)
            if case is None:
                made = self._case(what)
                if made is None:
                    self._unreadable += 1
                    continue
                case = made
            slot = case.seat.slot(now)
            cell = case.cells.get(slot.key)
            if cell is None:
                verdict = decide(self._snapshot, case.facts, case.signals, case.subject, now)
                cell = case.cells[slot.key] = _Cell(verdict, when)
            cell.rows += 1
            cell.exchanges += row[1]
        self.rows += taken

    def report(self) -> Report:
        """What was found so far."""
        self._fold()
        by_size = sorted(self._shifts.items(), key=lambda item: (-item[1], item[0]))
        return Report(
            snapshot=self._snapshot.hash,
            by=self._by,
            rows=self.rows,
            exchanges=sum(self._changes.values()),
            unreadable=self._unreadable,
            unknown_categories=tuple(sorted(self._unknown)),
            changes=dict(self._changes),
            groups=tuple(_group(key, sums) for key, sums in sorted(self._groups.items())),
            shifts=tuple(
                Shift(change=change, before=before, after=after, exchanges=number)
                for (change, before, after), number in by_size
            ),
            samples=tuple(self._best()),
            clauses=dict(sorted(self._clauses.items())),
        )

    # -- one kind of exchange ------------------------------------------------

    def _moment(self, minute: int) -> Moment:
        if len(self._moments) >= MAX_MINUTES:
            self._moments.clear()
        made = self._moments[minute] = moment(minute * 60)
        return made

    def _case(self, row: Row) -> _Case | None:
        """The exchange to decide; None where the row does not read."""
        if len(self._cases) >= MAX_CASES:
            self._fold()
        try:
            what = What._make(row)
            made = self._read(what)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None
        self._cases[row] = made
        return made

    def _read(self, what: What) -> _Case:
        Action(what.enforced)
        facts = Facts(
            stage=_STAGE[what.layer],
            host=what.host,
            names=_others(what.names, what.host),
            path=what.path,
            gap=Gap(what.gap) if what.gap else None,
        )
        subject, seat = self._person(what[4:11])
        return _Case(what, seat, facts, self._signals(facts, what), subject)

    def _person(self, row: Row) -> tuple[Subject, Seat]:
        """Who asked, and the seat of that kind of subject."""
        known = self._people.get(row)
        if known is None:
            if len(self._people) >= MAX_PEOPLE:
                self._people.clear()
            school, stage, tier, role, group, segment, token = row
            subject = Subject(
                school=school,
                stage=stage,
                tier=tier,
                role=Role(role),
                group=group,
                segment=segment,
                token=token,
            )
            known = self._people[row] = (subject, self._snapshot.seat(subject))
        return known

    def _signals(self, facts: Facts, what: What) -> Signals:
        """Names looked up in the candidate's rules, content as it was recorded."""
        told = [(str(one[0]), str(one[1]), str(one[-1])) for one in json.loads(what.signals)]
        recorded = [(name, recogniser) for name, recogniser, odds in told if not odds]
        kinds = self._snapshot.kinds
        doubts = tuple((kinds.mask([name]), float(odds)) for name, _, odds in told if odds)
        for name, _, _ in told:
            if name not in self._met:
                self._met.add(name)
                if not kinds.mask([name]):
                    self._unknown.add(name)
        if self._classify is None or not facts.host:
            mask = kinds.mask(name for name, _ in recorded)
            return Signals(mask=mask or self._uncategorised, doubts=doubts)
        found = self._classify(facts)
        if found.mask & self._snapshot.help:
            return found
        kept = kinds.mask(
            name
            for name, recogniser in recorded
            if recogniser not in BY_NAME or (recogniser == "urls" and not facts.path)
        )
        mask = found.mask | (kept & ~self._snapshot.help)
        real = mask & ~self._uncategorised
        return Signals(mask=real or mask, items=found.items, doubts=doubts)

    # -- the sums ------------------------------------------------------------

    def _fold(self) -> None:
        """Add all cells to the sums and forget the cases."""
        for case in self._cases.values():
            for cell in case.cells.values():
                self._count(case.what, cell)
        self._cases.clear()

    def _count(self, what: What, cell: _Cell) -> None:
        verdict, number = cell.verdict, cell.exchanges
        before = Action(what.enforced)
        change = compare(before, verdict.enforced)
        self._changes[change] += number
        self._clauses[verdict.clause] = self._clauses.get(verdict.clause, 0) + number
        key = tuple(self._value(name, what, verdict) for name in self._by)
        sums = self._groups.setdefault(key, {})
        for name, yes in (
            ("exchanges", True),
            ("before", before is Action.BLOCK),
            ("after", verdict.enforced is Action.BLOCK),
            (change.value, True),
        ):
            sums[name] = sums.get(name, 0) + (number if yes else 0)
        if change is Change.SAME:
            return
        shift = (change, what.clause, verdict.clause)
        self._shifts[shift] = self._shifts.get(shift, 0) + number
        self._sample(what, cell, change)

    def _value(self, name: str, what: What, verdict: Verdict) -> str:
        if name == "category":
            named = verdict.deciding or self._ids(verdict.mask)
            return named[0] if named else UNCATEGORISED
        return str(getattr(what, name))

    def _ids(self, mask: int) -> tuple[str, ...]:
        """The category ids of a mask (memo: there are few masks)."""
        known = self._names.get(mask)
        if known is None:
            known = self._names[mask] = self._snapshot.kinds.ids(mask)
        return known

    def _sample(self, what: What, cell: _Cell, change: Change) -> None:
        key = (
            change,
            what.school,
            what.stage,
            what.host,
            self._ids(cell.verdict.mask),
            what.enforced,
            cell.verdict.enforced.value,
            what.clause,
            cell.verdict.clause,
        )
        known = self._samples.setdefault(key, [0, cell.at])
        known[0] += cell.exchanges
        known[1] = min(known[1], cell.at)
        if len(self._samples) > MAX_SAMPLES:
            kept = sorted(self._samples.items(), key=lambda item: -item[1][0])
            self._samples = dict(kept[: MAX_SAMPLES // 2])

    def _best(self) -> Iterable[Sample]:
        """The weightiest samples of each change and school."""
        told: dict[tuple[Any, ...], int] = {}
        for key, (number, at) in sorted(
            self._samples.items(), key=lambda item: (-item[1][0], item[0])
        ):
            told[key[:2]] = told.get(key[:2], 0) + 1
            if told[key[:2]] <= self._most:
                yield Sample(
                    change=key[0],
                    school=key[1],
                    stage=key[2],
                    host=key[3],
                    at=at,
                    categories=key[4],
                    enforced_before=key[5],
                    enforced_after=key[6],
                    before=key[7],
                    after=key[8],
                    exchanges=number,
                )


def _others(names: str, host: str) -> tuple[str, ...]:
    """The names claimed beside the host: one that is the host itself decides nothing."""
    if names in ("[]", f'["{host}"]'):
        return ()
    return tuple(name for name in map(str, json.loads(names)) if name != host)


def _group(key: tuple[str, ...], sums: Mapping[str, int]) -> Group:
    return Group(
        key=key,
        exchanges=sums["exchanges"],
        blocked_before=sums["before"],
        blocked_after=sums["after"],
        changes={change: sums.get(change.value, 0) for change in Change},
    )
