"""The words of dataset rules: closed choices, and names of tables and columns as text.

`source:schema.table.column`; without a source it is of the dataset's only one, without a schema
of any. Values only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

MINOR = 14  # 个人信息保护法 art. 28, 31


class Use(StrEnum):
    """What a source is for."""

    PRODUCTION = "production"
    TEST = "test"  # test, development, training: nothing of a real person may be here
    ARCHIVE = "archive"


class Then(StrEnum):
    """What becomes of rows whose time is over."""

    DESTROY = "destroy"
    ANONYMISE = "anonymise"
    ARCHIVE = "archive"


class Ground(StrEnum):
    """合法性基础 (个人信息保护法 art. 13)."""

    CONSENT = "consent"  # 同意
    CONTRACT = "contract"  # 订立、履行合同, 人力资源管理
    DUTY = "duty"  # 法定职责、法定义务
    EMERGENCY = "emergency"  # 突发公共卫生事件、紧急情况
    NEWS = "news"  # 新闻报道、舆论监督
    PUBLIC = "public"  # 已公开
    LAW = "law"  # 法律、行政法规规定的其他情形


class Form(StrEnum):
    """How a column writes a day."""

    DATE = "date"  # date, timestamp
    TEXT = "text"  # 2026-09-01 … as text
    COMPACT = "compact"  # 20260901 as text or number
    UNIX = "unix"  # seconds


class Sealed(StrEnum):
    """How data is encrypted where it lies."""

    VOLUME = "volume"  # disk or file system: a database can not see it
    DATABASE = "database"  # tablespace or table encryption of the server
    FIELD = "field"  # the values of named columns
    NONE = "none"


class Privilege(StrEnum):
    """What a database lets a role do with a table."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    TRUNCATE = "truncate"
    REFERENCES = "references"
    TRIGGER = "trigger"
    DDL = "ddl"  # alter, drop, index: the owner's
    GRANT = "grant"  # hand on what one has


class RecordKind(StrEnum):
    """Records that must be there and be kept."""

    ASSESSMENT = "assessment"  # 个人信息保护影响评估 (PIPL 55, 56)
    SHARING = "sharing"  # 对外提供处理记录
    ENTRUSTING = "entrusting"  # 委托处理记录
    NOTICE = "notice"  # 告知 (PIPL 17)
    MINORS = "minors"  # 不满十四周岁的专门处理规则 (PIPL 31)
    AUDIT = "audit"  # 年度合规审计 (未成年人网络保护条例 37)


_PART = re.compile(r'"((?:[^"]|"")+)"|([^."\s:]+)')


def _parts(text: str, least: int, most: int, shape: str) -> tuple[str, list[str]]:
    """(source, names) of `source:a.b`; a name with a dot stands in double quotes."""
    source, colon, rest = text.strip().partition(":")
    if not colon:
        source, rest = "", source
    names, place = [], 0
    while place < len(rest):
        found = _PART.match(rest, place)
        if found is None:
            break
        names.append(found[1].replace('""', '"') if found[1] is not None else found[2])
        place = found.end()
        if place < len(rest):
            if rest[place] != "." or place + 1 == len(rest):
                break
            place += 1
    if place < len(rest) or not least <= len(names) <= most or (colon and not source):
        raise ValueError(f"`{text}` is not {shape}")
    return source, names


@dataclass(frozen=True, slots=True, kw_only=True)
class TableName:
    """`[source:][schema.]table`. Without a source it is of the dataset's only one."""

    table: str
    schema: str = ""
    source: str = ""

    @classmethod
    def parse(cls, text: str) -> TableName:
        source, names = _parts(text, 1, 2, "[source:][schema.]table")
        return cls(table=names[-1], schema=names[0] if len(names) == 2 else "", source=source)

    def __str__(self) -> str:
        path = ".".join(one for one in (self.schema, self.table) if one)
        return f"{self.source}:{path}" if self.source else path

    def covers(self, schema: str, table: str) -> bool:
        """Whether a table of the source is meant; without a schema, in any of them."""
        return self.table == table and self.schema in ("", schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnName:
    """`[source:][schema.]table.column`."""

    column: str
    table: str
    schema: str = ""
    source: str = ""

    @classmethod
    def parse(cls, text: str) -> ColumnName:
        source, names = _parts(text, 2, 3, "[source:][schema.]table.column")
        schema = names[0] if len(names) == 3 else ""
        return cls(column=names[-1], table=names[-2], schema=schema, source=source)

    def __str__(self) -> str:
        return f"{self.of}.{self.column}"

    @property
    def of(self) -> TableName:
        return TableName(table=self.table, schema=self.schema, source=self.source)
