"""One look over imported audit logs: what the rules saw, and what nobody could have seen. Pure.

Entries pass once, in the order of time. Findings are counted all and kept up to a bound. A
`Blind` says which signs could not be judged and why: a gap of the log that nobody answered for,
statements cut short, rows or programs the log does not tell, people nobody named. A sign that
is blind is unknown, never held.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.lifecycle.anomaly import AnomalyFile, Rule, Sign, State, judged, personal_tables
from audit.lifecycle.gaps import Accepted, mark_of
from audit.lifecycle.logs.model import Verb
from audit.lifecycle.logs.store import Gap, Kept

KEPT = 1000  # findings of one rule that are kept for a report
STRANGERS = 10_000  # accounts that nobody named and that are remembered
SILENT = 3600.0  # seconds without a line before the time of judging
ALL = frozenset(Sign)
_WHO = frozenset({Sign.LEFT, Sign.SERVICE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One rule that saw something in one entry."""

    rule: Rule
    kept: Kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Blind:
    """What could not be judged: by which signs, where, how much."""

    what: str
    signs: frozenset[Sign]
    count: int = 0
    source: str = ""
    place: str = ""
    began: float | None = None
    ended: float | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Look:
    """What came of the entries that passed."""

    file: AnomalyFile
    state: State
    entries: int = 0
    cut: int = 0
    rowless: int = 0  # reads of personal tables of which the log does not say how many rows
    unnamed: int = 0  # entries of service accounts without the program's name
    strangers: set[str] = field(default_factory=set)  # accounts of nobody on the list
    sources: Counter[str] = field(default_factory=Counter)
    first: float | None = None
    last: float | None = None
    seen: dict[str, list[Seen]] = field(default_factory=dict)  # by rule
    counts: Counter[str] = field(default_factory=Counter)  # by rule

    def over(self, entries: Iterable[Kept]) -> Iterator[Seen]:
        """Every finding, as it is made."""
        for kept in entries:
            self._count(kept)
            for rule in judged(self.file, kept.source, kept.entry, self.state):
                one = Seen(rule=rule, kept=kept)
                self.counts[rule.id] += 1
                kept_so_far = self.seen.setdefault(rule.id, [])
                if len(kept_so_far) < KEPT:
                    kept_so_far.append(one)
                yield one

    def _count(self, kept: Kept) -> None:
        one = kept.entry
        self.entries += 1
        self.sources[kept.source] += 1
        self.first = one.at if self.first is None else self.first
        self.last = one.at
        self.cut += one.did.cut
        if one.rows is None and one.did.verb is Verb.READ:
            self.rowless += bool(personal_tables(self.file.tables, one))
        person = self.state.people.get(one.account)
        if person is not None and person.service and not one.program:
            self.unnamed += 1
        came_in = person is None and one.did.verb is not Verb.REFUSED
        if came_in and len(self.strangers) < STRANGERS:
            self.strangers.add(one.account)

    @property
    def found(self) -> int:
        return self.counts.total()


def open_gaps(gaps: Iterable[Gap], told: Mapping[tuple[Any, ...], Accepted]) -> list[Gap]:
    """Gaps that nobody answered for."""
    return [gap for gap in gaps if mark_of(gap) not in told]


def blinds(
    look: Look, gaps: Iterable[Gap], ends: Mapping[str, float], at: float | None
) -> Iterator[Blind]:
    """What could not be judged. `ends`: the last line of each source; `at`: None, up to there."""
    for gap in gaps:
        yield Blind(
            what=gap.kind, signs=ALL, source=gap.source, place=f"{gap.file}:{gap.line}",
            began=gap.began, ended=gap.ended, count=gap.count,
        )  # fmt: skip
    for source, end in sorted(ends.items()):
        if at is not None and at - end >= SILENT:
            yield Blind(what="silent", signs=ALL, source=source, began=end, ended=at)
    if not look.entries:
        yield Blind(what="no entries", signs=ALL)
    used = {rule.sign for rule in look.file.rules}
    yield from (one for one in _counted(look) if one.signs & used)


def _counted(look: Look) -> Iterator[Blind]:
    if look.cut:
        signs = ALL - {Sign.LEFT, Sign.REFUSED, Sign.SERVICE}
        yield Blind(what="statements cut short", signs=signs, count=look.cut)
    if look.rowless:
        signs = frozenset({Sign.ROWS, Sign.USUAL})
        yield Blind(what="rows not in the log", signs=signs, count=look.rowless)
    if look.state.unlearnt:
        yield Blind(
            what="too few days known", signs=frozenset({Sign.USUAL}),
            count=len(look.state.unlearnt),
            more={"accounts": sorted({account for _, account, _ in look.state.unlearnt})[:5]},
        )  # fmt: skip
    if look.unnamed:
        signs = frozenset({Sign.SERVICE})
        yield Blind(what="program not in the log", signs=signs, count=look.unnamed)
    if look.state.full:
        signs = frozenset({Sign.FIRST, Sign.REFUSED, Sign.USUAL})
        yield Blind(what="too many accounts to remember", signs=signs)
    for year in sorted(look.state.unsure):
        yield Blind(what="holidays", signs=frozenset({Sign.HOURS}), more={"year": year})
    if not look.state.people:
        yield Blind(what="no people: leaver, service", signs=_WHO)
    elif look.strangers:
        yield Blind(
            what="accounts of nobody", signs=_WHO, count=len(look.strangers),
            more={"accounts": sorted(look.strangers)[:5]},
        )  # fmt: skip


def unruled(file: AnomalyFile) -> Iterator[Blind]:
    """Signs that no rule of the file looks for."""
    for sign in sorted(ALL - {rule.sign for rule in file.rules}):
        yield Blind(what="no rule", signs=frozenset({sign}))
