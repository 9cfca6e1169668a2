"""The nouns of the data lifecycle. Values only; never a value of a person.

A Source is a database or a set of files; a Column is one of its columns with what sampling
came to (Judged); a Grade says how sensitive it is and why. A DatasetRule is what an officer
wrote about a dataset (purpose, access, retention, sharing); a Breach is where reality differs.
Counts and shares only: whoever reads these can not learn what anybody is called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rules.model import Basis, Text
from rules.recognise.personal.kinds import Kind


class Stage(StrEnum):
    """六个环节: the stages of the life of data."""

    COLLECT = "collect"  # 收集
    AGGREGATE = "aggregate"  # 汇聚
    STORE = "store"  # 存储
    CIRCULATE = "circulate"  # 流通
    USE = "use"  # 应用
    DESTROY = "destroy"  # 销毁


class By(StrEnum):
    """What told a column's kind."""

    VALUES = "values"
    HEADER = "header"
    BOTH = "both"
    OFFICER = "officer"  # set by a person, with a reason
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a column is: source id, schema or folder, table or file (and sheet), column or path."""

    source: str
    schema: str = ""
    table: str = ""
    column: str = ""

    def __str__(self) -> str:
        return ".".join(
            part for part in (self.source, self.schema, self.table, self.column) if part
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a column holds. Shares are of the non-empty values sampled (0 to 1)."""

    at: Address
    kind: Kind | None
    by: By
    sampled: int  # non-empty values looked at
    empty: float = 0.0  # share of empty values
    verified: float = 0.0
    suspected: float = 0.0
    distinct: int | None = None  # of the sample
    header_says: Kind | None = None
    values_say: Kind | None = None
    conflict: bool = False
    mixed: tuple[Kind, ...] = ()  # kinds found inside free text
    type: str = ""  # the database's type
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table or file (or sheet) with its columns."""

    source: str
    schema: str
    name: str
    rows: int | None  # estimated or counted; None: not known
    columns: tuple[Judged, ...]
    links: tuple[Linked, ...] = ()
    fingerprint: str = ""  # of structure and size: unchanged tables are not scanned again
    subjects: Text | None = None
    problem: Text | None = None  # why it could not be read
    note: Text | None = None  # how it was sampled, where that is less than at random
    form: str = "table"  # table, view, partitioned, file
    key: tuple[str, ...] = ()  # primary key
    minors: float | None = None  # share of sampled subjects under 14; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """A foreign key, or columns of the same meaning (`inferred`)."""

    column: Address
    other: Address
    inferred: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """All tables of some sources at one time. `seed` makes the sample again."""

    at: float
    seed: int
    tables: tuple[Table, ...]
    knowledge: str = ""  # digest of the recognisers' knowledge


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """How a column or a table is classed and graded, why, and by what."""

    at: Address
    level: int  # 1 to 4 of 一般数据, 5 重要, 6 核心
    group: Text  # the class (类)
    sensitive: bool  # 敏感个人信息
    reasons: tuple[Text, ...]
    basis: tuple[Basis, ...]
    overridden: str = ""  # who, why
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """Where reality differs from a rule: which stage, which rule, how much."""

    stage: Stage
    rule: str
    at: Address
    severity: str  # low, medium, high
    what: Text
    count: int | None = None  # rows or columns concerned; None: not countable
    known: bool = True  # False: could not be looked at (unknown, never a pass)
    basis: tuple[Basis, ...] = ()
    code: str = ""  # which check of audit/checks/dataset says what to do about it
