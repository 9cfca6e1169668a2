"""A database's tables as a masking job sees them, and the tables of its copy.

The copy keeps keys, uniqueness, foreign keys and indexes; it loses defaults and generated
values (its rows bring theirs), and text columns that are masked become wide enough for masks.
Knows SQLAlchemy's descriptions only; nothing here talks to a database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import types as sql

from audit.lifecycle.mask import Family, Field, Shape, Step, TablePlan
from policies.masks_model import Algorithm

WIDE = 64  # characters a masked text may need
_FAMILIES: tuple[tuple[Any, Family], ...] = (
    (sql.Boolean, Family.TRUTH),
    (sql.Enum, Family.OTHER),
    (sql.Uuid, Family.UUID),
    (sql.String, Family.TEXT),
    (sql.Integer, Family.WHOLE),
    (sql.Numeric, Family.NUMBER),
    (sql.DateTime, Family.TIME),
    (sql.Date, Family.DATE),
    (sql.LargeBinary, Family.BYTES),
)

_FEW = {"TINYINT": (2, 128), "MEDIUMINT": (6, 0)}
"""MySQL's own small numbers: digits, and how many values from 0 on."""


def family_of(kind: Any) -> Family:
    """What a column's type holds."""
    return next((family for known, family in _FAMILIES if isinstance(kind, known)), Family.OTHER)


def links_of(tables: Sequence[Table]) -> dict[tuple[str, str], str]:
    """(table, column) → the name of the group of columns it is joined with."""
    group: dict[tuple[str, str], tuple[str, str]] = {}

    def top(one: tuple[str, str]) -> tuple[str, str]:
        while group.get(one, one) != one:
            one = group[one]
        return one

    for table in tables:
        for constraint in table.foreign_key_constraints:
            for element in constraint.elements:
                here = (table.name, element.parent.name)
                there = (element.column.table.name, element.column.name)
                group.setdefault(here, here)
                group.setdefault(there, there)
                low, high = sorted((top(here), top(there)))
                group[high] = low
    return {one: ".".join(top(one)) for one in group}


def shape_of(table: Table, links: Mapping[tuple[str, str], str]) -> Shape:
    """The table's columns."""
    alone = {
        next(iter(one.columns)).name
        for one in (*table.constraints, *(index for index in table.indexes if index.unique))
        if isinstance(one, UniqueConstraint | Index) and len(one.columns) == 1
    }
    primary = {column.name for column in table.primary_key.columns}
    fields = []
    for column in table.columns:
        digits, most = _digits(column.type)
        fields.append(
            Field(
                name=column.name,
                family=family_of(column.type),
                nullable=bool(column.nullable) and column.name not in primary,
                unique=column.name in alone or primary == {column.name},
                key=column.name in primary or (table.name, column.name) in links,
                link=links.get((table.name, column.name), ""),
                digits=digits,
                most=most,
            )
        )
    return Shape(name=table.name, fields=tuple(fields))


def _digits(kind: Any) -> tuple[int, int]:
    """How many digits a number's type holds, and how many values from 0 on where they are few."""
    few = _FEW.get(kind.__class__.__name__.upper())
    if few is not None:
        return few
    if isinstance(kind, sql.SmallInteger):
        return 4, 32_768
    if isinstance(kind, sql.BigInteger):
        return 18, 0
    if isinstance(kind, sql.Numeric) and not isinstance(kind, sql.Float):
        whole = kind.precision is not None and not kind.scale
        return (min(int(kind.precision or 0), 18), 0) if whole else (0, 0)
    return (0, 0) if isinstance(kind, sql.Float) else (9, 0)


def same_for_linked(plans: Sequence[TablePlan]) -> list[TablePlan]:
    """Columns that are joined are masked alike: as the one of them that was recognised."""
    leaders: dict[str, Step] = {}
    digits: dict[str, tuple[int, int]] = {}
    for table in plans:
        for step in table.steps:
            link = step.field.link
            if link:
                held = step.field.digits, step.field.most
                digits[link] = min(digits.get(link, (18, 0)), held)
                known = leaders.get(link)
                if known is None or (known.kind is None and step.kind is not None):
                    leaders[link] = step

    def alike(step: Step) -> Step:
        leader = leaders.get(step.field.link)
        if leader is None:
            return step
        held, most = digits[step.field.link]
        told = replace(step.field, digits=held, most=most)
        return replace(
            step, field=told, kind=leader.kind, by=leader.by, mask=leader.mask,
            permute=leader.permute, note=leader.note,
        )  # fmt: skip

    return [replace(one, steps=tuple(map(alike, one.steps))) for one in plans]


def copy_of(table: Table, plan: TablePlan, made: MetaData, schema: str) -> Table:
    """The table of the copy."""
    head = f"{schema}." if schema else ""
    steps = {step.field.name: step for step in plan.steps}
    columns: list[Any] = [
        Column(
            column.name,
            _type(column, steps[column.name]),
            nullable=column.nullable,
            primary_key=column.primary_key,
            autoincrement=False,
        )
        for column in table.columns
    ]
    inside = {one.name for one in table.metadata.tables.values()}
    joined = sorted(table.foreign_key_constraints, key=lambda one: [*one.columns.keys()])
    for place, constraint in enumerate(joined):
        referred = constraint.referred_table.name
        if referred in inside:
            columns.append(
                ForeignKeyConstraint(
                    [column.name for column in constraint.columns],
                    [f"{head}{referred}.{one.column.name}" for one in constraint.elements],
                    name=constraint.name or f"fk_{table.name}_{place}",
                )
            )
    columns += [
        UniqueConstraint(*[column.name for column in one.columns], name=one.name)
        for one in sorted(table.constraints, key=_columns)
        if isinstance(one, UniqueConstraint)
    ]
    copy = Table(table.name, made, *columns, schema=schema or None)
    unique = {one.name for one in table.constraints if isinstance(one, UniqueConstraint)}
    for index in table.indexes:
        if index.name not in unique and len(index.columns):
            Index(index.name, *[copy.c[one.name] for one in index.columns], unique=index.unique)
    return copy


def _type(column: Column[Any], step: Step) -> Any:
    algorithm = step.mask.algorithm
    if step.field.family is not Family.TEXT or algorithm is Algorithm.PASS:
        return column.type
    if algorithm is Algorithm.SEAL and not step.field.key:
        return Text()
    length = getattr(column.type, "length", None)
    if length is None or length >= 65_000:
        return String(255) if step.field.key else Text()
    return String(max(int(length), WIDE))


def _columns(constraint: Any) -> list[str]:
    """An order that is the same in every run."""
    return sorted(map(str, getattr(constraint, "columns", ())))
