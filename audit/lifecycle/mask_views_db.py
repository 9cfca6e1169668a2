"""Masked views made in a database, and proof that their role has no other way in. A door.

First everything the role may do with the tables is taken from it, then the views are made,
then it is asked of the catalogue what the role can still reach: a way that is left is a
DataError, and PostgreSQL has then changed nothing; MariaDB, which cannot undo its statements,
is left without views and without the grants. Ways that cannot be judged are told as unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, bindparam, inspect, text

from audit.lifecycle.mask_db import Place, engine_of, plans_of, reflected, sentences
from audit.lifecycle.mask_job import Job
from audit.lifecycle.mask_views import MARK, Keyed, Pairs, Speech, Views, views_of
from rules.load import DataError, Problem

BATCH = 5_000
LONGEST = 250  # characters of a value that has its pair


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was planned or made: the statements, and what could not be looked at."""

    views: Views
    before: tuple[str, ...]  # what is taken from the role
    unknown: tuple[str, ...] = ()
    pairs: int = 0


def _wrong(messages: Sequence[str], remedy: str) -> DataError:
    return DataError(
        Problem(file="--role", line=1, column=1, message=one, remedy=remedy) for one in messages
    )


def make_views(
    job: Job,
    place: Place,
    *,
    schema: str,
    role: str,
    keyed: Keyed,
    tables: Sequence[str] = (),
    apply: bool = False,
) -> Made:
    """Plan the views, and make them where told to. Raises DataError, WorldError."""
    engine = engine_of(place, write=apply)
    with sentences(), engine.connect() as connection:
        found = reflected(connection, place.schema, tables)
        postgres = engine.dialect.name == "postgresql"
        base = place.schema or ("public" if postgres else str(engine.url.database or ""))
        if schema == base:
            raise _wrong(["视图要另一个模式 the views want a schema of their own"], "--schema NAME")

        views = views_of(
            found, plans_of(job, connection, found), engine.dialect, base=base, schema=schema,
            role=role, keyed=keyed, domain=job.context,
        )  # fmt: skip
        speech = Speech(engine.dialect)
        owner = _Postgres(connection, speech, views, base, found) if postgres else (
            _Mysql(connection, speech, views, base, found))  # fmt: skip
        owner.known()
        before = tuple(owner.taken())
        if not apply:
            return Made(views=views, before=before)
        owner.free()
        try:
            owner.begin(before)
            count = sum(_fill(job, connection, speech, views, base, one) for one in views.pairs)
            owner.show()
            left = list(owner.left())
            if left:
                raise _wrong(left, "take it from the role, then run it again")
        except BaseException:
            owner.undo()
            raise
        connection.commit()
        return Made(views=views, before=before, unknown=tuple(owner.unknown()), pairs=count)


def _fill(
    job: Job, connection: Connection, speech: Speech, views: Views, base: str, pairs: Pairs
) -> int:
    """The pairs of some columns: what the database writes a value as, and its mask."""
    place = speech.name(views.schema, pairs.name)
    kind = "pg_catalog.text" if speech.postgres else f"VARCHAR({LONGEST}) COLLATE utf8mb4_bin"
    key = "original" if speech.postgres else f"original({LONGEST})"
    masked = "pg_catalog.text" if speech.postgres else "VARCHAR(255) COLLATE utf8mb4_bin"
    connection.exec_driver_sql(
        f"CREATE TABLE {place} (original {kind} NOT NULL, masked {masked} NOT NULL,"
        f" PRIMARY KEY ({key}))"
    )
    head = "INSERT INTO" if speech.postgres else "INSERT IGNORE INTO"
    tail = " ON CONFLICT DO NOTHING" if speech.postgres else ""
    count = 0
    for table, step in pairs.columns:
        own, masker = speech.name(step.field.name), job.masker(table, step)
        rows = connection.execution_options(stream_results=False).exec_driver_sql(
            f"SELECT DISTINCT {own}, {speech.text(own)} FROM {speech.name(base, table)}"  # noqa: S608
            f" WHERE {own} IS NOT NULL AND char_length({speech.text(own)}) <= {LONGEST}"
        )
        for part in rows.partitions(BATCH):
            found = masker.many([row[0] for row in part])
            told = [
                {"o": row[1], "m": str(one)}
                for row, one in zip(part, found, strict=True)
                if one is not None
            ]
            if told:
                count += len(told)
                connection.execute(
                    text(f"{head} {place} (original, masked) VALUES (:o, :m){tail}"),
                    told,
                )
    return count


