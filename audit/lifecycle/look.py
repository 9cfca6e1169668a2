"""One source → Reality: tables, rights, counts, encryption, real people in test data. A door.

Everything is read in read-only sessions with limits on statement and lock (`databases.py`).
Values of samples are judged and dropped here; only counts leave. A source that fails is a
Reality with a problem, so the others are looked at all the same.
"""

from __future__ import annotations

import datetime as dt
import fnmatch
import grp
import os
import pwd
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from audit.lifecycle import counting, look_mysql, look_postgresql
from audit.lifecycle.databases import Database
from audit.lifecycle.discover import Found, Sample
from audit.lifecycle.files import Files
from audit.lifecycle.reality import PUBLIC, Reality, RealValues, Right, Rights, SeenTable, due
from audit.lifecycle.rule_times import ZONE
from audit.lifecycle.rules import ColumnName, Dataset, Privilege, RuleBook, Source, Use
from audit.lifecycle.sampled import Sampler
from rules.load import WorldError
from rules.model import Text

ROWS = 500  # sampled of a table of a test source, or of a column that should be ciphertext


class _Sampled(Protocol):
    id: str

    def tables(self) -> Iterable[Found]: ...

    def sample(self, table: Found, size: int, seed: int) -> Sample: ...


def database(
    opened: Database, source: Source, book: RuleBook, sampler: Sampler, at: dt.date, path: str = ""
) -> Reality:
    """What a database is like. `path`: the file of SQLite."""
    try:
        listed = list(opened.tables())
    except WorldError as error:
        return failed(source.name, opened.kind, error)
    kind = "mysql" if opened.kind == "mariadb" else opened.kind
    bare = _tables(listed, {})
    seals: Mapping[tuple[str, str], bool] = {}
    rights: Rights | Text | None = Text(
        zh="这种数据库的权限尚不能读取", en="rights of this kind of database are not read"
    )
    if kind == "postgresql":
        seals, rights = look_postgresql.sealed(opened), look_postgresql.rights(opened)
    elif kind == "mysql":
        seals, rights = look_mysql.sealed(opened), look_mysql.rights(opened, bare)
    elif kind == "sqlite":
        seals = {(one.schema, one.name): False for one in bare}  # it opened without a key
        rights = of_files((one, Path(path)) for one in bare) if path else None
    seen = Reality(source=source.name, kind=kind, tables=_tables(listed, seals), rights=rights)
    if source.use is Use.TEST:
        return _tested(opened, listed, seen, sampler)
    counts: dict[str, int | Text] = {}
    for key, order in counting.orders(book, seen, at):
        counts[key] = order if isinstance(order, Text) else _counted(opened, order)
    fields = {
        str(column): _field(opened, listed, column, sampler)
        for dataset in book.datasets
        for column in dataset.storage.columns
        if dataset.source_of(column.of) == source.name
    }
    return replace(seen, counts=counts, fields=fields)


def files(folder: Path, source: Source, book: RuleBook, sampler: Sampler, at: dt.date) -> Reality:
    """What a folder is like."""
    opened = Files(folder, size=ROWS, seed=sampler.seed)
    try:
        listed = []
        real: list[RealValues] = []
        unread: dict[str, Text] = {}
        for one in opened.tables():
            listed.append(one)
            if source.use is Use.TEST:
                _look(opened, one, sampler, real, unread)
    except OSError as error:
        return failed(source.name, "file", error)
    tables = _tables(listed, {})
    root = folder if folder.is_dir() else folder.parent
    places = [(one, root / one.schema / one.name.partition("!")[0]) for one in tables]
    seen = Reality(
        source=source.name,
        kind="file",
        tables=tables,
        rights=of_files((one, path) for one, path in places if path.is_file()),
        real=tuple(real),
        unread=unread,
    )
    counts = {
        due(dataset.id, one.id): _old(root, dataset, one.files, cut, at)
        for dataset in book.datasets
        if any(held.source == source.name and held.files for held in dataset.holds)
        for one in dataset.retention
        if one.files and (period := book.period(one)) is not None
        if (cut := period.before(at)) is not None
    }
    return replace(seen, counts=counts)


def failed(source: str, kind: str, error: Exception) -> Reality:
    """A source that could not be looked at. The message of a driver is never taken over."""
    said = str(error) if isinstance(error, WorldError) else type(error).__name__
    return Reality(source=source, kind=kind, problem=Text(zh=said, en=said))


