"""What in imported audit logs is out of the ordinary: rules as data, findings, and `unknown`. Pure.

Entries come in the order of time, once; what is remembered is bounded. A place where a log has a
gap is `unknown`: nothing is known of what was done there, so it never counts as held.
"""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from audit.lifecycle.habit import WINDOW, Habit, bound
from audit.lifecycle.logs.model import Entry, Verb
from audit.lifecycle.people import Person
from audit.model import Severity
from policies.calendar import BIT, Calendar, DayKind

MOST = 100_000  # pairs and accounts remembered
MOST_TIMES = 10_000  # of an example
AT_WORK = BIT[DayKind.SCHOOL_DAY]  # Monday to Friday and no holiday, or made up (调休)


class Sign(StrEnum):
    """What a rule looks for."""

    EXPORT = "export"
    UNFILTERED = "unfiltered"
    ROWS = "rows"
    HOURS = "hours"
    LEFT = "left"
    FIRST = "first"
    STRUCTURE = "structure"
    AUDITING = "auditing"
    REFUSED = "refused"
    SERVICE = "service"
    USUAL = "usual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One thing done (or `times` of it, a second apart), and whether the rule must see it."""

    hit: bool
    verb: Verb = Verb.READ
    at: str = "2026-11-23T10:00:00"  # a Monday
    account: str = "ann"
    tables: tuple[str, ...] = ("students",)
    program: str = ""
    rows: int = 0
    export: bool = False
    unfiltered: bool = False
    auditing: bool = False
    times: int = 1
    before: tuple[int, ...] = ()  # rows read on each of the days before

    def __post_init__(self) -> None:
        try:
            dt.datetime.fromisoformat(self.at)
        except ValueError:
            raise ValueError("`at` 须为 2026-11-23T10:00:00 这样的时刻 is no time") from None
        if not 1 <= self.times <= MOST_TIMES or min(self.rows, *self.before, 0) < 0:
            raise ValueError(f"`times` 1 – {MOST_TIMES}, `rows` 0 –, `before` 0 –")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. Which of the figures count depends on the sign."""

    id: str
    sign: Sign
    title: str
    severity: Severity
    clauses: tuple[str, ...]
    examples: tuple[Example, ...]
    limit: int = 0  # rows (of a day: never told below), or failed logins
    seconds: int = 0  # within which the logins failed
    begins: int = 0  # first hour of work
    ends: int = 24  # first hour after work
    days: int = 0  # of a log, in which every pair is new; or that must be known of an account
    spread: int = 0  # how many spreads beyond the median of its days
    programs: tuple[str, ...] = ()  # of a person at a terminal

    def __post_init__(self) -> None:
        wrong = []
        if min(self.limit, self.seconds, self.days, self.spread) < 0:
            wrong.append("`limit`, `seconds`, `days`, `spread` 不得为负 may not be negative")
        if not 0 <= self.begins < self.ends <= 24:
            wrong.append("0 ≤ `begins` < `ends` ≤ 24")
        if self.sign in (Sign.ROWS, Sign.REFUSED) and self.limit < 1:
            wrong.append("`limit` 至少为 1 is at least 1")
        if self.sign is Sign.USUAL and (not 3 <= self.days <= WINDOW or self.spread < 1):
            wrong.append(f"`days` 3 – {WINDOW}, `spread` 1 –")
        if self.sign is Sign.REFUSED and self.seconds < 1:
            wrong.append("`seconds` 至少为 1 is at least 1")
        if self.sign is Sign.SERVICE and not self.programs:
            wrong.append("`programs` 不得为空 may not be empty")
        if not self.clauses:
            wrong.append("`clauses` 要有依据 a basis is wanted")
        if wrong:
            raise ValueError(f"{self.id}: " + "; ".join(wrong))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyFile:
    """The content of a rules file; `tables` hold personal data."""

    tables: tuple[str, ...]
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        names = [one.id for one in self.rules]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"`id` 重复 stands twice: {', '.join(twice)}")
        if not self.tables:
            raise ValueError("`tables` 不得为空 may not be empty")
        untrue = list(unproved(self))
        if untrue:
            raise ValueError("示例不成立 examples do not hold: " + "; ".join(untrue))


@dataclass(slots=True, kw_only=True)
class State:
    """What is remembered while entries pass."""

    zone: dt.tzinfo
    people: Mapping[str, Person] = field(default_factory=dict)  # by database account
    began: dict[str, float] = field(default_factory=dict)  # by source
    pairs: set[tuple[str, str, str]] = field(default_factory=set)
    refused: dict[tuple[str, str, str], deque[float]] = field(default_factory=dict)
    habits: dict[tuple[str, str, str], Habit] = field(default_factory=dict)
    unlearnt: set[tuple[str, str, int]] = field(default_factory=set)  # account, day: too early
    full: bool = False  # first sight was no longer remembered
    calendar: Calendar = field(default_factory=lambda: Calendar(()))
    unsure: set[int] = field(default_factory=set)  # years whose holidays would have decided


def by_account(people: Iterable[Person]) -> dict[str, Person]:
    """People by the accounts they have in databases."""
    return {account: one for one in people for account in one.databases}


def judged(file: AnomalyFile, source: str, one: Entry, state: State) -> Iterator[Rule]:
    """The rules that see something in this entry."""
    return _judged(file.tables, file.rules, source, one, state)


def _judged(
    tables: tuple[str, ...], rules: tuple[Rule, ...], source: str, one: Entry, state: State
) -> Iterator[Rule]:
    state.began.setdefault(source, one.at)
    personal = personal_tables(tables, one)
    for rule in rules:
        if _SIGNS[rule.sign](rule, source, one, personal, state):
            yield rule


def examined(file: AnomalyFile, rule: Rule, case: Example, state: State) -> bool:
    """Whether the rule, alone, sees the example."""
    at = dt.datetime.fromisoformat(case.at).replace(tzinfo=state.zone).timestamp()
    seen = False
    for number, rows in enumerate(case.before):
        past = replace(case, rows=rows, before=(), times=1)
        entry = _entry(past, at - 86_400 * (len(case.before) - number))
        list(_judged(file.tables, (rule,), "example", entry, state))
    for number in range(case.times):
        entry = _entry(case, at + number)
        seen |= bool(list(_judged(file.tables, (rule,), "example", entry, state)))
    return seen


def unproved(file: AnomalyFile) -> Iterator[str]:
    """Rules whose own examples they do not see, or see where they should not.

    In an example `robot` is a service account, `gone` that of somebody who left the day before.
    """
    gone, robot = Person(id="gone", leaves="2026-11-22"), Person(id="robot", service=True)
    for rule in file.rules:
        for number, case in enumerate(rule.examples, 1):
            state = State(zone=dt.UTC, people={"gone": gone, "robot": robot})
            if examined(file, rule, case, state) is not case.hit:
                yield f"{rule.id} [{number}]"


def _entry(case: Example, at: float) -> Entry:
    from audit.lifecycle.logs.model import Reduced

    did = Reduced(
        verb=case.verb,
        command=case.verb.value,
        tables=case.tables,
        export=case.export,
        filtered=not case.unfiltered,
        auditing=case.auditing,
    )
    return Entry(at=at, line=1, did=did, account=case.account, program=case.program, rows=case.rows)


def personal_tables(tables: tuple[str, ...], one: Entry) -> list[str]:
    """The tables of an entry that hold personal data."""
    return [table for table in one.did.tables if _matches(table, tables)]


def _matches(table: str, wanted: tuple[str, ...]) -> bool:
    return any(table == name or table.endswith(f".{name}") for name in wanted)


def _export(_r: Rule, _s: str, one: Entry, personal: list[str], _t: State) -> bool:
    return one.did.export and bool(personal)


def _unfiltered(_r: Rule, _s: str, one: Entry, personal: list[str], _t: State) -> bool:
    return one.did.verb is Verb.READ and one.did.filtered is False and bool(personal)


def _rows(rule: Rule, _s: str, one: Entry, personal: list[str], _t: State) -> bool:
    return bool(personal) and one.rows is not None and one.rows > rule.limit


def _hours(rule: Rule, _s: str, one: Entry, personal: list[str], state: State) -> bool:
    """Where the year's holidays are not known the day of the week decides, and this is kept."""
    known = state.people.get(one.account)
    if not personal or (known is not None and known.service):
        return False
    when = dt.datetime.fromtimestamp(one.at, state.zone)
    if not rule.begins <= when.hour < rule.ends:
        return True
    kinds = state.calendar.kinds(when.date().isoformat())
    if kinds & BIT[DayKind.UNKNOWN]:
        state.unsure.add(when.year)
        return when.weekday() >= 5
    return not kinds & AT_WORK