class _Owner:
    """Who takes, makes, grants and looks, in one family."""

    def __init__(
        self,
        connection: Connection,
        speech: Speech,
        views: Views,
        base: str,
        tables: Sequence[Table],
    ) -> None:
        self.connection, self.speech, self.views, self.base = connection, speech, views, base
        self.names = [table.name for table in tables]

    def ask(self, statement: str, **told: Any) -> list[tuple[Any, ...]]:
        made = text(statement)
        for name, value in told.items():
            if isinstance(value, list):
                made = made.bindparams(bindparam(name, expanding=True))
        return [tuple(row) for row in self.connection.execute(made, told)]

    def run(self, statement: str) -> None:
        self.connection.exec_driver_sql(statement)

    def free(self) -> None:
        """The schema of the views holds nothing but views of ours. Raises DataError."""
        look = inspect(self.connection)
        if self.views.schema not in look.get_schema_names():
            return
        names = look.get_table_names(schema=self.views.schema)
        names += look.get_view_names(schema=self.views.schema)
        if names and MARK not in names:
            raise DataError(
                [Problem(file="--schema", line=1, column=1, remedy="name a new schema",
                         message="模式里有别的东西 the schema holds something else")]
            )  # fmt: skip

    @property
    def secret(self) -> list[str]:
        """Tables of the views' schema that nobody may read."""
        return [MARK, *(one.name for one in self.views.pairs)]


