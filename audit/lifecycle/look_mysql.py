"""Rights and encryption as MySQL's and MariaDB's catalogues tell them. A door: names only.

An account sees only its own rights unless it may read the database `mysql`; then, and only then,
the rights of all are known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import text

from audit.lifecycle.databases import Database
from audit.lifecycle.grants import WORDS, Catalogue, Granted, effective
from audit.lifecycle.reality import PUBLIC, Rights, SeenTable
from rules.model import Text

DENIED = Text(
    zh="账号看不到他人的权限：授予 SELECT ON mysql.* 后再查",
    en="the account can not see the rights of others: it needs SELECT ON mysql.*",
)
_SYSTEM = frozenset({"mariadb.sys", "mysql.sys", "mysql.session", "mysql.infoschema"})
_ALL = ("SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "ALTER", "SUPER", "FILE")
_GLOBAL = text("SELECT grantee, privilege_type FROM information_schema.user_privileges")
_SCHEMA = text(
    "SELECT grantee, table_schema, privilege_type, is_grantable "
    "FROM information_schema.schema_privileges"
)
_TABLE = text(
    "SELECT grantee, table_schema, table_name, privilege_type, is_grantable "
    "FROM information_schema.table_privileges"
)
_COLUMN = text(
    "SELECT grantee, table_schema, table_name, column_name, privilege_type, is_grantable "
    "FROM information_schema.column_privileges"
)
_ACCOUNTS = text("SELECT user, host, plugin FROM mysql.user")
_MARIADB_ROLES = text("SELECT user FROM mysql.user WHERE is_role = 'Y'")
_MARIADB_MEMBERS = text("SELECT role, user, host FROM mysql.roles_mapping")
_MYSQL_MEMBERS = text("SELECT from_user, from_host, to_user, to_host FROM mysql.role_edges")
_OPTIONS = text(
    "SELECT table_name, create_options FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
)
_SPACES = text(
    "SELECT name, encryption_scheme FROM information_schema.innodb_tablespaces_encryption"
)
_DEFAULT = text("SELECT @@innodb_encrypt_tables")
_SAYS_YES = re.compile(r"encrypt(?:ed|ion)[`\"']?\s*=\s*[`\"']?(?:yes|y)\b", re.IGNORECASE)
_GRANTEE = re.compile(r"'((?:[^']|'')*)'(?:@'((?:[^']|'')*)')?")


def rights(database: Database, tables: Iterable[SeenTable]) -> Rights | Text:
    """Who can do what, or why it could not be read."""
    accounts = database.ask(_ACCOUNTS)
    asked = [database.ask(one) for one in (_GLOBAL, _SCHEMA, _TABLE, _COLUMN)]
    if isinstance(accounts, Text) or any(isinstance(one, Text) for one in asked):
        return DENIED
    roles = {str(row[0]) for row in _or_nothing(database.ask(_MARIADB_ROLES))}
    names = [(one.schema, one.name) for one in tables]
    everywhere, schemas, whole, columns = (
        [(_role(row[0], roles), *row[1:]) for row in _or_nothing(one)] for one in asked
    )
    granted = [
        *_in_schemas(schemas, names),
        *(Granted(role=r, word=w, schema=s, table=t, grantable=g == "YES")
          for r, s, t, w, g in whole),
        *(Granted(role=r, word=w, schema=s, table=t, column=c, grantable=g == "YES")
          for r, s, t, c, w, g in columns),
    ]  # fmt: skip
    logins = {account(user, host) for user, host, _ in accounts if str(user) not in roles}
    return effective(
        Catalogue(
            logins=frozenset(logins - {one for one in logins if one.rpartition("@")[0] in _SYSTEM}),
            members=_members(database, roles),
            granted=[one for one in granted if one.role.rpartition("@")[0] not in _SYSTEM],
            mighty=_mighty(everywhere),
        )
    )


def account(user: Any, host: Any) -> str:
    """`user@host`; a role has no host."""
    return f"{user}@{host}" if host else str(user)


def _role(grantee: Any, roles: set[str]) -> str:
    found = _GRANTEE.fullmatch(str(grantee))
    if found is None:
        return PUBLIC if str(grantee).strip("'") == PUBLIC else str(grantee)
    user, host = (part.replace("''", "'") if part else "" for part in found.groups())
    if user == PUBLIC and not host:
        return PUBLIC
    return user if user in roles and host in ("", "%") else account(user, host)


def _or_nothing(found: list[tuple[Any, ...]] | Text) -> list[tuple[Any, ...]]:
    return [] if isinstance(found, Text) else found


def _in_schemas(
    rows: Iterable[tuple[Any, ...]], tables: list[tuple[str, str]]
) -> Iterator[Granted]:
    """Rights on a whole database, whose name may be a pattern (`%`, `_`)."""
    for role, pattern, word, grantable in rows:
        wanted = _like(str(pattern))
        for schema, table in tables:
            if word.upper() in WORDS and wanted.fullmatch(schema):
                yield Granted(
                    role=role, word=word, schema=schema, table=table, grantable=grantable == "YES"
                )


def _like(pattern: str) -> re.Pattern[str]:
    pieces = re.split(r"(\\.|%|_)", pattern)
    known = {"%": ".*", "_": "."}
    return re.compile(
        "".join(
            known.get(one) or re.escape(one[1:] if one.startswith("\\") else one) for one in pieces
        ),
        re.DOTALL,
    )


def _mighty(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for role, word in rows:
        if word.upper() in _ALL:
            found.setdefault(role, set()).add(word.upper())
    return {role: f"{', '.join(sorted(words))} ON *.*" for role, words in found.items()}


def _members(database: Database, roles: set[str]) -> list[tuple[str, str]]:
    """(role, member) of either make."""
    found = database.ask(_MARIADB_MEMBERS)
    if not isinstance(found, Text):
        return [
            (str(role), str(user) if str(user) in roles and not host else account(user, host))
            for role, user, host in found
        ]
    edges = _or_nothing(database.ask(_MYSQL_MEMBERS))
    return [(account(a, b), account(c, d)) for a, b, c, d in edges]


def sealed(database: Database) -> dict[tuple[str, str], bool]:
    """Which tables InnoDB encrypts, by name of database and table."""
    options = database.ask(_OPTIONS)
    current = _or_nothing(database.ask(text("SELECT DATABASE()")))
    if isinstance(options, Text) or not current:
        return {}
    schema = str(current[0][0])
    spaces = database.ask(_SPACES)
    if not isinstance(spaces, Text) and spaces:
        scheme = {str(name): bool(value) for name, value in spaces}
        return {
            (schema, table): scheme[f"{schema}/{table}"]
            for table, _ in options
            if f"{schema}/{table}" in scheme
        }
    default = _or_nothing(database.ask(_DEFAULT))
    on = str(default[0][0]).upper() not in ("OFF", "0") if default else False
    told: dict[tuple[str, str], bool] = {}
    for table, said in options:
        if _SAYS_YES.search(str(said or "")):
            told[schema, str(table)] = True
        elif not on:
            told[schema, str(table)] = False
    return told
