"""Two Snapshots side by side: what changes for whom and when, and which words changed.

Semantic: every kind of person, kind of day, part of the day and category is decided by
both Snapshots; equal answers are left out, equal changes are told together. Textual:
clause by clause, field by field. Pure: Snapshots in, values out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from policies import document
from policies.calendar import BIT, DayKind
from policies.compile import Snapshot
from policies.decide import decide
from policies.hours import Window
from policies.kinds import UNCATEGORISED
from policies.model import Moment, Subject, Verdict
from policies.moment import at
from policies.policy import Policy
from policies.profiles import describe, subjects
from policies.rule import host_groups
from policies.seat import Seat, Slot
from rules.model import Facts, Gap, Signals, Stage

MAX_HOSTS = 300  # hosts of changed policies that are asked one by one
UNANNOUNCED = 2099  # a year of which no calendar will be known

type Answer = tuple[str, str, str, bool]
"""action, enforced, clause, inspect"""

type Span = tuple[str, int, int]
"""label of the day, first minute, minute after the last"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One change of outcome. Empty `days` or `hours`: always. `what` is a category,
    `gap:…` (with nothing else known) or `host:…` (uncategorised)."""

    what: str
    who: tuple[str, ...]
    days: tuple[str, ...]
    hours: tuple[str, ...]
    before: str
    after: str
    clause_before: str
    clause_after: str
    inspect_before: bool
    inspect_after: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One clause (or other part of a policy file) whose words changed.

    `fields` are (name, before, after) as JSON; empty text: not there.
    """

    policy: str
    part: str
    kind: str  # added, removed, changed, moved
    fields: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    before: str
    after: str
    turns: tuple[Turn, ...]
    edits: tuple[Edit, ...]
    hosts_left_out: int = 0


def difference(old: Snapshot, new: Snapshot) -> Difference:
    """Everything that differs between two Snapshots."""
    edits = tuple(_edits(old, new))
    hosts = _hosts(old, new, {edit.policy for edit in edits})
    items = tuple(_items(old, new, hosts[:MAX_HOSTS]))
    return Difference(
        before=old.hash,
        after=new.hash,
        turns=_turns(old, new, items) if old.hash != new.hash else (),
        edits=edits,
        hosts_left_out=max(0, len(hosts) - MAX_HOSTS),
    )


# -- outcomes ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One thing to ask both Snapshots about."""

    name: str
    category: str = UNCATEGORISED
    host: str = ""
    gap: Gap | None = None


def _items(old: Snapshot, new: Snapshot, hosts: Iterable[str]) -> Iterator[_Item]:
    names = dict.fromkeys(kind.id for s in (old, new) for kind in s.kinds.kinds)
    yield from (_Item(name=name, category=name) for name in names)
    yield from (_Item(name=f"gap:{gap}", gap=gap) for gap in Gap)
    yield from (_Item(name=f"host:{host}", host=host) for host in hosts)


def _hosts(old: Snapshot, new: Snapshot, changed: set[str]) -> tuple[str, ...]:
    """The hosts named in policies that changed."""
    found = {
        host.removeprefix("=")
        for snapshot in (old, new)
        for policy in snapshot.policies
        if policy.id in changed
        for host in (
            *(one for group in policy.hosts.values() for one in group),
            *(one for c in policy.clauses for one in c.when.hosts if one not in policy.hosts),
        )
    }
    return tuple(sorted(found))


def _turns(old: Snapshot, new: Snapshot, items: Sequence[_Item]) -> tuple[Turn, ...]:
    found: dict[tuple[Any, ...], list[str]] = {}
    speak_alike = _speak_alike(old, new)
    known: dict[object, tuple[tuple[str, str], ...]] = {}
    for subject in subjects(old, new):
        same = (old.seat(subject).calendar.facts(), new.seat(subject).calendar.facts())
        days = known.get(same)
        if days is None:
            days = known[same] = tuple(_days(old, new, subject))
        changes = _for_subject(old, new, subject, items, days, speak_alike)
        for (item, before, after), spans in changes.items():
            when = _when(spans, len({label for label, _ in days}))
            found.setdefault((item, before, after, when), []).append(describe(subject))
    return tuple(
        Turn(
            what=item,
            who=tuple(who),
            days=when[0],
            hours=when[1],
            before=before[1],
            after=after[1],
            clause_before=before[2],
            clause_after=after[2],
            inspect_before=before[3],
            inspect_after=after[3],
        )
        for (item, before, after, when), who in sorted(found.items())
    )


