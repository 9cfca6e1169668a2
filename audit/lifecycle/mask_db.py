"""A masking job from database to database: read-only snapshot → staging schema → one switch.

PostgreSQL, MariaDB/MySQL and SQLite, both ends of one family. Tables are copied in the order
of their foreign keys into a schema nobody was granted; the scan reads it there; only then it
takes the place of the copy before. Stopped half-way, a job goes on at the table it was at if
the source's fingerprint is the same, and starts again otherwise. A door: databases.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sqlite3
import struct
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool
from sqlalchemy.schema import CreateTable

from audit.lifecycle import mask_copy, mask_switch
from audit.lifecycle.mask import SAMPLE, Family, Step, TablePlan, plan
from audit.lifecycle.mask_copy import How
from audit.lifecycle.mask_job import Done, Job, alone, refuse, scan_batch
from audit.lifecycle.mask_tables import copy_of, family_of, links_of, same_for_linked, shape_of
from audit.lifecycle.residual import Scan, Seen
from rules.load import DataError, Problem, WorldError

BATCH = 2_000
FAMILIES = ("postgresql", "mysql", "sqlite")
UNORDERED = frozenset({Family.UUID, Family.TRUTH, Family.BYTES, Family.OTHER})

type Take = Callable[[list[list[Any]]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database, and the schema in it (PostgreSQL); the URL is never printed."""

    url: str
    schema: str = ""


def engine_of(place: Place, *, write: bool, pooled: bool = False) -> Engine:
    """An engine that hides values from its errors. Raises DataError for what is no URL of ours.

    A pooled one is disposed by who asked for it.
    """
    try:
        url = make_url(place.url)
        if url.get_backend_name() == "mariadb":
            url = url.set(drivername="mysql+pymysql")
        if url.get_backend_name() not in FAMILIES:
            raise ArgumentError("family")
        url = _driver(url)
        if url.get_backend_name() == "sqlite" and not write:
            path = Path(url.database or "")
            if not path.is_file():
                raise WorldError("源数据库不存在 there is no such database file")
            url = URL.create(
                "sqlite", database=path.absolute().as_uri(), query={"mode": "ro", "uri": "true"}
            )
        pool = QueuePool if pooled and url.get_backend_name() == "postgresql" else NullPool
        return create_engine(url, poolclass=pool, hide_parameters=True)
    except (ArgumentError, ModuleNotFoundError):
        raise DataError(
            [Problem(file="--in/--out", line=1, column=1,
                     message="不是支持的数据库地址 not a database URL that is supported",
                     remedy="postgresql://… mysql://… mariadb://… sqlite:///FILE")]
        ) from None  # fmt: skip


def _driver(url: URL) -> URL:
    plain = {"postgresql": "postgresql+pg8000", "mysql": "mysql+pymysql"}
    return url.set(drivername=plain.get(url.drivername, url.drivername))


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that reads one moment of the source and can change nothing."""
    family = engine.dialect.name
    with engine.connect() as connection:
        if family == "postgresql":
            connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
            connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        elif family == "mysql":
            connection.execute(text("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            connection.commit()
            connection.execute(text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))
        yield connection


def reflected(connection: Connection, schema: str, wanted: Sequence[str] = ()) -> list[Table]:
    """Tables in the order of their foreign keys."""
    found = MetaData()
    found.reflect(connection, schema=schema or None, resolve_fks=True)
    if connection.dialect.name == "sqlite":
        for table in found.tables.values():
            mask_switch.unique_of(connection, table)
    tables = [table for table in found.sorted_tables if not wanted or table.name in wanted]
    missing = set(wanted) - {table.name for table in tables}
    if missing or not tables:
        raise DataError(
            [Problem(file="--tables", line=1, column=1,
                     message="没有这些表 there are no such tables",
                     remedy=", ".join(sorted(missing)) or "check --in-schema")]
        )  # fmt: skip
    return tables


def plans_of(job: Job, connection: Connection, tables: Sequence[Table]) -> list[TablePlan]:
    """The plan of every table."""
    links = links_of(tables)
    found = []
    for table in tables:
        rows = connection.execute(select(table).limit(SAMPLE)).all()
        sample = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in table.columns]
        names = tuple(column.name for column in table.columns)
        kinds = job.kinds_of(table.name, names, sample)
        shape = shape_of(table, links)
        found.append(plan(shape, job.policy, kinds, keys=job.keys, vault=job.vault))
    found = same_for_linked(found)
    refuse(one for table in found for one in table.wrong)
    return found


def plan_database(job: Job, source: Place) -> list[TablePlan]:
    """The plan alone."""
    with sentences(), snapshot(engine_of(source, write=False)) as connection:
        return plans_of(job, connection, reflected(connection, source.schema))


def _errors() -> tuple[type[Exception], ...]:
    """What a database raises, and its driver (COPY, a cut socket, a value that is no date)."""
    found: list[type[Exception]] = [
        SQLAlchemyError,
        OSError,
        ValueError,
        ArithmeticError,
        sqlite3.Error,
        struct.error,
    ]
    for module in ("pg8000.exceptions", "pymysql.err"):
        with suppress(ModuleNotFoundError):
            found.append(importlib.import_module(module).Error)
    return tuple(found)


@contextmanager
def sentences() -> Iterator[None]:
    """A database's error as a sentence without a value or a statement."""
    try:
        yield
    except _errors() as error:
        raise WorldError(
            "数据库出错，未发布任何结果 the database failed, nothing was published: "
            f"{type(error).__name__}"
        ) from None