class _Postgres(_Owner):
    """Everything within one transaction."""

    def known(self) -> None:
        if not self.ask("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = :r", r=self.views.role):
            raise _wrong(["没有这个角色 there is no such role"], "CREATE ROLE … LOGIN")

    def taken(self) -> Iterator[str]:
        role = self.speech.name(self.views.role)
        for name in self.names:  # grants on columns go with those on the table
            yield f"REVOKE ALL ON TABLE {self.speech.name(self.base, name)} FROM {role}, PUBLIC"

    def begin(self, before: Sequence[str]) -> None:
        schema = self.speech.name(self.views.schema)
        self.run("SET LOCAL lock_timeout = '5s'")
        self.run("SET LOCAL search_path = pg_catalog")
        for statement in before:
            self.run(statement)
        self.run(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        self.run(f"CREATE SCHEMA {schema}")
        self.run(f"REVOKE ALL ON SCHEMA {schema} FROM PUBLIC")
        self.run(f"CREATE TABLE {self.speech.name(self.views.schema, MARK)} (made INTEGER)")

    def show(self) -> None:
        schema, role = self.speech.name(self.views.schema), self.speech.name(self.views.role)
        for view in self.views.views:
            place = self.speech.name(self.views.schema, view.name)
            self.run(view.sql)
            self.run(f"REVOKE ALL ON TABLE {place} FROM {role}, PUBLIC")
            self.run(f"GRANT SELECT ON TABLE {place} TO {role}")
        for name in self.secret:
            place = self.speech.name(self.views.schema, name)
            self.run(f"REVOKE ALL ON TABLE {place} FROM {role}, PUBLIC")
        self.run(f"GRANT USAGE ON SCHEMA {schema} TO {role}")

    def left(self) -> Iterator[str]:
        """Ways of the role to what is below, through roles it is in as well."""
        role = self.views.role
        powers = self.ask(
            "SELECT rolname, rolsuper, rolcreaterole, rolreplication, rolbypassrls"
            " FROM pg_catalog.pg_roles WHERE pg_catalog.pg_has_role(:r, oid, 'MEMBER')", r=role
        )  # fmt: skip
        for name, *flags in powers:
            strong = name in (
                "pg_read_all_data", "pg_read_server_files", "pg_execute_server_program",
                "pg_write_server_files", "pg_write_all_data",
            )  # fmt: skip
            if any(flags) or strong:
                yield f"角色有越权能力 the role has powers beyond grants: {name}"
        every = [(self.base, name) for name in self.names]
        every += [(self.views.schema, name) for name in self.secret]
        for schema, name in every:
            place = self.speech.name(schema, name)
            (held,) = self.ask(
                "SELECT pg_catalog.has_any_column_privilege(:r, :p, 'SELECT,INSERT,UPDATE,"
                "REFERENCES') OR pg_catalog.has_table_privilege(:r, :p, 'DELETE,TRUNCATE,TRIGGER')"
                " OR pg_catalog.pg_has_role(:r, (SELECT relowner FROM pg_catalog.pg_class"
                " WHERE oid = CAST(:p AS pg_catalog.regclass)), 'MEMBER')", r=role, p=place
            )  # fmt: skip
            if held[0]:
                yield f"角色仍可触及 the role still reaches: {schema}.{name}"
        others = self.ask(
            "WITH RECURSIVE over (view) AS ("
            " SELECT w.ev_class FROM pg_catalog.pg_depend d"
            " JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid AND"
            " d.classid = CAST('pg_catalog.pg_rewrite' AS pg_catalog.regclass)"
            " JOIN pg_catalog.pg_class b ON b.oid = d.refobjid"
            " JOIN pg_catalog.pg_namespace n ON n.oid = b.relnamespace"
            " WHERE n.nspname = :base AND b.relname IN :names AND w.ev_class <> b.oid"
            " UNION SELECT w.ev_class FROM over"
            " JOIN pg_catalog.pg_depend d ON d.refobjid = over.view"
            " JOIN pg_catalog.pg_rewrite w ON w.oid = d.objid AND w.ev_class <> over.view)"
            " SELECT n.nspname, c.relname FROM over"
            " JOIN pg_catalog.pg_class c ON c.oid = over.view"
            " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname <> :own"
            " AND pg_catalog.has_any_column_privilege(:r, c.oid, 'SELECT')",
            base=self.base, names=self.names, own=self.views.schema, r=role,
        )  # fmt: skip
        for schema, name in others:
            yield f"别的视图给出原值 another view shows the tables: {schema}.{name}"

    def unknown(self) -> Iterator[str]:
        """Functions with their maker's rights: what they read cannot be seen."""
        for schema, name in self.ask(
            "SELECT n.nspname, p.proname FROM pg_catalog.pg_proc p"
            " JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace WHERE p.prosecdef"
            " AND pg_catalog.has_function_privilege(:r, p.oid, 'EXECUTE')", r=self.views.role
        ):  # fmt: skip
            yield f"SECURITY DEFINER {schema}.{name}"

    def undo(self) -> None:
        self.connection.rollback()


class _Mysql(_Owner):
    """MariaDB and MySQL: an account `name` or `name@host`, or a role."""

    @property
    def account(self) -> str:
        name, at, host = self.views.role.rpartition("@")
        if not at:
            name, host = self.views.role, "%"
        for part in (name, host):
            if set("'\\`\"\x00\n") & set(part):
                raise _wrong(["账号名不可用 not a name of an account"], "name@host")
        return f"'{name}'@'{host}'"

    def _grantees(self) -> list[str]:
        """The account, and the roles it was given, whether used by default or not."""
        found, todo = [], [self.account]
        while todo:
            one = todo.pop()
            if one in found:
                continue
            found.append(one)
            name, _, host = one.rpartition("@")
            rows = self.ask(
                "SELECT Role FROM mysql.roles_mapping WHERE User = :u AND Host = :h",
                u=name.strip("'"), h=host.strip("'"),
            )  # fmt: skip
            todo += [f"'{row[0]}'@''" for row in rows]
        return [*found, *(one.removesuffix("@''") for one in found if one.endswith("@''"))]

    def known(self) -> None:
        name, _, host = self.account.rpartition("@")
        if not self.ask("SELECT 1 FROM mysql.user WHERE User = :u AND Host = :h",
                        u=name.strip("'"), h=host.strip("'")):  # fmt: skip
            raise _wrong(["没有这个账号 there is no such account"], "CREATE USER …")

    def _held(self) -> Iterator[tuple[str, str, str, str]]:
        """(account, privilege, table, column) on the tables; empty: on all of the database."""
        who = [*self._grantees(), "PUBLIC", "'PUBLIC'@''"]
        for grantee, privilege in self.ask(
            "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES"
            " WHERE GRANTEE IN :w AND :b LIKE TABLE_SCHEMA", w=who, b=self.base
        ):  # fmt: skip
            yield grantee, privilege, "", ""
        for grantee, privilege, table in self.ask(
            "SELECT GRANTEE, PRIVILEGE_TYPE, TABLE_NAME FROM information_schema.TABLE_PRIVILEGES"
            " WHERE GRANTEE IN :w AND TABLE_SCHEMA = :b AND TABLE_NAME IN :n",
            w=who, b=self.base, n=self.names,
        ):  # fmt: skip
            yield grantee, privilege, table, ""
        for grantee, privilege, table, column in self.ask(
            "SELECT GRANTEE, PRIVILEGE_TYPE, TABLE_NAME, COLUMN_NAME"
            " FROM information_schema.COLUMN_PRIVILEGES"
            " WHERE GRANTEE IN :w AND TABLE_SCHEMA = :b AND TABLE_NAME IN :n",
            w=who, b=self.base, n=self.names,
        ):  # fmt: skip
            yield grantee, privilege, table, column

    def taken(self) -> Iterator[str]:
        account = self.account
        for grantee, privilege, table, column in self._held():
            if grantee != account:
                continue  # another's grant: `left` refuses
            place = self.speech.name(self.base, table) if table else (
                f"{self.speech.name(self.base)}.*")  # fmt: skip
            what = f"{privilege} ({self.speech.name(column)})" if column else privilege
            yield f"REVOKE {what} ON {place} FROM {account}"

    def begin(self, before: Sequence[str]) -> None:
        schema = self.speech.name(self.views.schema)
        for statement in before:
            self.run(statement.replace("%", "%%"))
        self.run(f"DROP DATABASE IF EXISTS {schema}")
        self.run(f"CREATE DATABASE {schema} CHARACTER SET utf8mb4")
        self.run(f"CREATE TABLE {self.speech.name(self.views.schema, MARK)} (made INTEGER)")

    def show(self) -> None:
        account = self.account.replace("%", "%%")
        for view in self.views.views:
            self.run(view.sql)
        left = list(self.left())
        if left:
            raise _wrong(left, "take it from the account, then run it again")
        for view in self.views.views:
            place = self.speech.name(self.views.schema, view.name)
            self.run(f"GRANT SELECT ON {place} TO {account}")

    def left(self) -> Iterator[str]:
        """Ways to the tables below: of the account, its roles, and of everybody."""
        who = [*self._grantees(), "PUBLIC", "'PUBLIC'@''"]
        for grantee, privilege in self.ask(
            "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.USER_PRIVILEGES"
            " WHERE GRANTEE IN :w AND PRIVILEGE_TYPE <> 'USAGE'", w=who
        ):  # fmt: skip
            yield f"账号有全局权限 a global privilege: {grantee} {privilege}"
        for grantee, privilege, table, _ in self._held():
            yield f"账号仍可触及 still reaches: {grantee} {privilege} {self.base}.{table or '*'}"
        for grantee, privilege in self.ask(
            "SELECT GRANTEE, PRIVILEGE_TYPE FROM information_schema.SCHEMA_PRIVILEGES"
            " WHERE GRANTEE IN :w AND :b LIKE TABLE_SCHEMA", w=who, b=self.views.schema
        ):  # fmt: skip
            yield f"账号可读视图库的对照表 may read the pairs: {grantee} {privilege}"
        for schema, name in self.ask(
            "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS"
            " WHERE TABLE_SCHEMA <> :own AND VIEW_DEFINITION LIKE :like",
            own=self.views.schema, like=f"%`{self.base}`.%",
        ):  # fmt: skip
            if self._reads(schema, name, who):
                yield f"别的视图给出原值 another view shows the tables: {schema}.{name}"

    def _reads(self, schema: str, name: str, who: list[str]) -> bool:
        return bool(
            self.ask(
                "SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES"
                " WHERE GRANTEE IN :w AND :s LIKE TABLE_SCHEMA UNION"
                " SELECT 1 FROM information_schema.TABLE_PRIVILEGES"
                " WHERE GRANTEE IN :w AND TABLE_SCHEMA = :s AND TABLE_NAME = :n UNION"
                " SELECT 1 FROM information_schema.COLUMN_PRIVILEGES"
                " WHERE GRANTEE IN :w AND TABLE_SCHEMA = :s AND TABLE_NAME = :n",
                w=who, s=schema, n=name,
            )
        )  # fmt: skip

    def unknown(self) -> Iterator[str]:
        """Routines with their maker's rights."""
        for schema, name in self.ask(
            "SELECT ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES"
            " WHERE SECURITY_TYPE = 'DEFINER' AND ROUTINE_SCHEMA NOT IN ('sys', 'mysql')"
        ):
            yield f"SQL SECURITY DEFINER {schema}.{name}"

    def undo(self) -> None:
        self.connection.rollback()
        self.run(f"DROP DATABASE IF EXISTS {self.speech.name(self.views.schema)}")
        self.connection.commit()
