"""采集范围: columns beyond a rule, tables no rule names, real people in test data. Pure.

A column is judged by what an inventory says of its values and by its name. Where there is no
inventory of a column, its name is held against the scope all the same, and the rest is unknown.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from audit.lifecycle.breaches import breach, unknown
from audit.lifecycle.grading import concerned
from audit.lifecycle.model import Address, Breach, Inventory, Table
from audit.lifecycle.reality import Reality
from audit.lifecycle.rules import Dataset, RuleBook, Source, Use
from rules.model import Text
from rules.recognise.personal.kind_words import WORDS
from rules.recognise.personal.kinds import Kind

_NOTHING_OF_A_PERSON = frozenset({Kind.CREDIT_CODE, Kind.UUID, Kind.SCHOOL, Kind.POSTCODE})
NOT_GIVEN = Text(
    zh="未给出该数据源：用 --db 名称=地址", en="the source was not given: --db NAME=URL"
)
NO_INVENTORY = Text(
    zh="没有数据资产清单，只按列名看过：qinglang data discover … --json，再用 --inventory",
    en="no inventory, names alone were looked at: data discover … --json, then --inventory",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as far as it is known. `valued`: an inventory saw its values."""

    at: Address
    kinds: tuple[Kind, ...]
    valued: bool


@dataclass(slots=True)
class _Seen:
    """A table of a source, live or of an inventory."""

    columns: dict[str, Column] = field(default_factory=dict)
    problem: Text | None = None
    form: str = "table"


def scoped(
    book: RuleBook,
    seen: Mapping[str, Reality],
    inventory: Inventory | None,
    means: Callable[[str], Kind | None],
) -> Iterator[Breach]:
    """Everything about what is there at all."""
    for source in book.sources:
        reality = seen.get(source.name)
        listed = _listed(source, inventory)
        tables = _tables(source.name, reality, listed, means)
        if reality is None and not listed:
            yield from _not_seen(book, source, NOT_GIVEN)
            continue
        if reality is not None and reality.problem is not None:
            yield from _not_seen(book, source, reality.problem)
            continue
        if source.use is Use.TEST:
            yield from _tested(source, reality, tables)
            continue
        for (schema, name), table in sorted(tables.items()):
            yield from _table(book, source, schema, name, table)
        yield from _absent(book, source, tables)


def _listed(source: Source, inventory: Inventory | None) -> tuple[Table, ...]:
    known = {source.name, *source.known_as}
    return tuple(one for one in inventory.tables if one.source in known) if inventory else ()


def _tables(
    name: str,
    reality: Reality | None,
    listed: tuple[Table, ...],
    means: Callable[[str], Kind | None],
) -> dict[tuple[str, str], _Seen]:
    """Live tables with what the inventory knows of them; those of the inventory without either."""
    judged = {(t.schema, t.name): {c.at.column: c for c in t.columns} for t in listed}
    problems = {(t.schema, t.name): t.problem for t in listed}
    live = (
        {(t.schema, t.name): (t.columns, t.form) for t in reality.tables}
        if reality is not None
        else {place: (tuple(columns), "table") for place, columns in judged.items()}
    )
    found: dict[tuple[str, str], _Seen] = {}
    for (schema, table), (columns, form) in live.items():
        known = judged.get((schema, table), {})
        made = _Seen(problem=problems.get((schema, table)), form=form)
        for column in columns:
            one = known.get(column)
            said = means(column)
            kinds = concerned(one) if one is not None else ()
            if not kinds and one is None and said is not None:
                kinds = (said,)
            made.columns[column] = Column(
                at=Address(source=name, schema=schema, table=table, column=column),
                kinds=tuple(kind for kind in kinds if kind not in _NOTHING_OF_A_PERSON),
                valued=one is not None and made.problem is None,
            )
        found[schema, table] = made
    return found


def _not_seen(book: RuleBook, source: Source, why: Text) -> Iterator[Breach]:
    at = Address(source=source.name)
    if source.use is Use.TEST:
        yield unknown("real-in-test", "", at, why)
        return
    yield unknown("unruled", "", at, why)
    for dataset in book.datasets:
        if any(held.source == source.name for held in dataset.holds):
            for code in ("absent", "scope-kind"):
                yield unknown(code, dataset.id, at, why)
            if dataset.collection.closed:
                yield unknown("scope-column", dataset.id, at, why)


