"""Masked views of a database for one role: which expression stands for which column. Pure.

What a role reads is the view, so a function, cast, comparison or aggregate of its own only ever
sees what is masked. No key comes near the database: a mask that needs one is looked up in a
table of pairs that only the owner reads (made before), redacted, or refused; so are the masks
that have no exact counterpart in SQL.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Table
from sqlalchemy.engine import Dialect

from audit.lifecycle.mask import Family, Step, TablePlan
from policies.masks_model import Algorithm, Context, Generalise, Keep
from policies.masks_model import Step as To
from policies.masks_plain import REDACTED
from rules.load import DataError, Problem
from rules.model import Text

MARK = "_qinglang_views"
PAIRED = frozenset({Algorithm.FAKE, Algorithm.PSEUDONYM, Algorithm.FF1})
KEYED = PAIRED | {Algorithm.TOKEN, Algorithm.SEAL, Algorithm.SHIFT, Algorithm.NOISE}
NO_SQL = Text(zh="SQL 里没有这种脱敏，改为遮盖", en="no such mask in SQL: redacted")
HAS_KEY = Text(zh="密钥不进数据库，改为遮盖", en="no key comes into the database: redacted")
LOOKED = Text(
    zh="预先算好，从只有所有者可读的对照表取；没有的值遮盖",
    en="made before, looked up in pairs only the owner reads; what is not there is redacted",
)


class Keyed(StrEnum):
    """What becomes of columns whose mask needs a key."""

    REFUSE = "refuse"
    REDACT = "redact"
    PAIRS = "pairs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Values of some columns and their masks, to be made before the views."""

    name: str
    columns: tuple[tuple[str, Step], ...]  # (table, step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One column of a view."""

    name: str
    sql: str
    algorithm: str
    note: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One view: the table's name, its columns, the statement that makes it."""

    name: str
    columns: tuple[Shown, ...]
    sql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """All views of a schema for one role."""

    schema: str
    role: str
    views: tuple[View, ...]
    pairs: tuple[Pairs, ...]


class Speech:
    """One family's way to write things. Everything is named with its schema."""

    def __init__(self, dialect: Dialect) -> None:
        self.postgres = dialect.name == "postgresql"
        self._dialect = dialect
        self._quote = dialect.identifier_preparer.quote_identifier

    def name(self, *parts: str) -> str:
        """A quoted name. Raises DataError for one that no driver takes."""
        if any(set("%:\x00\n\r") & set(part) for part in parts):
            raise _wrong("名称含不可用字符 a name holds % : or a line end", "rename it")
        return ".".join(self._quote(part) for part in parts if part)

    def text(self, sql: str) -> str:
        return f"({sql})::pg_catalog.text" if self.postgres else f"CAST({sql} AS CHAR)"

    def literal(self, value: str) -> str:
        quoted = "'" + value.replace("\\", "").replace("'", "''") + "'"
        return f"{quoted}::pg_catalog.text" if self.postgres else quoted

    def joined(self, *parts: str) -> str:
        return f"({' || '.join(parts)})" if self.postgres else f"CONCAT({', '.join(parts)})"

    def function(self, name: str, *told: str) -> str:
        head = "pg_catalog." if self.postgres else ""
        return f"{head}{name}({', '.join(told)})"

    def typed(self, sql: str, column: Column[Any]) -> str:
        """As the column's own type."""
        if not self.postgres:
            return sql
        return f"({sql})::{column.type.compile(dialect=self._dialect)}"

    def view(self, schema: str, name: str) -> str:
        """The head of a statement that makes a view with its maker's rights."""
        place = self.name(schema, name)
        if self.postgres:
            return f"CREATE VIEW {place} WITH (security_barrier = true)"
        return f"CREATE ALGORITHM = TEMPTABLE SQL SECURITY DEFINER VIEW {place}"


def _wrong(message: str, remedy: str) -> DataError:
    return DataError([Problem(file="views", line=1, column=1, message=message, remedy=remedy)])


def views_of(
    tables: Sequence[Table],
    plans: Sequence[TablePlan],
    dialect: Dialect,
    *,
    base: str,
    schema: str,
    role: str,
    keyed: Keyed,
    domain: Callable[[str, Step], Context],
) -> Views:
    """The views. Raises DataError where `keyed` refuses, with every column and its reason."""
    if dialect.name not in ("postgresql", "mysql"):
        raise _wrong(
            "SQLite 没有账号，视图挡不住任何人 SQLite has no accounts: a view keeps nobody out",
            "make a masked copy: qinglang data mask",
        )
    speech = Speech(dialect)
    made, refused = [], []
    pairs: dict[str, list[tuple[str, Step]]] = {}
    for table, plan in zip(tables, plans, strict=True):
        shown = []
        for step in plan.steps:
            needs = step.permute or step.mask.algorithm in KEYED
            if needs and keyed is Keyed.REFUSE:
                refused.append(f"{table.name}.{step.field.name}")
            place = ""
            if needs and keyed is Keyed.PAIRS and _paired(step):
                known = f"{domain(table.name, step).domain}:{step.mask}:{step.permute}"
                known = f"{known}:{step.field.digits if step.permute else 0}"
                pairs.setdefault(known, []).append((table.name, step))
                place = f"_pairs_{list(pairs).index(known)}"
            shown.append(_shown(speech, table.c[step.field.name], step, schema, place))
        made.append(_view(speech, table.name, shown, base, schema))
    if refused:
        raise DataError(
            Problem(
                file="views", line=1, column=1, remedy="--keyed pairs, or --keyed redact",
                message=f"{one}: 脱敏需要密钥，密钥不得进数据库 the mask needs a key, "
                "which must not come into the database",
            )
            for one in refused
        )  # fmt: skip
    return Views(
        schema=schema, role=role, views=tuple(made),
        pairs=tuple(
            Pairs(name=f"_pairs_{number}", columns=tuple(columns))
            for number, columns in enumerate(pairs.values())
        ),
    )  # fmt: skip


