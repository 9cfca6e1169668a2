"""What was seen of one source when its dataset rules were checked: names, rights and counts.

Values only, and never a value of a person: tables and columns by name, rights by role, counts
by what was counted. What could not be looked at says why, instead of a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audit.lifecycle.rules import Privilege, TableName
from rules.model import Text
from rules.recognise.personal.kinds import Kind

PUBLIC = "PUBLIC"
"""Everybody who can log in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenTable:
    """One table, view or file with the names of its columns."""

    schema: str
    name: str
    columns: tuple[str, ...]
    form: str = "table"
    sealed: bool | None = None  # encrypted by the server; None: could not be told


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What a role may do with a table, in effect. `columns` empty: all of it."""

    role: str
    privilege: Privilege
    schema: str
    table: str
    columns: tuple[str, ...] = ()
    via: tuple[str, ...] = ()  # the roles through which it has it, nearest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Who may do what in a database."""

    entries: tuple[Right, ...] = ()
    owners: Mapping[tuple[str, str], str] = field(default_factory=dict)  # (schema, table) → role
    mighty: Mapping[str, str] = field(default_factory=dict)  # role → why it may do everything


@dataclass(frozen=True, slots=True, kw_only=True)
class RealValues:
    """A column of a test source with values that are no fakes; counts of a sample."""

    schema: str
    table: str
    column: str
    kind: Kind
    count: int
    verified: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reality:
    """One source. A number in `counts` was counted; a Text says why it was not."""

    source: str
    kind: str  # postgresql, mysql, sqlite, file
    tables: tuple[SeenTable, ...] = ()
    rights: Rights | Text | None = None  # None: a source without rights of its own
    counts: Mapping[str, int | Text] = field(default_factory=dict)
    fields: Mapping[str, bool | Text] = field(default_factory=dict)  # column → sealed
    real: tuple[RealValues, ...] = ()
    unread: Mapping[str, Text] = field(default_factory=dict)  # test tables that were not sampled
    problem: Text | None = None  # nothing could be looked at

    def named(self, name: TableName) -> tuple[SeenTable, ...]:
        """The tables that a name of a rule means."""
        return tuple(one for one in self.tables if name.covers(one.schema, one.name))


def due(dataset: str, retention: str) -> str:
    """The key of the count of rows whose time is over."""
    return f"{dataset}/{retention}/due"


def undated(dataset: str, retention: str) -> str:
    """The key of the count of rows without a day to count from."""
    return f"{dataset}/{retention}/undated"


def agreed(dataset: str, which: str) -> str:
    """The key of the count of subjects without `consent` or `guardian` consent."""
    return f"{dataset}/{which}/missing"


def ageless(dataset: str) -> str:
    """The key of the count of subjects of unknown age without a guardian's consent."""
    return f"{dataset}/guardian/ageless"
