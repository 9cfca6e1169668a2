"""Rehearsal: recorded exchanges × candidate Snapshot → what would change, for whom, and why.

The record is what was seen (host, names, gap, content recognitions, who and when) and
what was done. Each row is answered by the same `decide` as on the wire. Hosts are looked
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
from policies.decide import answer, grouped
from policies.kinds import UNCATEGORISED
from policies.model import Action, Moment, Role, Subject, Verdict
from policies.moment import moment
from policies.seat import Key, Seat, Slot
from rules.model import Gap, Stage
from rules.recognise.personal.carried import OUTFLOW, recorded

type Recognise = Callable[[str, tuple[str, ...], str], int]
"""(host, other names, path) → categories, by name alone (`rules.classify.by_name`)."""

BY_NAME = frozenset({"hosts", "marker", "urls"})
"""Recognisers that go by the name (and path) alone; all others looked at content."""

DIMENSIONS = ("school", "stage", "tier", "role", "group", "segment", "category", "layer")
MAX_CASES = 100_000  # different exchanges held between two foldings
MAX_SAMPLES = 20_000
MAX_MINUTES = 4_096
MAX_PEOPLE = 50_000
MAX_LISTS = 50_000  # different lists of recognitions

_STAGE = {
    **{stage.value: stage for stage in Stage},
    "websocket": Stage.RESPONSE,
    "reject": Stage.REQUEST,
}
_GAP = {"": None, **{gap.value: gap for gap in Gap}}


@dataclass(slots=True)
class _Cell:
    """Exchanges of one kind within one slot of time; by host where something changes."""

    verdict: Verdict
    change: Change
    exchanges: int = 0
    hosts: dict[str, list[int]] | None = None  # host → exchanges, first second


@dataclass(slots=True)
class _Case:
    """Exchanges that are decided alike, whatever their host: it went into the mask."""

    what: What  # of the first of them
    seat: Seat
    key: Key
    enforced: Action
    cells: dict[tuple[int, int, int, int], _Cell] = field(default_factory=dict)
    carried: int = 0


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a recorded list of recognitions is worth, as masks of the candidate."""

    every: int
    content: int  # not by name alone: kept
    pathless: int  # those and path rules: kept where no path was recorded
    doubts: tuple[tuple[int, float], ...]  # only probable: the seat says whether they count
    carried: int = 0  # the candidate's conditions of outflow that what was sent meets


