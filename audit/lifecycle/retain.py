"""What is due by the rules on a day: rules × databases and folders → a Plan. Reads only.

Every retention of every dataset becomes a set: counted, or blocked with the reason it cannot
be. One that names a database or folder that was not given is told, not passed over. The same
functions tell a run what the rules say now. A door: read-only sessions, folders.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import NoSuchTableError

from audit.lifecycle.blanking import shaped
from audit.lifecycle.databases import code
from audit.lifecycle.destroying import (
    VERSION,
    Elsewhere,
    FileSet,
    HeldBack,
    Plan,
    RowSet,
    Tally,
    held_back,
    print_of,
    tally_of,
)
from audit.lifecycle.due_count import children, counted, days, hindrances, holds
from audit.lifecycle.due_engine import errors, snapshot, told
from audit.lifecycle.due_files import due_files
from audit.lifecycle.due_rows import Scope, unmatched
from audit.lifecycle.rule_file import parse
from audit.lifecycle.rule_times import Period
from audit.lifecycle.rules import Child, Dataset, Hold, Retention, RuleBook, TableName, Then
from rules.load import read_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """Rules with the digest of their file."""

    book: RuleBook
    digest: str


def read_rules(path: Path) -> Read:
    """The rules of a file. Raises DataError with every problem."""
    text = read_text(path)
    return Read(book=parse(text, str(path)), digest=hashlib.sha256(text.encode()).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a plan is read from: opened databases (engine, name) and folders, by source."""

    databases: Mapping[str, tuple[Engine, str]]
    folders: Mapping[str, Path]


def retentions(book: RuleBook) -> Iterable[tuple[str, Dataset, Retention]]:
    """(id of the set, dataset, retention), each once."""
    for dataset in book.datasets:
        for one in dataset.retention:
            yield f"{dataset.id}/{one.id}", dataset, one


def standing(dataset: Dataset, at: dt.date) -> tuple[Hold, ...]:
    """The legal holds of a dataset that stand on a day."""
    return tuple(one for one in dataset.legal_holds if one.stands(at))


def all_holds(book: RuleBook, set_: str, at: dt.date) -> tuple[Hold, ...]:
    """The holds that stand for a set; none for one the rules no longer have."""
    return next((standing(one, at) for name, one, _ in retentions(book) if name == set_), ())


def source_of(dataset: Dataset, retention: Retention) -> str:
    """The database or folder of a retention."""
    if retention.since is not None:
        return dataset.source_of(retention.since.of)
    return next((held.source for held in dataset.holds if held.files), "")


def scope_of(
    book: RuleBook, dataset: Dataset, retention: Retention, at: dt.date, today: dt.date
) -> Scope | None:
    """What the rules say of a table's rows. None: their time is never over, or not fixed yet."""
    period, since = book.period(retention), retention.since
    before = period.before(at) if period is not None else None
    if before is None or since is None:
        return None
    of_this = tuple(_local(child) for child in retention.children)
    return Scope(
        table=TableName(table=since.table, schema=since.schema),
        column=since.column,
        form=retention.since_form,
        before=before,
        children=of_this,
        blank=tuple(replace(one, source="") for one in retention.anonymise),
        holds=standing(dataset, today),
    )


def _local(child: Child) -> Child:
    """Names within one database."""
    return Child(column=replace(child.column, source=""), parent=replace(child.parent, source=""))


def why(book: RuleBook, dataset: Dataset, retention: Retention) -> tuple[str, ...]:
    """By which rule and document."""
    found = [f"{one.source} {one.clause} ({one.status.value})".replace("  ", " ")
             for one in (*retention.basis, *dataset.destruction.basis)]  # fmt: skip
    if retention.parameter:
        parameter = book.parameter_of(retention.parameter)
        found.insert(
            0, f"{parameter.title}: {parameter.document.number if parameter.document else '—'}"
        )
    return tuple(found)