def fingerprint(
    connection: Connection,
    tables: Sequence[Table],
    job: Job,
    copies: Sequence[Table],
    plans: Sequence[TablePlan],
) -> str:
    """What a half-done job must find unchanged: content, structure, plan, policy and key."""
    parts: list[Any] = [job.digest, job.keys.id, job.keys.derive("fingerprint", "").hex()]
    parts += [str(CreateTable(copy)) for copy in copies]
    parts += [one.told() for one in plans]
    for table in tables:
        columns = list(table.primary_key.columns) or list(table.columns)[:1]
        sums: list[Any] = [func.count()]
        for column in columns:
            if family_of(column.type) in UNORDERED:
                continue  # no least and greatest in every server; the digest below has them
            sums += [func.min(column), func.max(column)]
        row = connection.execute(select(*sums).select_from(table)).one()
        parts.append([table.name, [column.name for column in table.columns], *map(str, row)])
        parts.append(mask_switch.changes(connection, table))
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def pour(
    connection: Connection, table: Table, take: Take, how: Sequence[How] | None, digest: Any = None
) -> None:
    """A table's rows as columns, given to `take` batch by batch, by COPY or the server's cursor."""
    if how is not None:

        def lines(data: bytes) -> None:
            if digest is not None:
                digest.update(data)
            take(mask_copy.columns_of(data, how))

        mask_copy.pour(connection, table, BATCH, lines)
        return
    streaming = select(table).execution_options(stream_results=True, yield_per=BATCH)
    with connection.execute(streaming) as rows:
        for part in rows.partitions(BATCH):
            batch = [list(column) for column in zip(*part, strict=True)]
            if digest is not None:
                digest.update(repr(batch).encode("utf-8", "surrogatepass"))
            take(batch)


def mask_database(job: Job, source: Place, target: Place, tables: Sequence[str] = ()) -> Done:
    """Mask a database into another schema, database or file. Raises DataError, WorldError."""
    reading = engine_of(source, write=False)
    writing = engine_of(target, write=True, pooled=True)
    if reading.dialect.name != writing.dialect.name:
        raise DataError(
            [Problem(file="--out", line=1, column=1,
                     message="两端须是同一种数据库 both ends are of one family of databases")]
        )  # fmt: skip
    mask_switch.apart(reading, source.schema, writing, target.schema)
    name = hashlib.sha256(f"{writing.url.host}{writing.url.database}{target.schema}".encode())
    lock = Path(tempfile.gettempdir()) / f"qinglang-mask-{name.hexdigest()[:24]}.lock"
    try:
        with alone(lock), sentences(), snapshot(reading) as connection:
            return _copied(job, connection, reflected(connection, source.schema, tables),
                           writing, target.schema)  # fmt: skip
    finally:
        writing.dispose()