def _left(_r: Rule, _s: str, one: Entry, _p: list[str], state: State) -> bool:
    known = state.people.get(one.account)
    if known is None or not known.leaves or one.did.verb is Verb.REFUSED:
        return False
    day = dt.datetime.fromtimestamp(one.at, state.zone).date()
    return day >= dt.date.fromisoformat(known.leaves)


def _first(rule: Rule, source: str, one: Entry, personal: list[str], state: State) -> bool:
    new = False
    for table in personal:
        pair = (source, one.account, table)
        if pair in state.pairs:
            continue
        if len(state.pairs) >= MOST:
            state.full = True
            continue
        state.pairs.add(pair)
        new = True
    return new and one.at - state.began[source] >= rule.days * 86_400


def _structure(_r: Rule, _s: str, one: Entry, personal: list[str], _t: State) -> bool:
    return one.did.verb in (Verb.DDL, Verb.GRANT) and bool(personal)


def _auditing(_r: Rule, _s: str, one: Entry, _p: list[str], _t: State) -> bool:
    return one.did.auditing and one.ok is not False


def _refused(rule: Rule, source: str, one: Entry, _p: list[str], state: State) -> bool:
    key = (rule.id, source, one.account)
    if one.did.verb is Verb.LOGIN:
        state.refused.pop(key, None)
    if one.did.verb is not Verb.REFUSED:
        return False
    last = state.refused.pop(key, None) or deque(maxlen=max(rule.limit, 1))
    last.append(one.at)
    state.refused[key] = last
    if len(state.refused) > MOST:
        del state.refused[next(iter(state.refused))]
        state.full = True
    if len(last) < rule.limit or one.at - last[0] > rule.seconds:
        return False
    last.clear()
    return True