def elsewhere(dataset: Dataset, source: str) -> tuple[Elsewhere, ...]:
    """Backups and replicas that the rules name for a source."""
    backups = [
        Elsewhere(what="backup", name=one.name, place=one.place, kept=_written(one.kept))
        for one in dataset.backups if one.source in ("", source)
    ]  # fmt: skip
    replicas = [
        Elsewhere(what="replica", name=one.name, place=one.place)
        for one in dataset.replicas if one.source in ("", source)
    ]  # fmt: skip
    return (*backups, *replicas)


def _written(period: Period) -> str:
    """A period as `Period.parse` reads it."""
    if period.permanent:
        return "permanent"
    parts = ((period.years, "years"), (period.months, "months"), (period.days, "days"))
    return " ".join(f"{count} {word}" for count, word in parts if count)


def plan(
    rules: Read,
    given: Given,
    *,
    at: dt.date,
    now: dt.datetime,
    secret: bytes,
    book_key: str,
    tell: Callable[[str], None] = lambda _set: None,
) -> Plan:
    """Everything that is due on a day."""
    rows: list[RowSet] = []
    files: list[FileSet] = []
    approvers: list[set[str]] = []
    days_ = (at, now.date())
    for name, dataset, retention in retentions(rules.book):
        tell(name)
        made: RowSet | FileSet
        if retention.since is not None:
            made = _rows(name, rules.book, dataset, retention, given, days_, secret)
            rows.append(made)
        else:
            made = _files(name, rules.book, dataset, retention, given, days_, secret)
            files.append(made)
        if made.due.count:
            approvers.append(set(dataset.destruction.approvers))
    return Plan(
        version=VERSION,
        district=rules.book.district,
        made=now.isoformat(timespec="seconds"),
        at=at.isoformat(),
        rules=rules.digest,
        book=book_key,
        approvers=tuple(sorted(set.intersection(*approvers))) if approvers else (),
        rows=tuple(rows),
        files=tuple(files),
    )


def _hinder(retention: Retention, book: RuleBook) -> str:
    """Why nothing is due, before anything is read; empty where it may be."""
    period = book.period(retention)
    if period is None:
        return "存储期限尚未批准 the period is not fixed yet"
    if period.permanent:
        return "永久保存 kept for good"
    if retention.then is Then.ARCHIVE:
        return "到期后归档，不在此销毁 archived at the end, not destroyed here"
    return ""


def _rows(
    name: str,
    book: RuleBook,
    dataset: Dataset,
    retention: Retention,
    given: Given,
    days_: tuple[dt.date, dt.date],
    secret: bytes,
) -> RowSet:
    source = source_of(dataset, retention)
    since = retention.since
    scope = scope_of(book, dataset, retention, *days_)
    empty = RowSet(
        id=name, title=dataset.name, source=source, database="",
        table=str(since.of) if since else "", column=since.column if since else "",
        form=retention.since_form, before=scope.before.isoformat() if scope else "",
        then=retention.then, rule=why(book, dataset, retention), due=Tally(), held=Tally(),
        undated=0, elsewhere=elsewhere(dataset, source),
        blank=tuple(map(str, scope.blank)) if scope else (),
        joins=tuple(f"{one.column}={one.parent}" for one in scope.children) if scope else (),
    )  # fmt: skip
    if nothing := _hinder(retention, book):
        return replace(empty, notes=(nothing,))
    hindrance = _unready(empty)
    foreign = {one.source for child in retention.children for one in (child.column, child.parent)}
    if foreign - {"", source} and not hindrance:
        hindrance = "子表在另一数据库 a child table is in another database"
    if hindrance or scope is None:
        return replace(empty, blocked=(hindrance,))
    if source not in given.databases:
        return replace(empty, blocked=(f"未给出数据库 not given: --db {source}=URL",))
    engine, told_as = given.databases[source]
    empty = replace(empty, database=told_as)
    try:
        with snapshot(engine) as connection:
            return _counted(empty, scope, connection, secret)
    except NoSuchTableError:
        return replace(empty, blocked=(f"没有这张表 no such table: {scope.table}",))
    except errors() as error:
        return replace(empty, blocked=(f"读取失败 could not be read ({code(error)})",))


