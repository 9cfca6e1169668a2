"""The nouns of dataset rules: what an officer wrote about each dataset of the district.

A RuleBook names the Sources (databases, folders) and the Datasets in them; a Dataset says why
it is kept, what may be in it, who may read it, how it is stored, how long, with whom it is
shared, and what keeps it from being destroyed (Hold). Facts carry a Basis with its status.
What a file says is checked here as far as one record can tell; what needs the whole file is
checked by `audit.lifecycle.rule_file`. Values only.
"""

from __future__ import annotations

from dataclasses import dataclass

from audit.lifecycle.rule_ends import (
    Backup,
    Child,
    Destruction,
    Document,
    Hold,
    Parameter,
    Replica,
    Retention,
    Rows,
)
from audit.lifecycle.rule_times import Day, Period
from audit.lifecycle.rule_words import (
    MINOR,
    ColumnName,
    Form,
    Ground,
    Privilege,
    RecordKind,
    Sealed,
    TableName,
    Then,
    Use,
)
from rules.model import Basis
from rules.recognise.personal.kinds import Kind

__all__ = [
    "MINOR",
    "Access",
    "Backup",
    "Child",
    "Collection",
    "ColumnName",
    "Consent",
    "Dataset",
    "Day",
    "Destruction",
    "Document",
    "Entrusted",
    "Export",
    "Form",
    "Grant",
    "Ground",
    "Held",
    "Hold",
    "Legal",
    "Parameter",
    "Period",
    "Privilege",
    "Record",
    "RecordKind",
    "Replica",
    "Retention",
    "Rows",
    "RuleBook",
    "Sealed",
    "Sharing",
    "Source",
    "Storage",
    "TableName",
    "Then",
    "Use",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A database or a folder, by the name that `--db NAME=URL` and tables use."""

    name: str
    title: str = ""
    use: Use = Use.PRODUCTION
    known_as: tuple[str, ...] = ()  # ids of this source in an inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Where a dataset lies: tables of a source, or files by pattern."""

    source: str
    tables: tuple[TableName, ...] = ()
    files: tuple[str, ...] = ()  # globs below the folder

    def __post_init__(self) -> None:
        if not self.tables and not self.files:
            raise ValueError("`tables` or `files` is wanted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """采集范围: what may be in the dataset, by kind and by name."""

    kinds: tuple[Kind, ...] = ()
    columns: tuple[str, ...] = ()  # table.column, `*` allowed: these may be there whatever they are
    closed: bool = False  # True: no column but those in `columns` may be there at all
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Where it is recorded that somebody agreed.

    `recorded` counts where it is not null and, with `given`, is one of these words. In another
    table than the subjects', `key` there equals `subject` here.
    """

    recorded: ColumnName
    given: tuple[str, ...] = ()
    withdrawn: ColumnName | None = None  # not null: taken back
    subject: ColumnName | None = None
    key: ColumnName | None = None
    born: ColumnName | None = None  # of the subjects' table; for guardians' consent
    born_form: Form = Form.DATE
    under: int = MINOR

    def __post_init__(self) -> None:
        if (self.subject is None) != (self.key is None):
            raise ValueError("`subject` and `key` belong together")
        subjects = self.subject or self.born
        if self.subject is None and self.born is not None and self.born.of != self.recorded.of:
            raise ValueError("`born` is in another table than `recorded`: name `subject` and `key`")
        if self.subject and self.born and self.born.of != self.subject.of:
            raise ValueError("`born` and `subject` are in different tables")
        if self.key is not None and self.key.of != self.recorded.of:
            raise ValueError("`key` and `recorded` are in different tables")
        if self.withdrawn is not None and self.withdrawn.of != self.recorded.of:
            raise ValueError("`withdrawn` and `recorded` are in different tables")
        if subjects is None and self.under != MINOR:
            raise ValueError("`under` without `born`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Legal:
    """Why it is lawful. `guardian`: consent of the guardians of those under 14."""

    ground: Ground
    consent: Consent | None = None
    guardian: Consent | None = None
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.guardian is not None and self.guardian.born is None:
            raise ValueError("`guardian` without `born`: who is under 14?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role of a database, what it may do, and who is behind it."""

    role: str  # PostgreSQL: a role; MySQL: user or user@host
    privileges: tuple[Privilege, ...]
    tables: tuple[TableName, ...] = ()  # empty: every table of the dataset
    columns: tuple[str, ...] = ()  # names; empty: all
    source: str = ""
    members: tuple[str, ...] = ()  # roles that may have it by membership; `*` allowed
    people: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """访问权限. `owners` and `administrators` are said to be so; nobody else may be."""

    grants: tuple[Grant, ...] = ()
    owners: tuple[str, ...] = ()
    administrators: tuple[str, ...] = ()  # superusers and roles that read everything
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """Where it lies and how it is encrypted there."""

    place: str
    encrypted: tuple[Sealed, ...] = ()
    columns: tuple[ColumnName, ...] = ()  # with `field`: which
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if Sealed.NONE in self.encrypted and len(self.encrypted) > 1:
            raise ValueError("`none` beside another encryption")
        if (Sealed.FIELD in self.encrypted) != bool(self.columns):
            raise ValueError("`field` encryption names its `columns`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """共享: what another processor gets. `approval` is the share's id in the book."""

    recipient: str
    purpose: str
    fields: tuple[str, ...]
    masked: str  # a policy's name, or `none`
    until: Day
    approval: str = ""
    roles: tuple[str, ...] = ()  # database roles of the recipient
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrusted:
    """委托处理: a contractor with a contract until a day; at its end data is returned."""

    contractor: str
    purpose: str
    contract: Document
    roles: tuple[str, ...] = ()  # database roles of the contractor
    returned: Document | None = None  # that it was given back or deleted
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.contract.until is None:
            raise ValueError("`contract` without `until`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """出境. `allowed: false` says that it does not leave the country."""

    allowed: bool
    to: str = ""
    approval: Document | None = None  # 安全评估, 标准合同备案, 认证
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.allowed and (not self.to or self.approval is None):
            raise ValueError("`allowed` export names `to` and `approval`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record that must be kept for three years and longer."""

    kind: RecordKind
    document: Document
    kept: Period
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One dataset with everything its officer wrote about it."""

    id: str
    name: str
    owner: str  # the person responsible
    purpose: str
    holds: tuple[Held, ...]
    minors: bool  # whether under-14s are among its subjects
    collection: Collection
    legal: Legal
    access: Access
    storage: Storage
    retention: tuple[Retention, ...]
    destruction: Destruction
    sharing: tuple[Sharing, ...] = ()
    entrusted: tuple[Entrusted, ...] = ()
    export: Export
    legal_holds: tuple[Hold, ...] = ()
    backups: tuple[Backup, ...] = ()
    replicas: tuple[Replica, ...] = ()
    records: tuple[Record, ...] = ()
    basis: tuple[Basis, ...] = ()
    limits: str = ""

    def source_of(self, name: TableName) -> str:
        """The source a table is of: the one it names, or the dataset's only one."""
        return name.source or (self.holds[0].source if self.holds else "")

    def has(self, source: str, schema: str, table: str) -> bool:
        """Whether a table of a source belongs to this dataset."""
        return any(
            held.source == source and any(one.covers(schema, table) for one in held.tables)
            for held in self.holds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleBook:
    """The content of a rules file."""

    district: str
    sources: tuple[Source, ...]
    datasets: tuple[Dataset, ...]
    parameters: tuple[Parameter, ...] = ()

    def period(self, retention: Retention) -> Period | None:
        """How long; None: the parameter is not fixed yet."""
        if retention.period is not None:
            return retention.period
        return self.parameter_of(retention.parameter).period

    def parameter_of(self, id_: str) -> Parameter:
        """A parameter by id. Raises KeyError (a read file names only those it has)."""
        return {one.id: one for one in self.parameters}[id_]

    def dataset(self, id_: str) -> Dataset | None:
        """A dataset by id."""
        return next((one for one in self.datasets if one.id == id_), None)
