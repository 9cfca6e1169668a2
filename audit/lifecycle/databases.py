"""A database as a Source: opened read-only, listed from its catalogue, sampled without sorting.

Every session is read-only, with limits on the time of a statement and of a wait for a lock.
Messages of a driver may quote values, so an error is told by its code alone; statements are
logged without parameters. How each dialect counts and samples stands in `dialects.py`.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Executable, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.engine.interfaces import ReflectedColumn
from sqlalchemy.engine.reflection import Inspector, ObjectKind
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from audit.lifecycle.dialects import Dialect, dialect_of
from audit.lifecycle.discover import Found, Sample
from audit.lifecycle.model import Address, Linked
from rules.load import DataError, Problem, WorldError
from rules.model import Text

STATEMENT = 60  # seconds
LOCK = 5
DRIVERS = {
    "postgresql": "postgresql+pg8000",
    "postgres": "postgresql+pg8000",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
OWN = frozenset({"password-env", "replica"})
_SYSTEM = frozenset({"information_schema", "pg_catalog", "mysql", "performance_schema", "sys"})
_CODES = {
    "42501": Text(zh="没有读取权限", en="no right to read"),
    "1142": Text(zh="没有读取权限", en="no right to read"),
    "1143": Text(zh="没有读取权限", en="no right to read"),
    "57014": Text(zh="超过查询时限", en="the statement took too long"),
    "1969": Text(zh="超过查询时限", en="the statement took too long"),
    "3024": Text(zh="超过查询时限", en="the statement took too long"),
    "55P03": Text(zh="等待锁超时", en="waited too long for a lock"),
    "1205": Text(zh="等待锁超时", en="waited too long for a lock"),
    "1356": Text(zh="视图已失效", en="the view is broken"),
}

logging.getLogger("sqlalchemy.pool").addHandler(logging.NullHandler())
# A cut connection is told by a sentence of ours; the pool would print the statement's traceback.


def parse(url: str, environment: Mapping[str, str] = os.environ) -> tuple[URL, tuple[str, ...]]:
    """(URL with its password from the environment, replicas to try first). Raises DataError."""

    def wrong(message: str, remedy: str) -> DataError:
        return DataError([Problem(file="URL", line=1, column=1, message=message, remedy=remedy)])

    try:
        made = make_url(url)
    except (ArgumentError, ValueError):
        raise wrong(
            "数据库地址无法解析 not a database URL", "postgresql://user@host/db?password-env=NAME"
        ) from None
    if made.password is not None:
        raise wrong(
            "地址中不得写密码 the URL holds a password",
            "name an environment variable: ?password-env=NAME",
        )
    query = dict(made.query)
    name, replicas = query.get("password-env"), query.get("replica", ())
    if isinstance(name, str):
        if name not in environment:
            raise wrong(f"环境变量未设置 the environment has no {name}", f"export {name}=…")
        made = made.set(password=environment[name])
    made = made.difference_update_query(OWN)
    if made.drivername in DRIVERS:
        made = made.set(drivername=DRIVERS[made.drivername])
    return made, (replicas,) if isinstance(replicas, str) else tuple(replicas)


def identity(url: URL) -> str:
    """What a source is called: never with a password or a user."""
    name = url.database or ""
    if url.get_backend_name() == "sqlite":
        return f"sqlite:{name.removeprefix('file:').rpartition('/')[2].partition('?')[0]}"
    return f"{url.get_backend_name()}://{url.host or 'localhost'}{f':{url.port}' if url.port else ''}/{name}"  # noqa: E501


class Database:
    """One database. Use it as a context manager; it is only ever read."""

    def __init__(
        self,
        url: URL,
        replicas: tuple[str, ...] = (),
        *,
        schemas: tuple[str, ...] = (),
        statement: int = STATEMENT,
        lock: int = LOCK,
    ) -> None:
        self.id = identity(url)
        self.kind = url.get_backend_name()
        self.remarks: list[Text] = []
        self._schemas = schemas
        self._asking: Connection | None = None
        self._dialect: Dialect = dialect_of(url.get_backend_name())
        self._engine = self._open(url, replicas, statement, lock)

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *_: object) -> None:
        self._unasked()
        self._engine.dispose()

    def _open(self, url: URL, replicas: tuple[str, ...], statement: int, lock: int) -> Engine:
        for replica in replicas:
            host, _, port = replica.partition(":")
            other = url.difference_update_query(("unix_sock", "unix_socket"))
            other = other.set(host=host, port=int(port) if port.isdecimal() else url.port)
            try:
                return self._engine_of(other, statement, lock)
            except WorldError:
                self.remarks.append(
                    Text(
                        zh=f"从库 {replica} 不可用，改读下一个",
                        en=f"replica {replica} is not reachable; the next one is read",
                    )
                )
        return self._engine_of(url, statement, lock)

    def _engine_of(self, url: URL, statement: int, lock: int) -> Engine:
        try:
            engine = create_engine(
                self._dialect.readonly(url),
                hide_parameters=True,
                poolclass=NullPool,
                echo=False,
                connect_args=self._dialect.connect_args(),
            )
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            raise WorldError(
                f"缺少驱动 no driver for {url.drivername}: {type(error).__name__}"
            ) from None
        orders = self._dialect.session(statement, lock)

        @event.listens_for(engine, "connect")
        def _guard(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            for order, needed in orders:
                try:
                    cursor.execute(order)
                except Exception:  # a server of another make: only what guards the data is a must
                    if needed:
                        raise
            connection.commit()
            cursor.close()

        try:
            with engine.connect() as connection:
                if self._dialect.may_write(connection):
                    self.remarks.append(
                        Text(
                            zh="账号可以写入；请改用只读账号",
                            en="the account may write; use one that can only read",
                        )
                    )
        except SQLAlchemyError as error:
            raise WorldError(
                f"{identity(url)} 无法连接 can not be reached ({code(error)})"
            ) from None
        except Exception as error:  # drivers raise their own at connecting
            raise WorldError(
                f"{identity(url)} 无法连接 can not be reached ({type(error).__name__})"
            ) from None
        return engine

    def tables(self) -> Iterator[Found]:
        """Every table and view, with what the catalogue knows of its size."""
        try:
            with self._engine.connect() as connection:
                inspector = inspect(connection)
                for schema in self._chosen(inspector):
                    yield from self._of_schema(connection, inspector, schema)
        except SQLAlchemyError as error:
            raise WorldError(
                f"{self.id} 目录读取失败 catalogue unreadable ({code(error)})"
            ) from None

    def _chosen(self, inspector: Inspector) -> list[str | None]:
        if self._schemas:
            return list(self._schemas)
        if self._dialect.single_schema:
            return [inspector.default_schema_name]
        return [
            one
            for one in inspector.get_schema_names()
            if one not in _SYSTEM and not one.startswith("pg_")
        ]

    def _of_schema(
        self, connection: Connection, inspector: Inspector, schema: str | None
    ) -> Iterator[Found]:
        columns, broken = _columns(inspector, schema)
        keys = inspector.get_multi_pk_constraint(schema=schema)
        foreign = inspector.get_multi_foreign_keys(schema=schema)
        sizes = self._dialect.sizes(connection, schema)
        views = {*inspector.get_view_names(schema=schema)}
        name_of = schema or ""
        for name in sorted(broken):
            yield Found(source=self.id, schema=name_of, name=name, columns=(), problem=broken[name])
        for place in sorted(columns, key=lambda one: one[1]):
            name = place[1]
            known = sizes.get(name)
            if known is not None and known.partition:
                continue  # read through its parent
            here = {"source": self.id, "schema": name_of, "table": name}
            links = tuple(
                Linked(
                    column=Address(**here, column=own),
                    other=Address(
                        source=self.id,
                        schema=link["referred_schema"] or name_of,
                        table=link["referred_table"],
                        column=other,
                    ),
                )
                for link in foreign.get(place, ())
                for own, other in zip(
                    link["constrained_columns"], link["referred_columns"], strict=True
                )
            )
            yield Found(
                source=self.id,
                schema=name_of,
                name=name,
                columns=tuple((one["name"], _type(one["type"])) for one in columns[place]),
                rows=known.rows if known else None,
                size=known.mark if known else "",
                kind="view" if name in views else known.form if known else "table",
                key=tuple(keys[place]["constrained_columns"]) if keys.get(place) else (),
                links=links,
            )

    def sample(self, table: Found, size: int, seed: int) -> Sample:
        """Rows of a table in one read-only transaction that is rolled back."""
        try:
            with self._engine.connect() as connection:
                try:
                    return self._dialect.sample(connection, table, size, seed)
                finally:
                    connection.rollback()
        except SQLAlchemyError as error:
            return Sample(problem=trouble(error))
        except Exception as error:  # a driver that stumbles over a value must not quote it
            name = type(error).__name__
            return Sample(problem=Text(zh=f"读取失败（{name}）", en=f"could not be read ({name})"))

    def query(self, order: str) -> Iterator[tuple[Any, ...]]:
        """Rows of a statement of our own, streamed."""
        try:
            with self._engine.connect() as connection:
                found = connection.execution_options(stream_results=True, yield_per=5000)
                for row in found.execute(text(order)):
                    yield tuple(row)
        except SQLAlchemyError as error:
            raise WorldError(f"{self.id} 读取失败 could not be read ({code(error)})") from None

    def ask(self, order: Executable) -> list[tuple[Any, ...]] | Text:
        """Rows of a statement of our own in a transaction that is rolled back, or why not.

        One connection serves all of them; after an error the next has a new one.
        """
        try:
            if self._asking is None:
                self._asking = self._engine.connect()
            found = [tuple(row) for row in self._asking.execute(order)]
            self._asking.rollback()
        except SQLAlchemyError as error:
            self._unasked()
            return trouble(error)
        except Exception as error:  # a driver that stumbles over a value must not quote it
            self._unasked()
            name = type(error).__name__
            return Text(zh=f"读取失败（{name}）", en=f"could not be read ({name})")
        return found

    def _unasked(self) -> None:
        asking, self._asking = self._asking, None
        if asking is not None:
            with contextlib.suppress(Exception):  # it may be gone already
                asking.close()

    def quoted(self, *names: str) -> str:
        """Names as this database writes them."""
        quote = self._engine.dialect.identifier_preparer.quote_identifier
        return ".".join(quote(name) for name in names if name)


def _columns(
    inspector: Inspector, schema: str | None
) -> tuple[dict[tuple[str | None, str], list[ReflectedColumn]], dict[str, Text]]:
    """Columns of every table and view; one that is broken does not hide the others."""
    try:
        return {**inspector.get_multi_columns(schema=schema, kind=ObjectKind.ANY)}, {}
    except SQLAlchemyError:
        inspector.clear_cache()
    found: dict[tuple[str | None, str], list[ReflectedColumn]] = {}
    broken: dict[str, Text] = {}
    for name in (*inspector.get_table_names(schema), *inspector.get_view_names(schema)):
        try:
            found[schema, name] = inspector.get_columns(name, schema)
        except SQLAlchemyError as error:
            broken[name] = trouble(error)
    return found, broken


def _type(found: Any) -> str:
    try:
        return str(found)[:60]
    except Exception:  # a type without a spelling of its own
        return type(found).__name__


def code(error: BaseException) -> str:
    """The code of a driver's error: SQLSTATE or a number, else the name of its class."""
    origin = getattr(error, "orig", None) or error
    given = getattr(origin, "sqlstate", None) or (origin.args[0] if origin.args else "")
    if isinstance(given, dict):
        given = given.get("C", "")
    short = str(given)
    return short if len(short) <= 6 and short.isalnum() else type(origin).__name__


def trouble(error: SQLAlchemyError) -> Text:
    """Why a table could not be read, without a word of what is in it."""
    short = code(error)
    known = _CODES.get(short)
    if known is not None:
        return Text(zh=f"{known.zh}（{short}）", en=f"{known.en} ({short})")
    return Text(zh=f"读取失败（{short}）", en=f"could not be read ({short})")