def _paired(step: Step) -> bool:
    return step.permute or step.mask.algorithm in PAIRED


def _view(speech: Speech, name: str, shown: list[Shown], base: str, schema: str) -> View:
    columns = ",\n  ".join(f"{one.sql} AS {speech.name(one.name)}" for one in shown)
    head = speech.view(schema, name)
    source = f"{speech.name(base, name)} AS {speech.name('t')}"
    return View(
        name=name, columns=tuple(shown), sql=f"{head} AS SELECT\n  {columns}\nFROM {source}"
    )


def _shown(speech: Speech, column: Column[Any], step: Step, schema: str, pairs: str) -> Shown:
    name, algorithm = step.field.name, step.mask.algorithm
    own = speech.name("t", name)
    text = step.field.family is Family.TEXT
    if pairs:
        return Shown(name=name, sql=_looked(speech, own, column, text, schema, pairs),
                     algorithm="pairs", note=LOOKED)  # fmt: skip
    sql, note = None, None
    if not step.permute:
        match algorithm:
            case Algorithm.PASS:
                return Shown(name=name, sql=own, algorithm="pass", note=step.note)
            case Algorithm.KEEP:
                sql = _keep(speech, speech.text(own), step.mask.keep)
            case Algorithm.GENERALISE:
                sql = _general(speech, own, step.field.family, step.mask.generalise)
            case _:
                pass
    if sql is None:
        if step.permute or algorithm in KEYED:
            note = HAS_KEY
        elif algorithm not in (Algorithm.REDACT, Algorithm.NULL):
            note = NO_SQL
        algorithm = Algorithm.NULL if algorithm is Algorithm.NULL or not text else Algorithm.REDACT
        sql = f"CASE WHEN FALSE THEN {own} END"  # NULL of the column's own type
        if algorithm is Algorithm.REDACT:
            sql = f"CASE WHEN {own} IS NULL THEN NULL ELSE {speech.literal(REDACTED)} END"
    return Shown(name=name, sql=sql, algorithm=algorithm.value, note=note)


def _looked(
    speech: Speech, own: str, column: Column[Any], text: bool, schema: str, pairs: str
) -> str:
    binary = "" if speech.postgres else " COLLATE utf8mb4_bin"
    found = (
        f"(SELECT m.masked FROM {speech.name(schema, pairs)} AS m"  # noqa: S608
        f" WHERE m.original = {speech.text(own)}{binary})"
    )
    if not text:
        return speech.typed(found, column)
    other = speech.literal(REDACTED)
    return f"CASE WHEN {own} IS NULL THEN NULL ELSE COALESCE({found}, {other}) END"


def _keep(speech: Speech, text: str, told: Keep) -> str:
    """Values too short to keep that much of are redacted whole."""
    first, last = told.first, told.last
    least = next(n for n in range(1, 200) if first + last <= n * 2 // 3 and first + last < n)
    size = speech.function("char_length", text)
    stars = speech.function("repeat", speech.literal(told.star), f"{size} - {first + last}")
    shown = speech.joined(
        speech.function("left", text, str(first)), stars,
        speech.function("right", text, str(last)),
    )  # fmt: skip
    return (
        f"CASE WHEN {text} IS NULL THEN NULL WHEN {size} >= {least} THEN {shown}"
        f" ELSE {speech.literal(REDACTED)} END"
    )


def _general(speech: Speech, own: str, family: Family, told: Generalise) -> str | None:
    """The bands of `policies.masks_plain`; None where the column's type does not allow them."""
    when = family in (Family.DATE, Family.TIME)
    number = family in (Family.WHOLE, Family.NUMBER)
    match told.to:
        case To.MONTH | To.YEAR if when:
            if speech.postgres:
                kind = "date" if family is Family.DATE else "timestamp"
                return f"pg_catalog.date_trunc('{told.to}', {own})::pg_catalog.{kind}"
            if told.to is To.YEAR:
                return f"MAKEDATE(YEAR({own}), 1)"
            return f"DATE_SUB(DATE({own}), INTERVAL DAYOFMONTH({own}) - 1 DAY)"
        case To.AGE if when:
            years = (
                f"pg_catalog.date_part('year', pg_catalog.age(CURRENT_DATE, {own}))"
                if speech.postgres
                else f"TIMESTAMPDIFF(YEAR, {own}, CURDATE())"
            )
            return _band(speech, years, told.width)
        case To.AGE | To.BAND if number:
            return _band(speech, own, told.width)
        case To.REGION if family is Family.TEXT:
            text = speech.text(own)
            left = speech.function("left", text, str(told.width))
            code = speech.function("rpad", left, "6", speech.literal("0"))
            size = speech.function("char_length", text)
            return (
                f"CASE WHEN {own} IS NULL THEN NULL WHEN {size} IN (6, 15, 18) THEN {code}"
                f" ELSE {speech.literal(REDACTED)} END"
            )
        case _:
            return None


def _band(speech: Speech, number: str, width: int) -> str:
    low = f"{speech.function('floor', f'({number}) / {width}.0')} * {width}"
    if not speech.postgres:
        low = f"CAST({low} AS SIGNED)"
        return f"CONCAT({low}, '~', {low} + {width - 1})"
    low = f"({low})::pg_catalog.int8"
    return f"({low}::pg_catalog.text || '~' || ({low} + {width - 1})::pg_catalog.text)"
