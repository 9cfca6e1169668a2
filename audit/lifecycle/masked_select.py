"""Where each column of a SELECT comes from, and whether the query may be asked at all. Pure.

Fail closed: a query of anything but known tables and known kinds of expressions is refused.
A masked column may be put out as it is, joined with a column that is masked alike, grouped by
and counted; put into a function, comparison or order, its plain value would come through, so
that is refused. Text as SQL is never parsed, so it is refused too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Alias,
    BindParameter,
    Case,
    Cast,
    Column,
    ColumnClause,
    CompoundSelect,
    Extract,
    False_,
    Function,
    Join,
    Label,
    Null,
    Select,
    Subquery,
    Table,
    True_,
    UnaryExpression,
)
from sqlalchemy import types as sql
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import (
    BinaryExpression,
    BooleanClauseList,
    ClauseList,
    ExpressionClauseList,
    Grouping,
    TypeClause,
)
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.sql.selectable import CTE, Exists, ScalarSelect, SelectStatementGrouping

from audit.lifecycle.mask import Step, TablePlan
from policies.masks_model import Algorithm
from rules.load import DataError, Problem

DEEP = 16  # queries within queries, functions within functions
FUNCTIONS = frozenset({
    "count", "min", "max", "sum", "avg", "lower", "upper", "length", "char_length", "substr",
    "substring", "concat", "coalesce", "nullif", "abs", "round", "floor", "ceil", "trim", "now",
    "current_date", "current_timestamp",
})  # fmt: skip
"""Functions of their arguments alone; others could read what no argument shows."""
NODES: tuple[type, ...] = (
    Table, Alias, Subquery, CTE, Join, Select, CompoundSelect, Exists, ScalarSelect,
    SelectStatementGrouping, Column, Label, BindParameter, Null, True_, False_, BinaryExpression,
    BooleanClauseList, ExpressionClauseList, ClauseList, Grouping, UnaryExpression, Case, Cast,
    TypeClause, Extract, Function, GenericFunction,
)  # fmt: skip
TYPES = (sql.String, sql.Integer, sql.Numeric, sql.Date, sql.DateTime, sql.Boolean, sql.NullType)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The column that an output column is."""

    table: str
    step: Step

    @property
    def alike(self) -> tuple[Any, ...]:
        """What two columns share that are masked to equal values."""
        step = self.step
        where = step.kind or step.field.link or f"{self.table}.{step.field.name}"
        return where, step.mask, step.permute, step.field.digits if step.permute else 0


def refused(zh: str, en: str) -> DataError:
    """A query that is not asked."""
    return DataError(
        [Problem(file="query", line=1, column=1, message=f"{zh} {en}",
                 remedy="put the column out as it is, or use a column that is passed")]
    )  # fmt: skip