def _for_subject(
    old: Snapshot,
    new: Snapshot,
    subject: Subject,
    items: Sequence[_Item],
    days: Sequence[tuple[str, str]],
    speak_alike: bool,
) -> dict[tuple[str, Answer, Answer], list[Span]]:
    """What changes for one kind of person: (item, before, after) → when."""
    seats = old.seat(subject), new.seat(subject)
    edges = sorted({0, *seats[0].edges, *seats[1].edges} - {1440})
    ends = [*edges[1:], 1440]
    known: dict[object, list[tuple[str, Answer, Answer]]] = {}
    found: dict[tuple[str, Answer, Answer], list[Span]] = {}
    for label, day in days:
        for start, end in zip(edges, ends, strict=True):
            moment = at(f"{day}T{start // 60:02d}:{start % 60:02d}")
            slots = seats[0].slot(moment), seats[1].slot(moment)
            key = (_content(slots[0]), _content(slots[1]))
            if key not in known:
                equal = speak_alike and _rules(seats[0], slots[0]) == _rules(seats[1], slots[1])
                known[key] = [] if equal else list(_changed(old, new, subject, items, moment))
            for change in known[key]:
                found.setdefault(change, []).append((label, start, end))
    return found


def _content(slot: Slot) -> object:
    """Equal for slots of one Seat that decide equally."""
    return (slot.rules, slot.pins, slot.metered)


def _speak_alike(old: Snapshot, new: Snapshot) -> bool:
    """Whether equal masks mean the same in both: the same categories and host groups."""
    groups = [host_groups(shot.policies, shot.orders) for shot in (old, new)]
    return old.kinds.kinds == new.kinds.kinds and groups[0] == groups[1]


def _rules(seat: Seat, slot: Slot) -> object:
    """All that a Verdict of this time is made of; equal ones need not be asked."""
    rules = [(seat.rules[place], seat.enforced[place]) for _, _, _, place in slot.rules]
    return (rules, slot.pins, seat.depth, seat.never_open, seat.only_open, seat.allow_only)


def _changed(
    old: Snapshot, new: Snapshot, subject: Subject, items: Sequence[_Item], moment: Moment
) -> Iterator[tuple[str, Answer, Answer]]:
    for item in items:
        before, after = (_ask(snapshot, subject, item, moment) for snapshot in (old, new))
        if (before.enforced, before.action, before.inspect) != (
            after.enforced,
            after.action,
            after.inspect,
        ):
            yield item.name, _answer(before), _answer(after)


def _ask(snapshot: Snapshot, subject: Subject, item: _Item, moment: Moment) -> Verdict:
    kinds = snapshot.kinds
    mask = kinds.mask([item.category]) or kinds.mask([UNCATEGORISED])
    facts = Facts(stage=Stage.REQUEST, host=item.host, gap=item.gap)
    return decide(snapshot, facts, Signals(mask=mask), subject, moment)


def _answer(verdict: Verdict) -> Answer:
    told = verdict.enforced.value
    if verdict.action is not verdict.enforced:
        told = f"{verdict.action.value} (monitor)"
    return (verdict.action.value, told, verdict.clause, verdict.inspect)


def _days(old: Snapshot, new: Snapshot, subject: Subject) -> Iterator[tuple[str, str]]:
    """(label, ISO date): a date for each kind of day that either tells apart for this subject."""
    before, after = old.seat(subject).calendar, new.seat(subject).calendar
    met: set[object] = set()
    for year in sorted({*old.years, *new.years, UNANNOUNCED}):
        day = date(year, 1, 1)
        while day.year == year:
            kinds = (before.days(day.isoformat()), after.days(day.isoformat()))
            if kinds not in met:
                met.add(kinds)
                yield _label(day, kinds[1][0]), day.isoformat()
            day += timedelta(days=1)