class Rehearsal:
    """Takes rows, any number of times; tells the Report at any moment."""

    def __init__(
        self,
        snapshot: Snapshot,
        recognise: Recognise | None,
        *,
        by: Sequence[str] = ("school",),
        samples: int = 5,
    ) -> None:
        """Without `recognise` all recorded recognitions are kept. Raises ValueError for `by`."""
        unknown = [name for name in by if name not in DIMENSIONS]
        if unknown:
            raise ValueError(f"`{unknown[0]}` is not one of: {', '.join(DIMENSIONS)}")
        self.rows = 0
        self.snapshot = self._snapshot = snapshot
        self._recognise = recognise
        self._by = tuple(by)
        self._most = samples
        self._rows: dict[Row, _Case] = {}
        self._cases: dict[tuple[Any, ...], _Case] = {}
        self._seen: dict[str, _Seen] = {}
        self._moments: dict[int, Moment] = {}
        self._unreadable = 0
        self._unknown: set[str] = set()
        self._groups: dict[tuple[str, ...], dict[str, int]] = {}
        self._shifts: dict[tuple[Change, str, str], int] = {}
        self._samples: dict[tuple[Any, ...], list[int]] = {}
        self._people: dict[Row, Seat] = {}
        self._names: dict[int, tuple[str, ...]] = {}
        self._clauses: dict[str, int] = {}
        self._changes: dict[Change, int] = dict.fromkeys(Change, 0)
        self._uncategorised = snapshot.kinds.mask([UNCATEGORISED])

    def add(self, rows: Iterable[Row]) -> None:
        """Decide these rows anew."""
        known, moments = self._rows, self._moments
        taken = 0
        for row in rows:
            taken += 1
            when, what = row[0], row[2:]
            now = moments.get(when // 60)
            if now is None:
                now = self._moment(when // 60)
            case = known.get(what)
            if case is None:
                case = self._case(what)
                if case is None:
                    self._unreadable += 1
                    continue
            slot = case.seat.slot(now)
            cell = case.cells.get(slot.key)
            if cell is None:
                cell = self._cell(case, slot, now)
            cell.exchanges += row[1]
            if cell.hosts is not None:
                met = cell.hosts.get(row[3])
                if met is None:
                    cell.hosts[row[3]] = [row[1], when]
                else:
                    met[0] += row[1]
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
        """The kind of exchange to decide; None where the row does not read."""
        if len(self._rows) >= MAX_CASES:
            self._fold()
        try:
            made = self._read(row)
        except (ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None
        self._rows[row] = made
        return made

    def _read(self, row: Row) -> _Case:
        layer, host, names, path, *_, gap, signals, enforced, clause = row
        others = _others(names, host)
        seen = self._seen.get(signals) or self._recorded(signals)
        seat = self._people.get(row[4:11]) or self._person(row[4:11])
        mask = self._mask(host, others, path, seen)
        if seen.doubts and not mask & self._snapshot.help:
            mask = seat.certainly(mask, seen.doubts)
        mask, conflict = grouped(self._snapshot, mask, host, others)
        alike = (*row[4:12], layer, enforced, clause, mask, conflict, seen.carried)
        case = self._cases.get(alike)
        if case is None:
            key = (mask, _STAGE[layer], _GAP[gap], conflict, 0)
            case = _Case(What._make(row), seat, key, Action(enforced), carried=seen.carried)
            self._cases[alike] = case
        return case

    def _person(self, row: Row) -> Seat:
        """The seat of the kind of subject who asked."""
        if len(self._people) >= MAX_PEOPLE:
            self._people.clear()
        school, stage, tier, role, group, segment, token = row
        seat = self._people[row] = self._snapshot.seat(
            Subject(
                school=school,
                stage=stage,
                tier=tier,
                role=Role(role),
                group=group,
                segment=segment,
                token=token,
            )
        )
        return seat

    def _recorded(self, signals: str) -> _Seen:
        """The masks of a recorded list, remembered; categories unknown here are noted."""
        kinds = self._snapshot.kinds
        every = content = pathless = 0
        doubts = []
        sent = []
        for one in json.loads(signals):
            if one[0] == OUTFLOW:
                sent.append(str(one[-2]))
                continue
            name, recogniser, odds = str(one[0]), str(one[1]), str(one[-1])
            bit = kinds.mask([name])
            if not bit:
                self._unknown.add(name)
            if odds:
                doubts.append((bit, float(odds)))
                continue
            every |= bit
            content |= bit if recogniser not in BY_NAME else 0
            pathless |= bit if recogniser not in BY_NAME or recogniser == "urls" else 0
        if len(self._seen) >= MAX_LISTS:
            self._seen.clear()
        made = self._seen[signals] = _Seen(
            every,
            content,
            pathless,
            tuple(doubts),
            self._snapshot.outflow.bits(recorded(sent)) if sent else 0,
        )
        return made

    def _mask(self, host: str, others: tuple[str, ...], path: str, seen: _Seen) -> int:
        """Names looked up in the candidate's rules, content as it was recorded."""
        if self._recognise is None or not host:
            return seen.every or self._uncategorised
        found = self._recognise(host, others, path)
        kept = seen.content if path else seen.pathless
        help_ = self._snapshot.help
        if not kept or found & help_:
            return found
        mask = found | (kept & ~help_)
        return mask & ~self._uncategorised or mask

    def _cell(self, case: _Case, slot: Slot, now: Moment) -> _Cell:
        """The verdict on these exchanges at this time."""
        verdict = answer(case.seat, slot, case.key)
        if case.carried:
            book = self._snapshot.outflow
            verdict = book.verdict(case.seat, case.key, now, case.carried, verdict) or verdict
        change = compare(case.enforced, verdict.enforced)
        made = _Cell(verdict, change, hosts=None if change is Change.SAME else {})
        case.cells[slot.key] = made
        return made

    # -- the sums ------------------------------------------------------------

    def _fold(self) -> None:
        """Add all cells to the sums and forget the cases."""
        for case in self._cases.values():
            for cell in case.cells.values():
                self._count(case, cell)
        self._cases.clear()
        self._rows.clear()

    def _count(self, case: _Case, cell: _Cell) -> None:
        what, verdict, change, number = case.what, cell.verdict, cell.change, cell.exchanges
        self._changes[change] += number
        self._clauses[verdict.clause] = self._clauses.get(verdict.clause, 0) + number
        key = tuple(self._value(name, what, verdict) for name in self._by)
        sums = self._groups.setdefault(key, {})
        for name, yes in (
            ("exchanges", True),
            ("before", case.enforced is Action.BLOCK),
            ("after", verdict.enforced is Action.BLOCK),
            (change.value, True),
        ):
            sums[name] = sums.get(name, 0) + (number if yes else 0)
        if cell.hosts is None:
            return
        shift = (change, what.clause, verdict.clause)
        self._shifts[shift] = self._shifts.get(shift, 0) + number
        for host, (count, at) in cell.hosts.items():
            self._sample(what, cell, host, count, at)

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

    def _sample(self, what: What, cell: _Cell, host: str, count: int, at: int) -> None:
        key = (
            cell.change,
            what.school,
            what.stage,
            host,
            self._ids(cell.verdict.mask),
            what.enforced,
            cell.verdict.enforced.value,
            what.clause,
            cell.verdict.clause,
        )
        known = self._samples.get(key)
        if known is None:
            self._samples[key] = [count, at]
        else:
            known[0] += count
            known[1] = min(known[1], at)
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