class Reader:
    """Reads queries over known tables."""

    def __init__(self, tables: Mapping[str, Table], plans: Sequence[TablePlan]) -> None:
        self._known = {id(table) for table in tables.values()}
        self._steps = {(plan.name, step.field.name): step for plan in plans for step in plan.steps}

    def origins(self, query: Any) -> list[Origin | None]:
        """Per output column: the masked column it is, or None. Raises DataError."""
        if type(query) not in (Select, CompoundSelect):
            raise refused("只接受 select()", "only select() and its unions are asked, no text")
        for node in visitors.iterate(query):
            self._node(node)
        return self._query(query, 0)

    def _node(self, node: Any) -> None:
        """One element of a query is of a kind we know, and brings no text of its own."""
        if type(node) is ColumnClause:
            if not (_star(node) or (_proxy(node) and not node.is_literal)):
                raise refused("列来源不明", "a column of which the table is not known")
        elif type(node) not in NODES and not isinstance(node, GenericFunction | BindParameter):
            raise refused(
                "不认识的表达式", f"an expression that is not known: {type(node).__name__}"
            )
        if isinstance(node, Table) and id(node) not in self._known:
            raise refused("不认识的表", "a table that is not of this engine")
        if isinstance(node, Function | GenericFunction) and (
            node.name.lower() not in FUNCTIONS or bool(getattr(node, "packagenames", ()))
        ):
            raise refused("不认识的函数", "a function that is not known")
        if isinstance(node, BinaryExpression | UnaryExpression):
            for one in (node.operator, getattr(node, "modifier", None)):
                if isinstance(one, operators.custom_op):
                    raise refused("自写运算符", "an operator written as text")
        if isinstance(node, Cast | TypeClause) and type(node.type).__module__ not in (
            "sqlalchemy.sql.sqltypes",
        ):
            raise refused("不认识的类型", "a type that is not known")
        if isinstance(node, BindParameter) and not isinstance(node.type, TYPES):
            raise refused("不认识的参数类型", "a parameter of a type that is not known")
        if isinstance(node, CTE) and node.recursive:
            raise refused("递归查询", "a recursive query")

    def _query(self, query: Any, depth: int, *, exists: bool = False) -> list[Origin | None]:
        if depth > DEEP:
            raise refused("查询过深", "queries within queries go too deep")
        if isinstance(query, SelectStatementGrouping | Grouping | ScalarSelect):
            return self._query(query.element, depth + 1, exists=exists)
        self._plain_parts(query, depth)
        if isinstance(query, CompoundSelect):
            branches = [self._query(one, depth + 1) for one in query.selects]
            return [_same(column) for column in zip(*branches, strict=True)]
        if type(query) is not Select:
            raise refused("不认识的查询", "a query that is not known")
        self._joins(query, depth)
        told = [one["expr"] for one in query.column_descriptions]
        if exists and len(told) == 1 and _star(told[0]):
            return []
        return [self._output(one, depth) for one in told]

    def _plain_parts(self, query: Any, depth: int) -> None:
        """What a query says beside its columns and sources touches no masked column."""
        own = ("_prefixes", "_suffixes", "_hints", "_statement_hints", "_independent_ctes",
               "_for_update_arg", "_with_options", "_fetch_clause")  # fmt: skip
        if any(getattr(query, name, None) for name in own):
            raise refused("带提示或选项的查询", "a query with hints, prefixes, locks or options")
        for name in ("_where_criteria", "_having_criteria"):
            for one in getattr(query, name, ()):
                self._condition(one, depth)
        for one in (*query._order_by_clauses, *getattr(query, "_distinct_on", ())):
            self._unmasked(one, depth)
        for one in query._group_by_clauses:
            if not isinstance(one, Column):
                self._unmasked(one, depth)
            else:
                self._origin(one, depth)
        for one in (query._limit_clause, query._offset_clause):
            if one is not None:
                self._unmasked(one, depth)

    def _joins(self, query: Any, depth: int) -> None:
        sources = [*query._from_obj]
        for target, condition, left, _flags in query._setup_joins:
            sources += [one for one in (target, left) if one is not None]
            if condition is not None:
                self._condition(condition, depth)
        while sources:
            one = sources.pop()
            if isinstance(one, Join):
                sources += [one.left, one.right]
                self._condition(one.onclause, depth)
            elif isinstance(one, Subquery | CTE):
                self._query(one.element, depth + 1)

    def _condition(self, one: Any, depth: int) -> None:
        """A condition: of plain columns, or two columns that are masked alike being equal."""
        if isinstance(one, Grouping):
            self._condition(one.element, depth)
        elif isinstance(one, BooleanClauseList) and one.operator in (operators.and_, operators.or_):
            for part in one.clauses:
                self._condition(part, depth)
        elif isinstance(one, BinaryExpression) and one.operator is operators.eq:
            pair = [
                self._origin(side, depth) if isinstance(side, Column) or _proxy(side) else None
                for side in (one.left, one.right)
            ]
            if pair[0] is None or pair[1] is None or pair[0].alike != pair[1].alike:
                self._unmasked(one, depth)
        else:
            self._unmasked(one, depth)

    def _output(self, one: Any, depth: int) -> Origin | None:
        while isinstance(one, Label | Grouping):
            one = one.element
        if isinstance(one, Column) or _proxy(one):
            return self._origin(one, depth)
        if isinstance(one, ScalarSelect):
            (found,) = self._query(one.element, depth + 1)
            return found
        self._unmasked(one, depth)
        return None

    def _origin(self, column: Any, depth: int) -> Origin | None:
        """The table's column behind a column of a table, an alias or a query."""
        if depth > DEEP:
            raise refused("查询过深", "queries within queries go too deep")
        source = column.table
        if isinstance(source, Alias):
            return self._origin(_inner(source, column), depth + 1)
        if isinstance(source, Subquery | CTE):
            place = next(at for at, one in enumerate(source.c) if one is column)
            found = self._query(source.element, depth + 1)
            if len(found) != len(list(source.c)):
                raise refused("列来源不明", "columns of a query within cannot be told apart")
            return found[place]
        if not isinstance(source, Table) or id(source) not in self._known:
            raise refused("列来源不明", "a column of which the table is not known")
        step = self._steps.get((source.name, column.name))
        if step is None or source.c.get(column.key) is not column:
            raise refused("列来源不明", "a column that is not known")
        if step.mask.algorithm is Algorithm.PASS and not step.permute:
            return None
        return Origin(table=source.name, step=step)

    def _unmasked(self, one: Any, depth: int) -> None:
        """No masked column is anywhere in an expression."""
        if depth > DEEP:
            raise refused("表达式过深", "an expression goes too deep")
        if isinstance(one, Column) or _proxy(one):
            if self._origin(one, depth) is not None:
                raise refused(
                    "脱敏列不能参与运算、比较或排序",
                    "a masked column may not be computed with, compared or ordered by",
                )
        elif isinstance(one, Exists | ScalarSelect):
            there = isinstance(one, Exists)  # says yes or no, whatever its columns are
            if any(self._query(one.element, depth + 1, exists=there)) and not there:
                raise refused("子查询取脱敏列", "a query within yields a masked column")
        elif isinstance(one, Select | CompoundSelect):
            if any(self._query(one, depth + 1)):
                raise refused("子查询取脱敏列", "a query within yields a masked column")
        elif isinstance(one, ColumnClause):
            raise refused("列来源不明", "a column of which the table is not known")
        elif isinstance(one, Function | GenericFunction) and _counts(one):
            return
        else:
            for part in one.get_children():
                self._unmasked(part, depth + 1)


def _proxy(one: Any) -> bool:
    """A column of a query within: its class is ColumnClause or Column, its table says whose."""
    return isinstance(getattr(one, "table", None), Alias | Subquery | CTE)


def _inner(source: Alias, column: Any) -> Any:
    found = source.element.c.get(column.key)
    if found is None or source.c.get(column.key) is not column:
        raise refused("列来源不明", "a column of which the table is not known")
    return found


def _counts(one: Any) -> bool:
    """`count(*)`."""
    return one.name.lower() == "count" and all(map(_star, one.clauses))


def _star(one: Any) -> bool:
    return type(one) is ColumnClause and one.is_literal and one.name == "*"


def _same(column: tuple[Origin | None, ...]) -> Origin | None:
    """One origin for a column of a union."""
    first = column[0]
    for other in column[1:]:
        if (first is None) != (other is None) or (
            first is not None and other is not None and first.alike != other.alike
        ):
            raise refused("并集各支脱敏不同", "the parts of a union are masked differently")
    return first