def of_files(places: Iterable[tuple[SeenTable, Path]]) -> Rights:
    """Who may read files, by owner and mode: the rights of what has none of its own."""
    entries: list[Right] = []
    owners: dict[tuple[str, str], str] = {}
    for table, path in places:
        found = path.stat()
        owners[table.schema, table.name] = _name(found.st_uid, pwd.getpwuid)
        group = f"group:{_name(found.st_gid, grp.getgrgid)}"
        for role, read, write in (
            (PUBLIC, stat.S_IROTH, stat.S_IWOTH),
            (group, stat.S_IRGRP, stat.S_IWGRP),
        ):
            for bit, privilege in ((read, Privilege.SELECT), (write, Privilege.UPDATE)):
                if found.st_mode & bit:
                    entries.append(
                        Right(role=role, privilege=privilege, schema=table.schema,
                              table=table.name)
                    )  # fmt: skip
    return Rights(entries=tuple(entries), owners=owners)


def _name(number: int, known: Callable[[int], Any]) -> str:
    try:
        return str(known(number)[0])
    except KeyError:
        return str(number)


def _tables(
    listed: Iterable[Found], seals: Mapping[tuple[str, str], bool]
) -> tuple[SeenTable, ...]:
    return tuple(
        SeenTable(
            schema=one.schema,
            name=one.name,
            columns=tuple(name for name, _ in one.columns),
            form=one.kind,
            sealed=seals.get((one.schema, one.name)),
        )
        for one in listed
    )


def _counted(opened: Database, order: counting.Order) -> int | Text:
    if isinstance(order, Text):
        return order
    rows = opened.ask(order)
    return rows if isinstance(rows, Text) else int(rows[0][0])


def _tested(opened: _Sampled, listed: Iterable[Found], seen: Reality, sampler: Sampler) -> Reality:
    real: list[RealValues] = []
    unread: dict[str, Text] = {}
    for one in listed:
        _look(opened, one, sampler, real, unread)
    return replace(seen, real=tuple(real), unread=unread)


def _look(
    opened: _Sampled,
    one: Found,
    sampler: Sampler,
    real: list[RealValues],
    unread: dict[str, Text],
) -> None:
    sample = opened.sample(one, ROWS, sampler.seed) if one.problem is None else Sample()
    problem = one.problem or sample.problem
    if problem is not None:
        unread[".".join(part for part in (one.schema, one.name) if part)] = problem
        return
    real += sampler.real(one, sample.rows)


def _field(
    opened: Database, listed: Iterable[Found], name: ColumnName, sampler: Sampler
) -> bool | Text:
    """Whether a column holds ciphertext."""
    tables = [one for one in listed if name.of.covers(one.schema, one.name)]
    names = [one for one, _ in tables[0].columns] if len(tables) == 1 else []
    if name.column not in names:
        return Text(zh=f"没有列 {name}", en=f"there is no column {name}")
    place = names.index(name.column)
    sample = opened.sample(tables[0], ROWS, sampler.seed)
    if sample.problem is not None:
        return sample.problem
    return sampler.sealed(name.column, [row[place] for row in sample.rows])


def _old(
    root: Path, dataset: Dataset, globs: tuple[str, ...], cut: dt.date, at: dt.date
) -> int | Text:
    """How many files were last changed before a day and are not held."""
    moment = dt.datetime(cut.year, cut.month, cut.day, tzinfo=ZONE).timestamp()
    held = [one for one in dataset.legal_holds if one.stands(at)]
    if any(one.whole for one in held):
        return 0
    kept = [pattern for one in held for pattern in one.files]
    try:
        return sum(
            1
            for name, changed in _below(root)
            if changed < moment
            and any(fnmatch.fnmatchcase(name, one) for one in globs)
            and not any(fnmatch.fnmatchcase(name, one) for one in kept)
        )
    except OSError as error:
        return Text(zh=f"目录读取失败：{error.strerror}", en=f"unreadable: {error.strerror}")


def _below(root: Path) -> Iterator[tuple[str, float]]:
    def stop(error: OSError) -> None:
        raise error

    for folder, _, names in os.walk(root, onerror=stop):
        for name in names:
            path = Path(folder) / name
            if not path.is_symlink():
                yield path.relative_to(root).as_posix(), path.stat().st_mtime