_PLAIN = frozenset([*list(DayKind)[:7], DayKind.WEEKEND, DayKind.FREE_DAY, DayKind.SCHOOL_DAY])
"""Day kinds that follow from the weekday and the others; not worth a word of their own."""


def _label(day: date, kinds: int) -> str:
    special = (
        DayKind.HOLIDAY,
        DayKind.MAKEUP,
        DayKind.VACATION,
        DayKind.EXAM,
        DayKind.UNKNOWN_TERM,
        DayKind.UNKNOWN,
    )
    named = [str(kind) for kind in special if kinds & BIT[kind]]
    return " ".join([list(DayKind)[day.weekday()].value, *named])


def _when(spans: Sequence[Span], all_days: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Days and hours of these spans; empty where it is always.

    Where the hours differ from day to day they are written beside the day.
    """
    by_day: dict[str, list[tuple[int, int]]] = {}
    for label, start, end in spans:
        by_day.setdefault(label, []).append((start, end))
    hours = {label: _windows(parts) for label, parts in by_day.items()}
    if len(set(hours.values())) == 1:
        (same,) = set(hours.values())
        return (() if len(hours) == all_days else tuple(hours)), same
    return tuple(f"{label} {' '.join(parts)}".strip() for label, parts in hours.items()), ()


def _windows(parts: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """Adjoining parts of a day as windows; empty for the whole day."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(set(parts)):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    if joined == [(0, 1440)]:
        return ()
    return tuple(str(Window(start=start, end=end)) for start, end in joined)


# -- words ------------------------------------------------------------------------


def _edits(old: Snapshot, new: Snapshot) -> Iterator[Edit]:
    before = {policy.id: policy for policy in old.policies}
    after = {policy.id: policy for policy in new.policies}
    for name in sorted({*before, *after}):
        if name not in after:
            yield Edit(policy=name, part="", kind="removed")
        elif name not in before:
            yield Edit(policy=name, part="", kind="added")
        elif before[name] != after[name]:
            yield from _policy_edits(before[name], after[name])
    years = {year.year: year for year in old.document.years}
    for year in new.document.years:
        if years.pop(year.year, None) != year:
            yield Edit(policy=year.id, part="calendar", kind="changed")
    yield from (Edit(policy=gone.id, part="calendar", kind="removed") for gone in years.values())


def _policy_edits(before: Policy, after: Policy) -> Iterator[Edit]:
    old = {clause.id: clause for clause in before.clauses}
    new = {clause.id: clause for clause in after.clauses}
    for name in dict.fromkeys([*old, *new]):
        if name not in new:
            yield Edit(policy=before.id, part=name, kind="removed", fields=_fields(old[name], None))
        elif name not in old:
            yield Edit(policy=before.id, part=name, kind="added", fields=_fields(None, new[name]))
        elif old[name] != new[name]:
            fields = _fields(old[name], new[name])
            yield Edit(policy=before.id, part=name, kind="changed", fields=fields)
    if [name for name in old if name in new] != [name for name in new if name in old]:
        order = (("order", " ".join(old), " ".join(new)),)
        yield Edit(policy=before.id, part="clauses", kind="moved", fields=order)
    rest = _fields(replace(before, clauses=()), replace(after, clauses=()))
    if rest:
        yield Edit(policy=before.id, part="", kind="changed", fields=rest)


def _fields(before: object, after: object) -> tuple[tuple[str, str, str], ...]:
    old: Mapping[str, Any] = document.encode(before) if before is not None else {}
    new: Mapping[str, Any] = document.encode(after) if after is not None else {}
    return tuple(
        (
            name,
            document.canonical(old[name]) if name in old else "",
            document.canonical(new[name]) if name in new else "",
        )
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    )