def _table(
    book: RuleBook, source: Source, schema: str, name: str, table: _Seen
) -> Iterator[Breach]:
    at = Address(source=source.name, schema=schema, table=name)
    owner = next((one for one in book.datasets if one.has(source.name, schema, name)), None)
    if owner is None:
        personal = [one for one in table.columns.values() if one.kinds]
        if personal:
            kinds = _words(kind for one in personal for kind in one.kinds)
            yield breach(
                "unruled", "", at,
                f"没有规则的表，含个人信息 {len(personal)} 列：{kinds[0]}",
                f"no rule names it; {len(personal)} personal columns: {kinds[1]}",
                count=len(personal),
            )  # fmt: skip
        elif table.problem is not None or not all(one.valued for one in table.columns.values()):
            yield unknown("unruled", "", at, table.problem or NO_INVENTORY)
        return
    yield from _columns(owner, name, table)
    unseen = [one for one in table.columns.values() if not one.valued]
    if unseen:
        yield unknown("scope-kind", owner.id, at, table.problem or NO_INVENTORY, count=len(unseen))


def _columns(dataset: Dataset, name: str, table: _Seen) -> Iterator[Breach]:
    scope = dataset.collection
    for column, one in table.columns.items():
        if any(fnmatch.fnmatchcase(f"{name}.{column}", wanted) for wanted in scope.columns):
            continue
        if scope.closed:
            yield breach(
                "scope-column", dataset.id, one.at,
                "该列不在采集范围所列的列中", "the scope names every column, and not this one",
                count=1, basis=scope.basis,
            )  # fmt: skip
            continue
        beyond = [kind for kind in one.kinds if kind not in scope.kinds]
        if beyond:
            zh, en = _words(beyond)
            by = "按值与列名" if one.valued else "按列名"
            yield breach(
                "scope-kind", dataset.id, one.at,
                f"采集范围之外：{zh}（{by}）", f"beyond the scope: {en}",
                count=1, basis=scope.basis,
            )  # fmt: skip


def _absent(
    book: RuleBook, source: Source, tables: Mapping[tuple[str, str], _Seen]
) -> Iterator[Breach]:
    for dataset in book.datasets:
        for held in dataset.holds:
            for one in held.tables if held.source == source.name else ():
                if not any(one.covers(schema, name) for schema, name in tables):
                    at = Address(source=source.name, schema=one.schema, table=one.table)
                    yield breach(
                        "absent", dataset.id, at,
                        "规则所列的表不存在或账号看不到",
                        "a table of the rule is not there, or the account can not see it",
                    )  # fmt: skip


def _tested(
    source: Source, reality: Reality | None, tables: Mapping[tuple[str, str], _Seen]
) -> Iterator[Breach]:
    """A test source: nothing of a real person."""
    if reality is None:
        why = Text(
            zh="清单分不出替身值：请用 --db 连接测试库",
            en="an inventory can not tell fakes: give the test database by --db",
        )
        if any(one.kinds for table in tables.values() for one in table.columns.values()):
            yield unknown("real-in-test", "", Address(source=source.name), why)
        return
    for one in reality.real:
        at = Address(source=source.name, schema=one.schema, table=one.table, column=one.column)
        word = WORDS[one.kind]
        yield breach(
            "real-in-test", "", at,
            f"测试库中有未脱敏的{word.zh}：抽样 {one.count} 个，其中已验证 {one.verified} 个",
            f"unmasked {word.en} in a test source: {one.count} sampled, {one.verified} verified",
            count=one.count,
        )  # fmt: skip
    for table, why in sorted(reality.unread.items()):
        yield unknown("real-in-test", "", Address(source=source.name, table=table), why)


def _words(kinds: Iterable[Kind]) -> tuple[str, str]:
    given = dict.fromkeys(kinds)
    return "、".join(WORDS[one].zh for one in given), ", ".join(WORDS[one].en for one in given)
