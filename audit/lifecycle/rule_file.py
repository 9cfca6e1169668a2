"""A file of dataset rules → RuleBook, with every problem of it at its line and column.

What one record can not tell is told here: names that stand twice, sources, tables and
parameters that are named and not there. A door: `read` reads the file, `parse` is pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from audit.lifecycle.rules import (
    ColumnName,
    Dataset,
    Ground,
    Retention,
    RuleBook,
    Sealed,
    TableName,
)
from rules.load import DataError, Problem, loads, read_text

type Path_ = tuple[str | int, ...]
type Wrong = tuple[Path_, str, str]  # where, message, remedy


def read(path: Path) -> RuleBook:
    """The rules of a file. Raises DataError with every problem."""
    return parse(read_text(path), str(path))


def parse(text: str, file: str) -> RuleBook:
    """The rules of a text. Raises DataError with every problem."""
    book = loads(RuleBook, text, file)
    wrong = list(_problems(book))
    if wrong:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        raise DataError([placed(root, file, *one) for one in wrong])
    return book


def placed(root: yaml.Node | None, file: str, path: Path_, message: str, remedy: str) -> Problem:
    """The problem at the deepest part of `path` that the text has."""
    node = root
    for step in path:
        below = _below(node, step)
        if below is None:
            break
        node = below
    mark = node.start_mark if node is not None else None
    return Problem(
        file=file,
        line=mark.line + 1 if mark else 1,
        column=mark.column + 1 if mark else 1,
        message=message,
        remedy=remedy,
    )


def _below(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode) and isinstance(step, str):
        for key, value in node.value:
            if str(key.value).replace("-", "_") == step:
                return value  # type: ignore[no-any-return]
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]
    return node if isinstance(node, yaml.ScalarNode) and step == 0 else None


def _problems(book: RuleBook) -> Iterator[Wrong]:
    if not book.datasets:
        yield ("datasets",), "没有数据集 no dataset", "write `datasets:`"
    yield from _twice("sources", [one.name for one in book.sources])
    yield from _twice("datasets", [one.id for one in book.datasets])
    yield from _twice("parameters", [one.id for one in book.parameters])
    names = {one.name for one in book.sources}
    parameters = {one.id for one in book.parameters}
    claimed: dict[tuple[str, str], str] = {}
    for place, dataset in enumerate(book.datasets):
        here: Path_ = ("datasets", place)
        yield from _sources(dataset, here, names)
        for number, one in enumerate(dataset.retention):
            where = (*here, "retention", number)
            if one.parameter and one.parameter not in parameters:
                known = ", ".join(sorted(parameters)) or "none"
                message = f"没有参数 no parameter `{one.parameter}`"
                yield (*where, "parameter"), message, f"known: {known}"
        yield from _twice("retention", [one.id for one in dataset.retention], here)
        yield from _twice("legal_holds", [one.id for one in dataset.legal_holds], here)
        yield from _named(dataset, here, names)
        yield from _legal(dataset, here)
        for number, held in enumerate(dataset.holds):
            for index, table in enumerate(held.tables):
                key = (held.source, f"{table.schema}.{table.table}")
                if key in claimed:
                    message = f"`{table}` 已属于 is of dataset `{claimed[key]}`"
                    yield (*here, "holds", number, "tables", index), message, "one dataset a table"
                claimed[key] = dataset.id


def _twice(field: str, ids: list[str], here: Path_ = ()) -> Iterator[Wrong]:
    seen: Counter[str] = Counter()
    for place, one in enumerate(ids):
        seen[one] += 1
        if not one.strip():
            yield (*here, field, place), "缺名称 a name is missing", ""
        elif seen[one] == 2:
            yield (*here, field, place), f"`{one}` 出现两次 stands twice", "ids are unique"


def _sources(dataset: Dataset, here: Path_, names: set[str]) -> Iterator[Wrong]:
    if not dataset.holds:
        yield (
            (*here, "holds"),
            "数据集没有位置 the dataset lies nowhere",
            "holds: [{source, tables}]",
        )
    known = f"known: {', '.join(sorted(names))}"
    for number, held in enumerate(dataset.holds):
        if held.source not in names:
            where = (*here, "holds", number, "source")
            yield where, f"没有数据源 no source `{held.source}`", known
        for index, table in enumerate(held.tables):
            if table.source and table.source != held.source:
                where = (*here, "holds", number, "tables", index)
                yield where, f"`{table}` 不属于 is not of source `{held.source}`", ""


def _named(dataset: Dataset, here: Path_, names: set[str]) -> Iterator[Wrong]:
    """Every table and column that a part of the dataset names must be one of its tables."""
    several = len({held.source for held in dataset.holds}) > 1
    for where, table in _tables(dataset):
        if several and not table.source:
            yield (*here, *where), f"`{table}` 未写数据源 names no source", "source:table"
            continue
        source = dataset.source_of(table)
        if table.source and source not in names:
            yield (*here, *where), f"没有数据源 no source `{source}`", ""
        elif not dataset.has(source, table.schema, table.table) and not any(
            one.table == table.table and one.schema and not table.schema
            for held in dataset.holds
            if held.source == source
            for one in held.tables
        ):
            message = f"`{table}` 不在本数据集 is no table of dataset `{dataset.id}`"
            yield (*here, *where), message, "add it to `holds`"
    for number, one in enumerate((*dataset.backups,)):
        if one.source and one.source not in names:
            yield (*here, "backups", number, "source"), f"没有数据源 no source `{one.source}`", ""
    for number, other in enumerate((*dataset.replicas,)):
        if other.source and other.source not in names:
            yield (
                (*here, "replicas", number, "source"),
                f"没有数据源 no source `{other.source}`",
                "",
            )


def _tables(dataset: Dataset) -> Iterator[tuple[Path_, TableName]]:
    for number, rule in enumerate(dataset.retention):
        for where, column in _of_retention(rule):
            yield ("retention", number, *where), column.of
    for number, hold in enumerate(dataset.legal_holds):
        for index, rows in enumerate(hold.rows):
            yield ("legal_holds", number, "rows", index, "column"), rows.column.of
    for number, grant in enumerate(dataset.access.grants):
        for index, table in enumerate(grant.tables):
            yield ("access", "grants", number, "tables", index), table
    for index, column in enumerate(dataset.storage.columns):
        yield ("storage", "columns", index), column.of
    for field in ("consent", "guardian"):
        consent = getattr(dataset.legal, field)
        if consent is None:
            continue
        for part in ("recorded", "withdrawn", "subject", "key", "born"):
            column = getattr(consent, part)
            if column is not None:
                yield ("legal", field, part), column.of


def _of_retention(rule: Retention) -> Iterator[tuple[Path_, ColumnName]]:
    if rule.since is not None:
        yield ("since",), rule.since
    for number, child in enumerate(rule.children):
        yield ("children", number, "column"), child.column
        yield ("children", number, "parent"), child.parent
    for number, column in enumerate(rule.anonymise):
        yield ("anonymise", number), column


def _legal(dataset: Dataset, here: Path_) -> Iterator[Wrong]:
    legal = dataset.legal
    if legal.ground is Ground.CONSENT and legal.consent is None and legal.guardian is None:
        message = "以同意为基础，却未写同意记录在哪里 consent is the ground, and nothing records it"
        yield (*here, "legal"), message, "consent: {recorded: table.column}"
    if dataset.minors and legal.ground is Ground.CONSENT and legal.guardian is None:
        message = "含不满十四周岁者，须监护人同意 under-14s: their guardians' consent (PIPL 31)"
        yield (*here, "legal"), message, "guardian: {recorded: …, born: …}"
    if Sealed.DATABASE in dataset.storage.encrypted and not any(h.tables for h in dataset.holds):
        yield (*here, "storage"), "文件没有库加密 files have no database encryption", "volume"