def _copied(
    job: Job, connection: Connection, tables: Sequence[Table], writing: Engine, schema: str
) -> Done:
    stage = mask_switch.stage_of(writing, schema)
    with stage.alone():
        return _staged(job, connection, tables, stage, schema)


def _staged(
    job: Job,
    connection: Connection,
    tables: Sequence[Table],
    stage: mask_switch.Stage,
    schema: str,
) -> Done:
    plans = plans_of(job, connection, tables)
    made = MetaData()
    copies = [
        copy_of(table, one, made, stage.schema) for table, one in zip(tables, plans, strict=True)
    ]
    mark = fingerprint(connection, tables, job, copies, plans)
    finished = stage.begin(mark)
    seen = Seen(sum(_rows(connection, table) for table in tables) * 2)
    told = []
    for table, one, copy in zip(tables, plans, copies, strict=True):
        done = finished.get(table.name)
        if done is None:
            done = _table(job, connection, table, one, copy, stage, seen)
            stage.finish(table.name, done)
        else:
            _looked(connection, table, one, lambda column, step: seen.add(column, step.kind))
        told.append({"table": table.name, "columns": one.told(), **done})
    scan, digest = _scanned(job, connection, tables, plans, copies, stage, seen)
    body = {
        "policy": {"id": job.policy.id, "digest": job.digest, "purpose": job.policy.purpose},
        "key": job.keys.id,
        "source": {"family": connection.dialect.name, "fingerprint": mark},
        "result": {"family": connection.dialect.name, "schema": schema, "sha256": digest},
        "tables": told,
        "residual": scan.found.told(),
        "holds": scan.found.clean,
    }
    if scan.found.clean:
        stage.held()
        stage.publish(copies)
    else:
        stage.drop()
    return Done(body=body, published=scan.found.clean)


def _table(
    job: Job,
    connection: Connection,
    table: Table,
    plan: TablePlan,
    copy: Table,
    stage: mask_switch.Stage,
    seen: Seen,
) -> dict[str, Any]:
    """One table, from the source into the stage."""
    worker = job.worker(plan)
    how = mask_copy.hows(table, plan.steps) if _copies(connection) else None
    writer = stage.writer(copy, [one is How.RAW for one in how] if how else ())

    def take(batch: list[list[Any]]) -> None:
        for step, column in zip(plan.steps, batch, strict=True):
            if step.direct:
                seen.add(column, step.kind)
        writer.write(worker.columns(batch))
        job.tell(table.name, worker.rows)

    try:
        pour(connection, table, take, how)
    except BaseException:
        writer.abort()
        raise
    writer.close()
    return {"rows": worker.rows, "troubles": worker.troubles()}


def _copies(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def _looked(
    connection: Connection, table: Table, plan: TablePlan, see: Callable[[list[Any], Step], None]
) -> None:
    """The columns of a source table that no value may be left of, looked at once more."""
    if not any(step.direct for step in plan.steps):
        return

    def take(batch: list[list[Any]]) -> None:
        for step, column in zip(plan.steps, batch, strict=True):
            if step.direct:
                see(column, step)

    pour(
        connection, table, take, mask_copy.hows(table, plan.steps) if _copies(connection) else None
    )


def _rows(connection: Connection, table: Table) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def _scanned(
    job: Job,
    connection: Connection,
    tables: Sequence[Table],
    plans: Sequence[TablePlan],
    copies: Sequence[Table],
    stage: mask_switch.Stage,
    seen: Seen,
) -> tuple[Scan, str]:
    """The residual scan of the staged tables, and the digest of what was read there."""
    scan, digest = Scan(job.finder, seen), hashlib.sha256()
    with stage.reading() as result:
        for one, copy in zip(plans, copies, strict=True):
            names = tuple(column.name for column in copy.columns)
            digest.update(json.dumps([one.name, names]).encode())
            how = mask_copy.shown(one.steps) if _copies(result) else None
            look = partial(scan_batch, scan, one, names)
            pour(result, copy, look, how, digest)
    if scan.candidates:
        for table, one in zip(tables, plans, strict=True):
            _looked(connection, table, one, lambda column, step: scan.settle(column, step.kind))
    return scan, digest.hexdigest()