def _service(rule: Rule, _s: str, one: Entry, _p: list[str], state: State) -> bool:
    known = state.people.get(one.account)
    return known is not None and known.service and one.program.lower() in rule.programs


def _usual(rule: Rule, source: str, one: Entry, personal: list[str], state: State) -> bool:
    """Once a day; where too few days are known, a day beyond the limit is kept as not judged."""
    if not personal or (one.did.verb is not Verb.READ and not one.did.export):
        return False
    key = (rule.id, source, one.account)
    habit = state.habits.get(key)
    if habit is None:
        if len(state.habits) >= MOST:
            state.full = True
            return False
        habit = state.habits[key] = Habit()
    day = dt.datetime.fromtimestamp(one.at, state.zone).toordinal()
    habit.read(day, one.rows)
    if habit.told or habit.total <= rule.limit:
        return False
    if len(habit.past) < rule.days:
        if len(state.unlearnt) < MOST:
            state.unlearnt.add((source, one.account, day))
        return False
    habit.told = habit.total > bound(habit.past, rule.spread)
    return habit.told


type _Look = Callable[[Rule, str, Entry, list[str], State], bool]
_SIGNS: dict[Sign, _Look] = {
    Sign.EXPORT: _export,
    Sign.UNFILTERED: _unfiltered,
    Sign.ROWS: _rows,
    Sign.HOURS: _hours,
    Sign.LEFT: _left,
    Sign.FIRST: _first,
    Sign.STRUCTURE: _structure,
    Sign.AUDITING: _auditing,
    Sign.REFUSED: _refused,
    Sign.SERVICE: _service,
    Sign.USUAL: _usual,
}