def _unready(empty: RowSet) -> str:
    """What `then: anonymise` wants first: columns to empty, and a backup that is named."""
    if empty.then is not Then.ANONYMISE:
        return ""
    if not empty.blank:
        return "规则未列要清空的列 the rule names no columns to empty: retention.anonymise"
    if not any(one.what == "backup" for one in empty.elsewhere):
        return "就地清空之前须有备份 a backup is named before values are emptied: backups"
    return ""


def _counted(empty: RowSet, scope: Scope, connection: Connection, secret: bytes) -> RowSet:
    shape = shaped(connection, scope)
    blocked = [*shape.blocked, *unmatched(shape, scope.holds), *hindrances(connection, shape)]
    if blocked:
        return replace(
            empty, blocked=tuple(blocked), notes=tuple(shape.notes),
            holds=held_files(scope.holds, secret),
        )  # fmt: skip
    found = counted(connection, shape, scope, secret)
    undated, oldest, newest = days(connection, shape, scope)
    return replace(
        empty, due=found.due, held=found.held, undated=undated, oldest=oldest, newest=newest,
        below=children(connection, shape, scope), holds=holds(connection, shape, scope, secret),
        snapshot=told(connection), notes=tuple(shape.notes),
    )  # fmt: skip


def _files(
    name: str,
    book: RuleBook,
    dataset: Dataset,
    retention: Retention,
    given: Given,
    days_: tuple[dt.date, dt.date],
    secret: bytes,
) -> FileSet:
    source = source_of(dataset, retention)
    period = book.period(retention)
    before = period.before(days_[0]) if period is not None else None
    standing_ = standing(dataset, days_[1])
    empty = FileSet(
        id=name, title=dataset.name, source=source, globs=retention.files,
        before=before.isoformat() if before else "", then=retention.then,
        rule=why(book, dataset, retention), due=Tally(), held=Tally(), bytes=0,
        elsewhere=elsewhere(dataset, source), holds=held_files(standing_, secret),
    )  # fmt: skip
    hindrance = ""
    if nothing := _hinder(retention, book):
        return replace(empty, notes=(nothing,))
    if retention.then is Then.ANONYMISE:
        hindrance = "文件不能就地匿名化 files are not anonymised in place: qinglang data mask"
    if hindrance or before is None:
        return replace(empty, blocked=(hindrance,))
    if source not in given.folders:
        return replace(empty, blocked=(f"未给出文件夹 not given: --folder {source}=DIR",))
    found = list(
        due_files(given.folders[source], retention.files, globs(standing_), before, secret)
    )
    due = [one for one in found if not one.held]
    linked = sum(one.linked for one in found)
    dates = sorted(one.day for one in due)
    notes = (
        (f"{linked} 个文件另有硬链接，保留 files with more hard links are kept",) if linked else ()
    )
    return replace(
        empty, due=tally_of(one.digest for one in due), bytes=sum(one.size for one in due),
        held=tally_of(one.digest for one in found if one.held), notes=notes,
        oldest=dates[0] if dates else "", newest=dates[-1] if dates else "",
    )  # fmt: skip


def globs(standing_: Iterable[Hold]) -> list[str]:
    """Which files holds keep; a whole hold keeps all."""
    found: list[str] = []
    for one in standing_:
        found += ["**/*"] if one.whole else list(one.files)
    return found


def held_files(standing_: Iterable[Hold], secret: bytes) -> tuple[HeldBack, ...]:
    """Holds as a set of files tells them."""
    return tuple(held_back(one, secret, None) for one in standing_)


def prints(book: RuleBook, set_: str, at: dt.date, secret: bytes) -> dict[str, str]:
    """The holds of a set that stand today, by id."""
    return {one.id: print_of(secret, one) for one in all_holds(book, set_, at)}
