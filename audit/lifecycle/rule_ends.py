"""How data of a dataset ends: retention and what then, legal holds, and what still holds a copy.

Values only; `audit.lifecycle.rules` names all of them.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from audit.lifecycle.rule_times import Day, Period
from audit.lifecycle.rule_words import ColumnName, Form, Sealed, Then
from rules.model import Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A paper that says so: an approval, a contract, a report."""

    number: str
    title: str = ""
    by: str = ""  # who approved or signed
    dated: Day | None = None
    until: Day | None = None  # its last day
    place: str = ""  # where it is kept: a file beside the rules, a shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """Rows that go with those of the table above: `column` equals `parent` there."""

    column: ColumnName
    parent: ColumnName


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """存储周期: how long rows of one table are kept, counted from a column of it, and then.

    `period` or the `parameter` that holds it (its document number stands there). Rows without a
    day in `since` are never due, and reported unless they may be empty. `files` count
    from the time they were last changed.
    """

    id: str
    since: ColumnName | None = None
    since_form: Form = Form.DATE
    may_be_empty: bool = False  # True: no day there means that the period has not begun
    files: tuple[str, ...] = ()  # globs: files of the dataset, by the time they were changed
    period: Period | None = None
    parameter: str = ""
    then: Then
    children: tuple[Child, ...] = ()  # in any order; parents are found by their tables
    anonymise: tuple[ColumnName, ...] = ()  # with `then: anonymise`: the columns emptied
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if (self.period is None) == (not self.parameter):
            raise ValueError("either `period` or `parameter`")
        if (self.since is None) == (not self.files):
            raise ValueError("either `since` (a column) or `files`")
        if self.anonymise and (self.then is not Then.ANONYMISE or self.since is None):
            raise ValueError("`anonymise` goes with `since` and `then: anonymise`")
        if self.since in self.anonymise:
            raise ValueError("`anonymise`: the day in `since` stays")
        if self.since is None:
            if self.children:
                raise ValueError("files have no `children`")
            return
        known, left = {self.since.of}, list(self.children)
        while left:
            found = [one for one in left if one.parent.of in known]
            if not found:
                raise ValueError(f"`{left[0].parent}`: no table above leads there")
            for one in found:
                known.add(one.column.of)
                left.remove(one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A period that another document fixes; without a period it is not known yet."""

    id: str
    title: str
    period: Period | None = None
    document: Document | None = None
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.period is not None and self.document is None:
            raise ValueError("`period` without the `document` that approved it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """How it is destroyed: who decides, and by what means."""

    approvers: tuple[str, ...]
    method: str = ""
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if len({"".join(one.split()).casefold() for one in self.approvers}) < 2:
            raise ValueError("`approvers`: two different people")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some rows: those whose column has one of the values."""

    column: ColumnName
    values: tuple[str, ...]  # keys of rows; never printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Legal hold: these rows, or the whole dataset, are not destroyed until a day."""

    id: str
    reason: str
    document: Document
    since: Day
    until: Day | None = None  # last day; None: until it is ended
    whole: bool = False
    rows: tuple[Rows, ...] = ()
    files: tuple[str, ...] = ()  # globs

    def __post_init__(self) -> None:
        if self.whole == bool(self.rows or self.files):
            raise ValueError("either `whole: true` or `rows` and `files`")

    def stands(self, at: dt.date) -> bool:
        """Whether it holds on a day; through its last day."""
        return self.since <= at and (self.until is None or at <= self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that still holds what was destroyed, for so long."""

    name: str
    place: str
    kept: Period
    source: str = ""
    encrypted: Sealed = Sealed.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Another server with the same rows."""

    name: str
    place: str
    source: str = ""
    delay: Period | None = None  # applied so much later
